/** What the replicated log carries: transactions in etcd v3's model, and compaction. Pure encoding and checking. */
import { z } from 'zod';
import { decodeEnvelope, encodeEnvelope } from '../../encoding/envelope.ts';

export const longestKeyBytes = 4096;
export const largestValueBytes = 1024 * 1024;
export const mostOperations = 128;

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'must be bytes');
const key = bytes.refine(
  (value) => value.length > 0 && value.length <= longestKeyBytes,
  'must be 1 to 4096 bytes',
);
const value = bytes.refine((content) => content.length <= largestValueBytes, 'must be at most 1 MiB');
const revision = z.int().min(0);

/** A single key, or with `end` every key from `key` up to but without `end`. */
const rangeShape = { key: bytes, end: bytes.optional() };

const comparisonSchema = z.discriminatedUnion('target', [
  z.strictObject({ target: z.literal('modifyRevision'), key, is: revision }),
  z.strictObject({ target: z.literal('createRevision'), key, is: revision }),
  z.strictObject({ target: z.literal('version'), key, is: revision }),
  z.strictObject({ target: z.literal('value'), key, is: value }),
]);

const operationSchema = z.discriminatedUnion('operation', [
  z.strictObject({ operation: z.literal('put'), key, value }),
  z.strictObject({ operation: z.literal('delete'), ...rangeShape }),
  z.strictObject({ operation: z.literal('range'), ...rangeShape, limit: z.int().min(0).optional() }),
]);

/** One revision holds at most one version of a key, or a read of that revision would have two answers. */
const operationsSchema = z
  .array(operationSchema)
  .max(mostOperations)
  .refine((operations) => !changesAKeyTwice(operations), 'must not change one key twice');

const commandSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('transaction'),
    /** Unique to the request: a command that is proposed again after a lost answer is applied once. */
    id: z.string().min(1).max(64),
    /** All must hold for `success` to run; else `failure` runs. An absent key has revisions and version 0. */
    compare: z.array(comparisonSchema).max(mostOperations),
    success: operationsSchema,
    failure: operationsSchema,
  }),
  z.strictObject({ kind: z.literal('compact'), id: z.string().min(1).max(64), revision }),
]);

export type Comparison = z.infer<typeof comparisonSchema>;
export type Operation = z.infer<typeof operationSchema>;
export type Command = z.infer<typeof commandSchema>;
export type TransactionCommand = Extract<Command, { kind: 'transaction' }>;

export interface StoredKeyValue {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly createRevision: number;
  readonly modifyRevision: number;
  readonly version: number;
}

export type OperationResult =
  | { readonly operation: 'put' }
  | { readonly operation: 'delete'; readonly deleted: number }
  | { readonly operation: 'range'; readonly items: readonly StoredKeyValue[]; readonly more: boolean };

/** What applying a command gives; every replica computes the same. `revision` is the store's after it. */
export type CommandResult =
  | {
      readonly kind: 'transaction';
      readonly revision: number;
      readonly succeeded: boolean;
      readonly results: readonly OperationResult[];
    }
  | { readonly kind: 'compacted'; readonly revision: number }
  | { readonly kind: 'refused'; readonly revision: number; readonly reason: string };

/** Encodes a command for the log. Throws `ZodError` when it breaks a limit: check user input before. */
export function encodeCommand(command: Command): Uint8Array {
  return encodeEnvelope(commandSchema.parse(command));
}

/** Checks a command from a client; the problem in words, or null. */
export function findProblem(command: unknown): string | null {
  const checked = commandSchema.safeParse(command);
  if (checked.success) return null;
  return checked.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
}

/** Decodes an entry's data; null when it is no command of this version, which every replica decides alike. */
export function decodeCommand(data: Uint8Array): Command | null {
  try {
    return commandSchema.parse(decodeEnvelope(data));
  } catch {
    return null;
  }
}

function changesAKeyTwice(operations: readonly z.infer<typeof operationSchema>[]): boolean {
  return operations.some((operation, index) =>
    operations
      .slice(index + 1)
      .some((later) => bothChange(operation, later) && rangesOverlap(operation, later)),
  );
}

function bothChange(a: { operation: string }, b: { operation: string }): boolean {
  return a.operation !== 'range' && b.operation !== 'range';
}

function rangesOverlap(
  a: { key: Uint8Array; end?: Uint8Array | undefined },
  b: { key: Uint8Array; end?: Uint8Array | undefined },
): boolean {
  return Buffer.compare(a.key, b.end ?? after(b.key)) < 0 && Buffer.compare(b.key, a.end ?? after(a.key)) < 0;
}

/** The smallest key greater than `key`. */
export function after(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}

/** The end of the range of all keys that start with `prefix`; an empty prefix means every key. */
export function prefixEnd(prefix: Uint8Array): Uint8Array {
  const end = Uint8Array.from(prefix);
  for (let index = end.length - 1; index >= 0; index -= 1) {
    const byte = end[index]!;
    if (byte < 0xff) {
      end[index] = byte + 1;
      return end.slice(0, index + 1);
    }
  }
  return everyKeyEnd;
}

/** Greater than every key that is allowed: keys are at most 4096 bytes. */
const everyKeyEnd = new Uint8Array(longestKeyBytes + 1).fill(0xff);
