/** Where two disk images differ first: in which partition, in which file of it, at which byte. */
import { mkdir, open, readFile, readlink } from 'node:fs/promises';
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

/**
 * Where one difference brings others about, the cause is looked at first: another root has another hash tree, another
 * kernel image, which demands its hash, and another partition table, which holds it.
 */
const causesFirst = ['root-a', 'esp', 'verity-a'];

/** One sentence. */
export async function describeDifference(options: ComparisonOptions): Promise<string> {
  const { first, second, table } = options;
  const rank = (name: string): number => causesFirst.indexOf(name) + 1 || causesFirst.length + 1;
  for (const partition of [...table.partitions].sort((a, b) => rank(a.name) - rank(b.name))) {
    const from = partition.firstLba * sectorSize;
    const at = await firstDifference(first, second, from, from + partition.sectors * sectorSize);
    if (at === null) continue;
    const found = `partition ${partition.name} differs from its byte ${at - from} on (byte ${at} of the disk)`;
    const file = await findDifferentFile(options, partition.name);
    return file === null ? found : `${found}; ${file}`;
  }
  const at = await firstDifference(first, second, 0, Number.POSITIVE_INFINITY);
  return at === null ? 'there is no difference' : `byte ${at} of the disk differs, outside of all partitions`;
}

/** The offset of the first difference in a range, or null when there is none. */
export async function firstDifference(
  firstFile: string,
  secondFile: string,
  from: number,
  to: number,
): Promise<number | null> {
  await using first = await open(firstFile);
  await using second = await open(secondFile);
  const [a, b] = [Buffer.alloc(pieceSize), Buffer.alloc(pieceSize)];
  for (let at = from; at < to; at += pieceSize) {
    const size = Math.min(pieceSize, to - at);
    const [{ bytesRead: inFirst }, { bytesRead: inSecond }] = await Promise.all([
      first.read(a, 0, size, at),
      second.read(b, 0, size, at),
    ]);
    const [left, right] = [a.subarray(0, inFirst), b.subarray(0, inSecond)];
    if (!left.equals(right)) return at + differingByte(left, right);
    if (inFirst < size) return null;
  }
  return null;
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

const readers: Readonly<Record<string, ReadTree>> = { esp: readEsp, 'root-a': readRoot };

/** Null when the partition has no files that we can read; the error of a program counts as an answer. */
async function findDifferentFile(options: ComparisonOptions, partition: string): Promise<string | null> {
  const read = readers[partition];
  if (read === undefined) return null;
  const trees = [
    path.join(options.workDirectory, 'first'),
    path.join(options.workDirectory, 'second'),
  ] as const;
  try {
    await mkdir(options.workDirectory, { recursive: true });
    await read(options, options.first, trees[0]);
    await read(options, options.second, trees[1]);
  } catch (error) {
    return (error as Error).message.split('\n', 1)[0] ?? null;
  }
  const names = [await listTree(trees[0]), await listTree(trees[1])] as const;
  for (const name of [...new Set(names.flat())].sort()) {
    if (!names[0].includes(name)) return `the file ${name} is only in the one that was built now`;
    if (!names[1].includes(name)) return `the file ${name} is not in the one that was built now`;
    const [left, right] = await Promise.all(trees.map((tree) => contentOf(path.join(tree, name))));
    if (!left!.equals(right!)) return `the file ${name} differs from byte ${differingByte(left!, right!)} on`;
  }
  return 'all its files are the same';
}

/** Of a link, where it leads. */
async function contentOf(file: string): Promise<Buffer> {
  return readlink(file).then(
    (target) => Buffer.from(target),
    () => readFile(file),
  );
}
