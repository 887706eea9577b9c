/** Where two disk images differ first: in which partition, in which file of it, at which byte. */
import { open, readFile, readlink } from 'node:fs/promises';
import path from 'node:path';
import { copyRange } from '../disk/copy-range.ts';
import type { PartitionTable } from '../formats/gpt/gpt.ts';
import { sectorSize } from '../formats/gpt/layout.ts';
import { readBootPartition } from '../inspect/boot-partition.ts';
import { listTree } from '../root/select.ts';
import { runTool, type Tools } from '../tools/tools.ts';

export interface ComparisonOptions {
  readonly first: string;
  readonly second: string;
  /** Of the first. */
  readonly table: PartitionTable;
  readonly tools: Tools;
  readonly workDirectory: string;
}

const pieceSize = 4 * 1024 * 1024;

/** One sentence. */
export async function describeDifference(options: ComparisonOptions): Promise<string> {
  const at = await firstDifference(options.first, options.second);
  if (at === null) return 'there is no difference';
  const place = options.table.partitions.find(({ firstLba, sectors }) => {
    return at >= firstLba * sectorSize && at < (firstLba + sectors) * sectorSize;
  });
  if (place === undefined) return `the first difference is at byte ${at}, outside of all partitions`;
  const found = `the first difference is at byte ${at}, in partition ${place.name} (byte ${at - place.firstLba * sectorSize} of it)`;
  const read = place.name === 'esp' ? readEsp : /^(root|verity)-a$/.test(place.name) ? readRoot : null;
  if (read === null) return found;
  const file = await findDifferentFile(options, read).catch((error: Error) => error.message.split('\n')[0]);
  return file === null ? `${found}; all files are the same` : `${found}; ${file}`;
}

/** The offset, or null when they are the same. */
export async function firstDifference(firstFile: string, secondFile: string): Promise<number | null> {
  await using first = await open(firstFile);
  await using second = await open(secondFile);
  const [a, b] = [Buffer.alloc(pieceSize), Buffer.alloc(pieceSize)];
  for (let at = 0; ; at += pieceSize) {
    const [{ bytesRead: inFirst }, { bytesRead: inSecond }] = await Promise.all([
      first.read(a, 0, pieceSize, at),
      second.read(b, 0, pieceSize, at),
    ]);
    const [left, right] = [a.subarray(0, inFirst), b.subarray(0, inSecond)];
    if (!left.equals(right)) return at + differingByte(left, right);
    if (inFirst < pieceSize) return null;
  }
}

/** The first byte in which they differ; where the shorter one ends when there is none. */
function differingByte(left: Uint8Array, right: Uint8Array): number {
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at += 1) if (left[at] !== right[at]) return at;
  return length;
}

type ReadTree = (options: ComparisonOptions, image: string, output: string) => Promise<void>;

const readEsp: ReadTree = async ({ table, tools }, image, output) => {
  const esp = table.partitions.find(({ name }) => name === 'esp')!;
  await readBootPartition(tools, image, esp.firstLba * sectorSize, output);
};

const readRoot: ReadTree = async ({ table, tools }, image, output) => {
  const root = table.partitions.find(({ name }) => name === 'root-a')!;
  await copyRange(image, root.firstLba * sectorSize, root.sectors * sectorSize, `${output}.part`);
  await runTool(tools, 'fsck.erofs', [`--extract=${output}`, '--no-preserve', `${output}.part`]);
};

/** Null when all files are the same. */
async function findDifferentFile(options: ComparisonOptions, read: ReadTree): Promise<string | null> {
  const trees = [
    path.join(options.workDirectory, 'first'),
    path.join(options.workDirectory, 'second'),
  ] as const;
  await read(options, options.first, trees[0]);
  await read(options, options.second, trees[1]);
  const names = [await listTree(trees[0]), await listTree(trees[1])] as const;
  for (const name of [...new Set(names.flat())].sort()) {
    if (!names[0].includes(name)) return `the file ${name} is only in the one that was built now`;
    if (!names[1].includes(name)) return `the file ${name} is not in the one that was built now`;
    const [left, right] = await Promise.all(trees.map((tree) => contentOf(path.join(tree, name))));
    if (!left!.equals(right!)) return `the file ${name} differs from byte ${differingByte(left!, right!)} on`;
  }
  return null;
}

/** Of a link, where it leads. */
async function contentOf(file: string): Promise<Buffer> {
  return readlink(file).then(
    (target) => Buffer.from(target),
    () => readFile(file),
  );
}
