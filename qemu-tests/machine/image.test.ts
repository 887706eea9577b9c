import { writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { encodeTable } from '../../image/formats/gpt/gpt.ts';
import { openImage } from './image.ts';

const disk = diskOf('c12a7328-f81f-11d2-ba4b-00a0c93ec93b', '4f68bce3-e8cd-4db1-96e7-fbcaf984b709');

/** The start of an image, with partitions of these types. */
function diskOf(bootType: string, rootType: string): Uint8Array {
  const guid = '00112233-4455-8677-8899-aabbccddeeff';
  const partitions = [
    { name: 'esp', type: bootType, guid, firstLba: 2048, sectors: 8 },
    { name: 'root-a', type: rootType, guid, firstLba: 4096, sectors: 8 },
  ];
  return encodeTable({ diskGuid: guid, partitions }, 8192).primary;
}

t.test('openImage takes kernel, initrd and command line from the report beside the disk', async (t) => {
  const files = { raw: 'a.raw', kernel: 'kernel', initrd: 'initrd', cmdline: 'cmdline' };
  const directory = t.testdir({ 'build.json': JSON.stringify({ files }), cmdline: 'quiet x=y\n' });
  writeFileSync(path.join(directory, 'a.raw'), disk);
  writeFileSync(path.join(directory, 'other.raw'), disk);
  t.match(openImage(path.join(directory, 'a.raw')), {
    sizeBytes: disk.length,
    architecture: 'x86_64',
    bootChain: 'systemd-boot',
    direct: { kernelFile: path.join(directory, 'kernel'), commandLine: 'quiet x=y' },
  });
  t.equal(openImage(path.join(directory, 'other.raw')).direct, null, 'the report is about another image');
});

t.test('openImage knows architecture and boot chain by the partitions', async (t) => {
  const directory = t.testdir();
  const file = path.join(directory, 'pi.raw');
  writeFileSync(file, diskOf('ebd0a0a2-b9e5-4433-87c0-68b6b72699c7', 'b921b045-1df0-41c3-af44-4c6f280d3fae'));
  t.match(openImage(file), { architecture: 'arm64', bootChain: 'u-boot' });
  writeFileSync(file, diskOf('ebd0a0a2-b9e5-4433-87c0-68b6b72699c7', 'ebd0a0a2-b9e5-4433-87c0-68b6b72699c7'));
  t.throws(() => openImage(file), { code: 'badImage', message: /is no image of Trivet/ });
});

t.test('openImage says what is wrong with what is no image', async (t) => {
  const directory = t.testdir({ 'text.raw': 'hello', 'a.raw.zst': 'x'.repeat(600), 'empty.raw': '' });
  const open = (name: string) => () => openImage(path.join(directory, name));
  t.throws(open('gone.raw'), { code: 'badImage', message: /There is no image .*trivet build makes one/ });
  t.throws(open('.'), { message: /is not a file/ });
  t.throws(open('text.raw'), { message: /no GPT partition table/ });
  t.throws(open('empty.raw'), { message: /no GPT partition table/ });
  t.throws(open('a.raw.zst'), { message: /It is the compressed image: name the \.raw/ });
});

t.test('openImage says when the report is damaged', async (t) => {
  const directory = t.testdir({ 'build.json': '{"files":' });
  writeFileSync(path.join(directory, 'a.raw'), disk);
  t.throws(() => openImage(path.join(directory, 'a.raw')), { message: /build\.json is damaged/ });
});
