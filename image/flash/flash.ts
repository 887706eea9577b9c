/** An image onto a disk, top to bottom: look at its table, open the disk, write, read back. */
import { BuildError } from '../build-error.ts';
import type { BlockMap } from '../formats/bmap/bmap.ts';
import { type BootConfig, withBootConfig } from './boot-config.ts';
import { lengthByTable } from './check-image.ts';
import type { ImageSource, Piece } from './image-source.ts';
import { imageRanges, type Range, readImageTable, sizeOf, tableBytes, zeroRanges } from './ranges.ts';
import type { Target } from './target.ts';
import { compareTarget, writeImage } from './write-image.ts';

export type FlashPhase = 'writing' | 'reading back';

export interface FlashOptions {
  readonly source: ImageSource;
  readonly map: BlockMap | null;
  readonly config: BootConfig | null;
  /** For messages. */
  readonly targetPath: string;
  /** Called once the size of the image is known. */
  readonly openTarget: (imageBytes: number) => Promise<Target>;
  readonly signal: AbortSignal;
  readonly onProgress: (phase: FlashPhase, doneBytes: number, totalBytes: number) => void;
}

export interface FlashResult {
  readonly imageBytes: number;
  /** Sent to the device. */
  readonly writtenBytes: number;
  /** Read back and found equal. */
  readonly comparedBytes: number;
  /** Whether reading back went past this machine's cache. */
  readonly isReadFromMedium: boolean;
}

/** @throws BuildError; when the signal says stop, with the code `interrupted`. */
export async function flashImage(options: FlashOptions): Promise<FlashResult> {
  let target: Target | null = null;
  const all = options.source.pieces(options.signal);
  try {
    const { start, pieces } = await begin(all);
    const imageBytes = lengthByTable(start, options.source.name);
    const esp = options.config === null ? null : bootPartition(start, options.source.name);
    target = await openWithRoom(imageBytes, options.openTarget);
    return await writeAndCompare(withConfig(pieces, esp, options.config), target, imageBytes, esp, options);
  } catch (error) {
    throw await explain(error, target, options);
  } finally {
    await target?.close();
    await all.return(undefined);
  }
}

async function writeAndCompare(
  pieces: AsyncIterable<Piece>,
  target: Target,
  imageBytes: number,
  esp: Range | null,
  { map, source, signal, onProgress }: FlashOptions,
): Promise<FlashResult> {
  const ranges = imageRanges(imageBytes, map, esp === null ? [] : [esp]);
  const zeros = zeroRanges(imageBytes, target.sizeBytes);
  const total = sizeOf(ranges) + sizeOf(zeros);
  const written = await writeImage(pieces, {
    ...{ target, imageBytes, ranges, zeros, signal, imageName: source.name },
    onProgress: (done) => onProgress('writing', done, total),
  });
  const isReadFromMedium = await compareTarget(written.parts, {
    ...{ target, signal },
    onProgress: (done) => onProgress('reading back', done, total),
  });
  return { imageBytes, writtenBytes: written.bytes, comparedBytes: sizeOf(written.parts), isReadFromMedium };
}

/** The first piece, and all of them with it. */
async function begin(
  rest: AsyncGenerator<Piece>,
): Promise<{ readonly start: Buffer; readonly pieces: AsyncGenerator<Piece> }> {
  const { value } = await rest.next();
  // The generator uses its buffer again.
  const start = Buffer.from(value?.bytes ?? []);
  const pieces = async function* (): AsyncGenerator<Piece> {
    yield { at: 0, bytes: start };
    yield* rest;
  };
  return { start, pieces: pieces() };
}

function withConfig(
  pieces: AsyncIterable<Piece>,
  esp: Range | null,
  config: BootConfig | null,
): AsyncIterable<Piece> {
  return esp === null || config === null ? pieces : withBootConfig(pieces, esp, config);
}

function bootPartition(start: Uint8Array, name: string): Range {
  const { table } = readImageTable(start.subarray(0, tableBytes));
  const esp = table.partitions.find((partition) => partition.name === 'esp');
  if (esp === undefined)
    throw new BuildError('not-an-image', `${name} has no partition "esp" that --config could put a file on.`);
  return { from: esp.firstLba * 512, to: (esp.firstLba + esp.sectors) * 512 };
}

async function openWithRoom(imageBytes: number, openTarget: FlashOptions['openTarget']): Promise<Target> {
  const target = await openTarget(imageBytes);
  if (target.sizeBytes >= imageBytes) return target;
  await target.close();
  const mebibytes = (bytes: number): string => `${Math.floor(bytes / 2 ** 20)} MiB`;
  const needed = `${Math.ceil(imageBytes / 2 ** 20)} MiB`;
  throw new BuildError(
    'device',
    `${target.path} is too small: it has ${mebibytes(target.sizeBytes)} and the image needs ${needed}. Nothing was written; take a larger one.`,
  );
}

/** What the person must know besides: in what state the target is. It is written to as soon as it is open. */
async function explain(error: unknown, target: Target | null, options: FlashOptions): Promise<unknown> {
  const path = options.targetPath;
  const isStopped = options.signal.aborted;
  if (target === null)
    return isStopped ? new BuildError('interrupted', `Stopped. Nothing was written to ${path}.`) : error;
  const state = (await target.discard())
    ? `The incomplete file ${path} was removed.`
    : `${path} is incomplete and does not boot: flash it again.`;
  if (isStopped) return new BuildError('interrupted', `Stopped. ${state}`);
  if (!(error instanceof BuildError)) return error;
  return new BuildError(error.code, `${error.message}\n${state}`, { cause: error });
}
