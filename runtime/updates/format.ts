/**
 * The update file, for its writer (`image/updates/`) and its reader: a head of fixed size, the manifest, the parts one
 * after the other in the manifest's order. README.md beside this describes it in words. Pure.
 */
import * as z from 'zod';
import { UpdateError } from './update-error.ts';

/** Offsets and sizes in bytes; numbers are little endian. */
const head = {
  magic: { offset: 0, size: 8 },
  manifestBytes: { offset: 8, size: 4 },
  reserved: { offset: 12, size: 4 },
  /** Ed25519, over the bytes of the manifest. */
  signature: { offset: 16, size: 64 },
} as const;
export const headBytes = 80;
const magic = Buffer.from('TRIVETUP', 'latin1');
const longestManifestBytes = 1024 * 1024;

/** The type and the name of a partition whose content is an update file. */
export const updatePartitionType = '7a1b3c52-0c0e-4b3f-9d1a-54524956a001';
export const updatePartitionName = 'trivet-update';

/**
 * A part is stored in zstd frames, each of at most this much content, and read frame by frame: it bounds the reader's
 * memory. (A stream of Node's own loses what follows a frame that ends within a piece.)
 */
export const frameBytes = 4 * 1024 * 1024;
/** What does not shrink grows a little. */
const longestFrameBytes = frameBytes + 64 * 1024;

const digest = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hexadecimal');
const size = z
  .int()
  .min(0)
  .max(2 ** 40);
/** Below the slot's folder on the boot partition. FAT knows no difference between cases. */
const bootPath = z
  .string()
  .regex(
    /^[a-z0-9_][a-z0-9._+-]{0,63}(\/[a-z0-9_][a-z0-9._+-]{0,63}){0,3}$/,
    'must be a plain relative path',
  );

const common = {
  /** Of the content, unpacked. */
  sizeBytes: size,
  sha256: digest,
  /** What lies in the file: the sizes of its zstd frames, and the digest of them all. */
  frames: z.array(z.int().min(1).max(longestFrameBytes)),
  storedSha256: digest,
};
const partSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.enum(['root', 'verity', 'kernel']), ...common }),
  z.strictObject({ kind: z.literal('file'), path: bootPath, ...common }),
]);

const word = z.string().regex(/^[0-9A-Za-z][0-9A-Za-z._~-]{0,63}$/, 'must be a plain word');

const manifestSchema = z
  .strictObject({
    /** Says what was signed, so that no other document with a signature of the same key can pass for a manifest. */
    format: z.literal('trivet-update-1'),
    name: word,
    version: word,
    architecture: word,
    target: word,
    /** What dm-verity wants of the root, in lower-case hexadecimal. */
    rootHash: digest,
    parts: z.array(partSchema).max(1000),
  })
  .refine(
    ({ parts }) =>
      ['root', 'verity', 'kernel'].every((kind) => parts.filter((p) => p.kind === kind).length === 1),
    'parts must have one root, one verity and one kernel',
  )
  .refine(({ parts }) => {
    const paths = parts.flatMap((part) => (part.kind === 'file' ? [part.path] : []));
    return new Set(paths).size === paths.length;
  }, 'parts must not name a file twice');

export type UpdatePart = z.infer<typeof partSchema>;
export type UpdateManifest = z.infer<typeof manifestSchema>;

/** The manifest's bytes, in an order of fields of its own, so that one manifest has one form. */
export function encodeManifest(manifest: UpdateManifest): Uint8Array {
  return Buffer.from(`${JSON.stringify(manifestSchema.parse(manifest))}\n`, 'utf8');
}

/** @param signature of `manifest`, 64 bytes. */
export function encodeHead(manifest: Uint8Array, signature: Uint8Array): Uint8Array {
  if (signature.length !== head.signature.size) {
    throw new RangeError(`an Ed25519 signature has 64 bytes, not ${signature.length}`);
  }
  if (manifest.length > longestManifestBytes) throw new RangeError('the manifest is too long');
  const bytes = Buffer.alloc(headBytes);
  magic.copy(bytes, head.magic.offset);
  bytes.writeUInt32LE(manifest.length, head.manifestBytes.offset);
  bytes.set(signature, head.signature.offset);
  return bytes;
}

export interface UpdateHead {
  readonly manifestBytes: number;
  readonly signature: Uint8Array;
}

/** Throws `UpdateError` `notAnUpdate`. */
export function decodeHead(bytes: Uint8Array): UpdateHead {
  const buffer = Buffer.from(bytes);
  if (buffer.length < headBytes || !buffer.subarray(0, magic.length).equals(magic)) {
    throw new UpdateError('notAnUpdate', 'It is not an update file of Trivet: its first bytes are others.');
  }
  const manifestBytes = buffer.readUInt32LE(head.manifestBytes.offset);
  if (manifestBytes > longestManifestBytes || buffer.readUInt32LE(head.reserved.offset) !== 0) {
    throw new UpdateError('notAnUpdate', 'It is an update file of a format that this version does not know.');
  }
  const { offset, size: length } = head.signature;
  return { manifestBytes, signature: buffer.subarray(offset, offset + length) };
}

/** Call it only with bytes whose signature is right. Throws `UpdateError` `notAnUpdate`. */
export function decodeManifest(bytes: Uint8Array): UpdateManifest {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw new UpdateError('notAnUpdate', "The update's manifest is not JSON.", { cause });
  }
  const checked = manifestSchema.safeParse(value);
  if (checked.success) return checked.data;
  const problems = checked.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new UpdateError(
    'notAnUpdate',
    `The update's manifest is of a form that this version does not know: ${problems.join('; ')}`,
  );
}

/** Bytes that the part takes in the file. */
export function storedBytes(part: UpdatePart): number {
  return part.frames.reduce((sum, bytes) => sum + bytes, 0);
}

/** The one part of that kind; the schema makes sure of it. */
export function partOf(manifest: UpdateManifest, kind: 'root' | 'verity' | 'kernel'): UpdatePart {
  return manifest.parts.find((part) => part.kind === kind)!;
}
