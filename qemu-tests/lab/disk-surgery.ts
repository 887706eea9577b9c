/** Looking at, and damaging, the disk of a machine that is off. */
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { decodeTable, type Partition, primarySectors } from '../../image/formats/gpt/gpt.ts';
import { sectorSize } from '../../image/formats/gpt/layout.ts';

/** Bytes of what the machine sees; offset and length are whole sectors. */
export function readDisk(diskFile: string, offset: number, length: number): Buffer {
  const output = `${diskFile}.part`;
  const [from, count] = [offset / sectorSize, length / sectorSize];
  try {
    // This tool counts from the start of the input also for what it skips.
    const words = [
      `bs=${sectorSize}`,
      `skip=${from}`,
      `count=${from + count}`,
      `if=${diskFile}`,
      `of=${output}`,
    ];
    execFileSync('qemu-img', ['dd', '-f', 'qcow2', '-O', 'raw', ...words]);
    return readFileSync(output).subarray(0, length);
  } finally {
    rmSync(output, { force: true });
  }
}

/** Overwrites a piece of the disk with zeros. */
export function wipeDisk(diskFile: string, offset: number, length: number): void {
  execFileSync('qemu-io', ['-f', 'qcow2', '-c', `write -z ${offset} ${length}`, diskFile], {
    stdio: 'ignore',
  });
}

export function growDisk(diskFile: string, sizeBytes: number): void {
  execFileSync('qemu-img', ['resize', '-q', '-f', 'qcow2', diskFile, String(sizeBytes)]);
}

export function findPartition(diskFile: string, name: string): Partition {
  const { partitions } = decodeTable(readDisk(diskFile, 0, primarySectors * sectorSize));
  const found = partitions.find((partition) => partition.name === name);
  if (found === undefined) throw new Error(`${diskFile} has no partition ${name}`);
  return found;
}

export function offsetOf(partition: Partition): number {
  return partition.firstLba * sectorSize;
}
