/**
 * A backup as a file: one line that names the format, one line of JSON (and its own digest) that says what it holds, then the state's bytes.
 * `head -2 FILE` shows a person what it is. The digest covers the bytes; their number is in the header.
 */
import { createHash } from 'node:crypto';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';

const magic = 'trivet backup ';
const format = 1;
/** Both lines together are never longer than this. */
const longestHead = 65_536;
const pieceBytes = 256 * 1024;

const headerSchema = z.object({
  clusterName: z.string(),
  clusterId: z.string(),
  /** The node it was made on. */
  node: z.string(),
  version: z.string(),
  /** The log index up to which the state goes. */
  index: z.int().min(0),
  revision: z.int().min(0),
  /** False: made without a quorum, so that the newest writes may be missing. */
  quorum: z.boolean(),
  sizeBytes: z.int().min(1),
  /** SHA-256 of the state, hexadecimal. */
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  /** The keys of the Kubernetes API, sealed (`runtime/cluster/backup-keys.ts`); null where the node did not know them. */
  apiKeys: z.base64().nullable().default(null),
  /** By the device's clock, which may be wrong. */
  madeAt: z.string(),
});
export type BackupHeader = z.infer<typeof headerSchema>;

export type BackupErrorCode = 'exists' | 'noBackup' | 'version' | 'damaged' | 'io';

/** A backup that cannot be written or used; the message says what to do. */
export class BackupError extends Error {
  override readonly name = 'BackupError';
  readonly code: BackupErrorCode;

  constructor(code: BackupErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/**
 * Writes a backup whose state `read` gives piece by piece. The file appears under its name when it is whole, checked
 * against the digest, and synced; until then, and when something fails, there is none.
 */
export async function writeBackup(
  file: string,
  header: BackupHeader,
  read: (offset: number) => Promise<Uint8Array>,
  options: { readonly overwrite: boolean; readonly onProgress: (doneBytes: number) => void },
): Promise<void> {
  if (!options.overwrite && (await exists(file)))
    throw new BackupError('exists', `${file} exists already: choose another name, or say --force.`);
  const partial = `${file}.part`;
  const handle = await orSay(file, open(partial, 'w', 0o600));
  try {
    const line = JSON.stringify(headerSchema.parse(header));
    await orSay(file, handle.writeFile(`${magic}${format}\n${line} ${digestOf(line)}\n`));
    const hash = createHash('sha256');
    for (let offset = 0; offset < header.sizeBytes; ) {
      const piece = await read(offset);
      if (piece.length === 0) break;
      hash.update(piece);
      await orSay(file, handle.writeFile(piece));
      offset += piece.length;
      options.onProgress(offset);
    }
    if (hash.digest('hex') !== header.digest)
      throw new BackupError('damaged', 'The backup was damaged on its way: nothing was written. Try again.');
    await orSay(file, handle.sync());
    await handle.close();
    await orSay(file, rename(partial, file));
    await syncDirectoryOf(file);
  } catch (error) {
    await handle.close().catch(() => {});
    await rm(partial, { force: true });
    throw error;
  }
}

export interface OpenBackup {
  readonly header: BackupHeader;
  /** The state's bytes from there on; empty at the end. */
  read(offset: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Opens a backup and checks all of it. Throws `BackupError` that says what is wrong with it. */
export async function openBackup(file: string): Promise<OpenBackup> {
  const handle = await orSay(file, open(file, 'r'));
  try {
    const { header, start } = await readHead(file, handle);
    await checkBytes(file, handle, header, start);
    return {
      header,
      read: (offset) => readPiece(handle, start + offset),
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function readHead(file: string, handle: FileHandle): Promise<{ header: BackupHeader; start: number }> {
  const { buffer, bytesRead } = await orSay(file, handle.read(Buffer.alloc(longestHead), 0, longestHead, 0));
  const head = buffer.subarray(0, bytesRead);
  const firstEnd = head.indexOf('\n');
  const first = head.toString('utf8', 0, Math.max(0, firstEnd));
  if (!first.startsWith(magic))
    throw new BackupError('noBackup', `${file} is no backup made by trivet backup.`);
  const version = first.slice(magic.length);
  if (version !== String(format)) {
    const text = `${file} has format ${version}, this program reads format ${format}: use the version of Trivet that made it.`;
    throw new BackupError('version', text);
  }
  const secondEnd = head.indexOf('\n', firstEnd + 1);
  const header = parseHeader(head.toString('utf8', firstEnd + 1, Math.max(firstEnd + 1, secondEnd)));
  if (header === null || secondEnd < 0)
    throw new BackupError('damaged', `${file} is damaged: its second line does not say what it holds.`);
  return { header, start: secondEnd + 1 };
}

function parseHeader(line: string): BackupHeader | null {
  const end = line.lastIndexOf(' ');
  const json = line.slice(0, end);
  if (line.slice(end + 1) !== digestOf(json)) return null;
  try {
    return headerSchema.parse(JSON.parse(json));
  } catch {
    return null;
  }
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

async function checkBytes(
  file: string,
  handle: FileHandle,
  header: BackupHeader,
  start: number,
): Promise<void> {
  const hash = createHash('sha256');
  let offset = 0;
  for (;;) {
    const piece = await orSay(file, readPiece(handle, start + offset));
    if (piece.length === 0) break;
    hash.update(piece);
    offset += piece.length;
  }
  if (offset !== header.sizeBytes)
    throw new BackupError(
      'damaged',
      `${file} is not whole: ${offset} of ${header.sizeBytes} bytes. Use another copy.`,
    );
  if (hash.digest('hex') !== header.digest)
    throw new BackupError('damaged', `${file} is damaged: its checksum is wrong. Use another copy.`);
}

async function readPiece(handle: FileHandle, position: number): Promise<Uint8Array> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(pieceBytes), 0, pieceBytes, position);
  return buffer.subarray(0, bytesRead);
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

async function syncDirectoryOf(file: string): Promise<void> {
  const directory = await open(path.dirname(path.resolve(file)), 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function orSay<Result>(file: string, work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new BackupError('io', `${file}: ${reason}`, error);
  }
}
