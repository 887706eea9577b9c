/**
 * The disk image in the formats of hypervisors and clouds, from the raw image: read once for each format, compressed
 * on all processors, written front to back. The same raw image gives the same bytes.
 */
import { type FileHandle, stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { deflate, deflateRaw } from 'node:zlib';
import type { ExtraFormat } from '../formats/names.ts';
import * as qcow2 from '../formats/qcow2/qcow2.ts';
import { encodeFooter, vhdSize } from '../formats/vhd/vhd.ts';
import { VmdkWriter } from '../formats/vmdk/vmdk.ts';
import { derivedUuid } from '../plan/plan.ts';
import { writeAside } from './aside.ts';
import { isZero, pieces } from './write-disk.ts';

export interface FormatOptions {
  readonly raw: string;
  /** Of the raw image: identities inside the formats follow from it. */
  readonly sha256: string;
  /** Seconds since 1970, for formats that want a date. */
  readonly sourceDateEpoch: number;
}

/** qcow2's cluster and vmdk's grain. */
const unitSize = 2 ** 16;

const compressRaw = promisify(deflateRaw);
const compressZlib = promisify(deflate);

/** Writes the image once more, as `output`, whose name becomes part of a vmdk. */
export function writeFormat(format: ExtraFormat, output: string, options: FormatOptions): Promise<void> {
  switch (format) {
    case 'qcow2':
      return writeAside(output, (file) => writeQcow2(file, options));
    case 'vmdk':
      return writeAside(output, (file) => writeVmdk(file, path.basename(output), options));
    case 'vhd':
      return writeAside(output, (file) => writeVhd(file, options));
  }
}

async function writeQcow2(file: FileHandle, { raw }: FormatOptions): Promise<void> {
  const { size } = await stat(raw);
  const clusters: qcow2.Cluster[] = [];
  let free = qcow2.firstFreeByte(size);
  const compress = (content: Uint8Array): Promise<Uint8Array> => compressRaw(content, qcow2.compression);
  for await (const { index, content, compressed } of compressedUnits(raw, compress)) {
    const isCompressed = qcow2.isWorthIt(compressed);
    const bytes = isCompressed ? compressed : content;
    const cluster = qcow2.placeCluster(free, index, bytes.length, isCompressed);
    await file.write(bytes, 0, bytes.length, cluster.offset);
    clusters.push(cluster);
    free = cluster.offset + bytes.length;
  }
  for (const { offset, bytes } of qcow2.encodeTables(size, clusters))
    await file.write(bytes, 0, bytes.length, offset);
}

async function writeVmdk(file: FileHandle, fileName: string, { raw, sha256 }: FormatOptions): Promise<void> {
  const { size } = await stat(raw);
  const writer = new VmdkWriter({ fileName, capacityBytes: size, contentId: contentId(sha256) });
  await file.writeFile(writer.start());
  for await (const { index, compressed } of compressedUnits(raw, (content) =>
    compressZlib(content, { level: 9 }),
  ))
    await file.writeFile(writer.grain(index, compressed));
  await file.writeFile(writer.end());
}

/** Two values have a meaning of their own: all ones is "no parent", and one below it "not computed". */
function contentId(sha256: string): string {
  const id = sha256.slice(0, 8);
  return id >= 'fffffffe' ? '00000001' : id;
}

async function writeVhd(file: FileHandle, options: FormatOptions): Promise<void> {
  const sizeBytes = vhdSize((await stat(options.raw)).size);
  await file.truncate(sizeBytes);
  for await (const { at, piece } of pieces(options.raw))
    if (!isZero(piece)) await file.write(piece, 0, piece.length, at);
  const uuid = derivedUuid(`vhd ${options.sha256}`);
  const footer = encodeFooter({ sizeBytes, uuid, date: options.sourceDateEpoch });
  await file.write(footer, 0, footer.length, sizeBytes);
}

interface Unit {
  readonly index: number;
  readonly content: Uint8Array;
  readonly compressed: Uint8Array;
}

/** The units that are not all zero, in ascending order; those of one piece are compressed side by side. */
async function* compressedUnits(
  raw: string,
  compress: (content: Uint8Array) => Promise<Uint8Array>,
): AsyncGenerator<Unit> {
  for await (const { at, piece } of pieces(raw)) {
    const units: Promise<Unit>[] = [];
    for (let from = 0; from < piece.length; from += unitSize) {
      const content = wholeUnit(piece.subarray(from, from + unitSize));
      if (isZero(content)) continue;
      const index = (at + from) / unitSize;
      units.push(compress(content).then((compressed) => ({ index, content, compressed })));
    }
    yield* await Promise.all(units);
  }
}

/** Behind the end of the image come zeros. */
function wholeUnit(content: Buffer): Buffer {
  if (content.length === unitSize) return content;
  return Buffer.concat([content, Buffer.alloc(unitSize - content.length)]);
}
