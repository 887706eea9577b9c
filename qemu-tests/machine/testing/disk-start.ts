/** The start of an image's disk: a partition table that says what kind of image it is, and nothing behind it. */
import { architectureOf } from '../../../image/architecture.ts';
import { encodeTable } from '../../../image/formats/gpt/gpt.ts';
import { targetOf } from '../../../image/targets.ts';

const guid = '00112233-4455-8677-8899-aabbccddeeff';

/** Of `cloud` for x86_64, when nothing else is said. */
export function diskStart({
  bootType = targetOf('cloud').bootPartitionType,
  rootType = architectureOf('x86_64').rootPartitionType,
} = {}): Buffer {
  const partitions = [
    { name: 'esp', type: bootType, guid, firstLba: 2048, sectors: 8 },
    { name: 'root-a', type: rootType, guid, firstLba: 4096, sectors: 8 },
  ];
  return Buffer.from(encodeTable({ diskGuid: guid, partitions }, 8192).primary);
}
