/** The partition table and its backup. */
import {
  backupSectors,
  decodeTable,
  encodeTable,
  type Partition,
  type PartitionTable,
} from '../formats/gpt/gpt.ts';
import { sectorSize } from '../formats/gpt/layout.ts';
import { type ImageFile, readPrimary, readSectors } from '../inspect/image-file.ts';
import { type CheckResult, failed, fetchAgain, passed } from './result.ts';

export interface CheckedTable {
  readonly result: CheckResult;
  /** From the backup when the primary is damaged; null when both are. */
  readonly table: PartitionTable | null;
}

const name = 'partition table';

/** Both tables are read, and then compared with what we would write: every byte of them is checked. */
export async function checkTable(image: ImageFile): Promise<CheckedTable> {
  const primary = await readPrimary(image);
  const backup = await readSectors(image, -backupSectors, backupSectors);
  const first = decode(primary);
  const last = decode(asPrimary(backup));
  const table = typeof first === 'string' ? (typeof last === 'string' ? null : last) : first;
  if (table === null) {
    return {
      table,
      result: failed(name, `both tables cannot be read: ${first}; the backup: ${last}`, fetchAgain),
    };
  }
  const needed = neededSectors(table.partitions);
  const mebibytes = (sectors: number): string => `${Math.floor((sectors * sectorSize) / 2 ** 20)} MiB`;
  if (image.sizeBytes < needed * sectorSize || image.sizeBytes % sectorSize !== 0) {
    const detail = `the image is cut off: it has ${image.sizeBytes} bytes, its partitions need ${mebibytes(needed)}`;
    return { table, result: failed(name, detail, fetchAgain) };
  }
  return { table, result: compare(table, image.sizeBytes / sectorSize, primary, backup, { first, last }) };
}

function compare(
  table: PartitionTable,
  diskSectors: number,
  primary: Buffer,
  backup: Buffer,
  decoded: { readonly first: PartitionTable | string; readonly last: PartitionTable | string },
): CheckResult {
  const expected = encodeTable(table, diskSectors);
  const problems = [
    ...(primary.equals(expected.primary) ? [] : [`the first is damaged${reason(decoded.first)}`]),
    ...(backup.equals(expected.backup) ? [] : [`the backup at the end is damaged${reason(decoded.last)}`]),
  ];
  if (problems.length > 0) return failed(name, problems.join('; '), fetchAgain);
  return passed(name, `${table.partitions.length} partitions, twice the same`);
}

function reason(decoded: PartitionTable | string): string {
  return typeof decoded === 'string' ? ` (${decoded})` : '';
}

/** The table, or why there is none. */
function decode(start: Uint8Array): PartitionTable | string {
  try {
    return decodeTable(start);
  } catch (error) {
    return (error as Error).message;
  }
}

/** The backup has the entries first and the header last. */
function asPrimary(backup: Buffer): Buffer {
  const header = backup.subarray(-sectorSize);
  return Buffer.concat([Buffer.alloc(sectorSize), header, backup.subarray(0, -sectorSize)]);
}

function neededSectors(partitions: readonly Partition[]): number {
  return Math.max(0, ...partitions.map(({ firstLba, sectors }) => firstLba + sectors)) + backupSectors;
}
