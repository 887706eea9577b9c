/** What the replicated log carries, what applying it gives, and the check of what comes from a client. */
import {
  after,
  type Comparison,
  type KeyRange,
  largestRequestBytes,
  longestKeyBytes,
  mostOperations,
  type Operation,
  type OperationResult,
  type RangeQuery,
} from './model.ts';

/**
 * Names one request of one client for ever. A client (one run of one node) counts its commands; everything below
 * `acknowledged` has been answered and will not come again. A command that is proposed twice is applied once.
 */
export interface CommandId {
  /** A random whole number up to 2^48. */
  readonly session: number;
  readonly sequence: number;
  readonly acknowledged: number;
}

export type CommandBody =
  | {
      readonly kind: 'transaction';
      readonly compare: readonly Comparison[];
      readonly success: readonly Operation[];
      readonly failure: readonly Operation[];
    }
  | { readonly kind: 'compact'; readonly revision: number }
  | { readonly kind: 'grantLease'; readonly lease: number; readonly seconds: number }
  /** `granted`: the log index at which it was granted, so that a later lease of that id is left alone; 0: any. */
  | { readonly kind: 'revokeLease'; readonly lease: number; readonly granted: number }
  | { readonly kind: 'raiseAlarm'; readonly member: string; readonly alarm: AlarmKind }
  | { readonly kind: 'disarm'; readonly alarm: AlarmKind };

export type Command = CommandId & { readonly body: CommandBody };
export type TransactionBody = Extract<CommandBody, { kind: 'transaction' }>;
export type AlarmKind = 'noSpace' | 'corrupt';

export type RefusalCode =
  | 'invalid'
  | 'compacted'
  | 'future'
  | 'keyNotFound'
  | 'leaseNotFound'
  | 'leaseExists'
  | 'noSpace'
  /** The session is not known any more: whether the command was applied cannot be told. */
  | 'sessionExpired';

/** What applying a command gives; every replica computes the same. `revision` is the store's after it. */
export type CommandResult =
  | {
      readonly kind: 'transaction';
      readonly revision: number;
      readonly succeeded: boolean;
      readonly results: readonly OperationResult[];
    }
  | { readonly kind: 'done'; readonly revision: number }
  | {
      readonly kind: 'refused';
      readonly revision: number;
      readonly code: RefusalCode;
      readonly reason: string;
      /** compacted: the oldest revision kept; future: the newest. Else 0. */
      readonly at: number;
    };

/** etcd's limit for a lease, in seconds. */
export const longestLeaseSeconds = 9_000_000_000;
const deepestNesting = 8;

/** A request that breaks a limit; null when it is sound. `tooLarge` is told apart because etcd does. */
export function findProblem(
  body: CommandBody,
): { readonly code: 'invalid' | 'tooLarge'; readonly text: string } | null {
  switch (body.kind) {
    case 'transaction':
      return findTransactionProblem(body);
    case 'compact':
      return invalidUnless(isWhole(body.revision), 'the revision must be a whole number');
    case 'grantLease': {
      const fits = isWhole(body.seconds) && body.seconds >= 1 && body.seconds <= longestLeaseSeconds;
      if (!isWhole(body.lease) || body.lease === 0)
        return invalid('the lease id must be a whole number from 1 on');
      return invalidUnless(fits, `a lease lives 1 to ${longestLeaseSeconds} seconds`);
    }
    case 'revokeLease':
      return invalidUnless(isWhole(body.lease), 'the lease id must be a whole number');
    case 'raiseAlarm':
    case 'disarm':
      return null;
  }
}

function findTransactionProblem(body: TransactionBody): ReturnType<typeof findProblem> {
  const problem = findBranchProblem(body, 0);
  if (problem !== null) return problem;
  const bytes = sizeOfTransaction(body);
  if (bytes <= largestRequestBytes) return null;
  return {
    code: 'tooLarge',
    text: `the request has ${bytes} bytes; at most ${largestRequestBytes} are accepted`,
  };
}

type Branches = Pick<TransactionBody, 'compare' | 'success' | 'failure'>;

function findBranchProblem(branches: Branches, depth: number): ReturnType<typeof findProblem> {
  const { compare, success, failure } = branches;
  if (depth > deepestNesting) return invalid(`transactions are nested deeper than ${deepestNesting}`);
  if ([compare, success, failure].some((list) => list.length > mostOperations))
    return invalid(`at most ${mostOperations} comparisons and operations are accepted`);
  for (const each of compare) {
    const problem = findComparisonProblem(each);
    if (problem !== null) return problem;
  }
  for (const operations of [success, failure]) {
    for (const each of operations) {
      const problem = findOperationProblem(each, depth);
      if (problem !== null) return problem;
    }
    // One revision holds at most one version of a key, or a read of that revision would have two answers.
    if (operations.length > 1 && changesAKeyTwice(operations))
      return invalid('duplicate key given in txn request');
  }
  return null;
}

function findComparisonProblem(comparison: Comparison): ReturnType<typeof findProblem> {
  const problem = findRangeProblem(comparison);
  if (problem !== null) return problem;
  if (comparison.target === 'value') return null;
  // Comparing with a negative number is allowed and simply tells that every number is greater.
  return invalidUnless(Number.isSafeInteger(comparison.is), 'a comparison needs a whole number');
}

function findOperationProblem(operation: Operation, depth: number): ReturnType<typeof findProblem> {
  switch (operation.operation) {
    case 'put':
      if (operation.keepValue && operation.value.length > 0) return invalid('value is provided');
      if (operation.keepLease && (operation.lease ?? 0) !== 0) return invalid('lease is provided');
      if (!isWhole(operation.lease ?? 0)) return invalid('the lease id must be a whole number');
      return findKeyProblem(operation.key);
    case 'delete':
      return findRangeProblem(operation);
    case 'range':
      return findQueryProblem(operation);
    case 'transaction':
      return findBranchProblem(operation, depth + 1);
  }
}

/** What may be asked; also for reads that never become commands. */
export function findQueryProblem(query: RangeQuery): ReturnType<typeof findProblem> {
  const {
    revision,
    limit,
    leastModifyRevision,
    mostModifyRevision,
    leastCreateRevision,
    mostCreateRevision,
  } = query;
  const numbers = [
    revision,
    limit,
    leastModifyRevision,
    mostModifyRevision,
    leastCreateRevision,
    mostCreateRevision,
  ];
  if (!numbers.every((number) => isWhole(number ?? 0)))
    return invalid('revisions and limits must be whole numbers');
  return findRangeProblem(query);
}

function findRangeProblem({ key, end }: KeyRange): ReturnType<typeof findProblem> {
  if (end !== undefined && end.length > longestKeyBytes + 1)
    return invalid('the end of the range is too long');
  return findKeyProblem(key);
}

function findKeyProblem(key: Uint8Array): ReturnType<typeof findProblem> {
  if (key.length === 0) return invalid('key is not provided');
  return invalidUnless(
    key.length <= longestKeyBytes,
    `the key has ${key.length} bytes; at most ${longestKeyBytes} are accepted`,
  );
}

function sizeOfTransaction({ compare, success, failure }: Branches): number {
  let bytes = 0;
  for (const each of compare) {
    bytes += each.key.length + (each.end?.length ?? 0) + (each.target === 'value' ? each.is.length : 8);
  }
  for (const operation of [...success, ...failure]) bytes += sizeOfOperation(operation);
  return bytes;
}

function sizeOfOperation(operation: Operation): number {
  if (operation.operation === 'transaction') return sizeOfTransaction(operation);
  const { key } = operation;
  return key.length + (operation.operation === 'put' ? operation.value.length : (operation.end?.length ?? 0));
}

/** Puts and deletions that overlap within one branch, nested branches taken together, as etcd checks it. */
function changesAKeyTwice(operations: readonly Operation[]): boolean {
  const puts: Uint8Array[] = [];
  const deletes: KeyRange[] = [];
  for (const each of operations) collectChanges(each, puts, deletes);
  const names = new Set(puts.map((key) => Buffer.from(key).toString('latin1')));
  if (names.size !== puts.length) return true;
  return deletes.some((range) => puts.some((key) => contains(range, key)));
}

function collectChanges(operation: Operation, puts: Uint8Array[], deletes: KeyRange[]): void {
  if (operation.operation === 'put') puts.push(operation.key);
  if (operation.operation === 'delete') deletes.push(operation);
  if (operation.operation !== 'transaction') return;
  // Only one of the branches runs: a key may be in both.
  const inSuccess: Uint8Array[] = [];
  for (const each of operation.success) collectChanges(each, inSuccess, deletes);
  const known = new Set(inSuccess.map((key) => Buffer.from(key).toString('latin1')));
  const inFailure: Uint8Array[] = [];
  for (const each of operation.failure) collectChanges(each, inFailure, deletes);
  puts.push(...inSuccess, ...inFailure.filter((key) => !known.has(Buffer.from(key).toString('latin1'))));
}

function contains({ key, end }: KeyRange, candidate: Uint8Array): boolean {
  return Buffer.compare(key, candidate) <= 0 && Buffer.compare(candidate, end ?? after(key)) < 0;
}

function isWhole(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function invalid(text: string): { readonly code: 'invalid'; readonly text: string } {
  return { code: 'invalid', text };
}

function invalidUnless(holds: boolean, text: string): ReturnType<typeof findProblem> {
  return holds ? null : invalid(text);
}
