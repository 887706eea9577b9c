/**
 * Runs a transaction on the state, as etcd does: first every comparison on every level decides the way, then the whole
 * way is checked, and only then is anything changed. A refused transaction leaves no trace.
 */
import type { RefusalCode, TransactionBody } from './commands.ts';
import type { Comparison, KeyValue, Operation, OperationResult, RangeQuery } from './model.ts';
import { isPlain, needsValues, selectItems } from './range-query.ts';
import type { StateView } from './reading.ts';
import { mostChangesInARevision } from './tables.ts';
import type { Versions } from './versions.ts';

export interface Refusal {
  readonly code: RefusalCode;
  readonly reason: string;
  readonly at: number;
}

export interface TransactionOutcome {
  readonly succeeded: boolean;
  readonly results: readonly OperationResult[];
}

type Branches = Pick<TransactionBody, 'compare' | 'success' | 'failure'>;

/** The branch that runs on each level, decided before anything changes. */
interface Way {
  readonly succeeded: boolean;
  readonly steps: readonly { readonly operation: Operation; readonly inner: Way | null }[];
}

export interface TransactionContext {
  readonly view: StateView;
  readonly versions: Versions;
  /** Whether writes that take space are refused. */
  readonly spaceAlarm: boolean;
}

export function runTransaction(
  context: TransactionContext,
  body: TransactionBody,
): TransactionOutcome | { readonly refused: Refusal } {
  const way = findWay(context.view, body);
  const refused = findRefusal(context, way);
  return refused === null ? perform(context, way) : { refused };
}

function findWay(view: StateView, branches: Branches): Way {
  const succeeded = branches.compare.every((comparison) => holds(view, comparison));
  const operations = succeeded ? branches.success : branches.failure;
  const steps = operations.map((operation) => ({
    operation,
    inner: operation.operation === 'transaction' ? findWay(view, operation) : null,
  }));
  return { succeeded, steps };
}

function holds(view: StateView, comparison: Comparison): boolean {
  if (comparison.end === undefined) return holdsFor(comparison, view.get(comparison.key));
  const items = view.items(comparison, { keysOnly: comparison.target !== 'value' });
  if (items.length === 0) return holdsFor(comparison, null);
  return items.every((item) => holdsFor(comparison, item));
}

/** An absent key compares as zero; its value compares with nothing. */
function holdsFor(comparison: Comparison, item: KeyValue | null): boolean {
  if (comparison.target === 'value' && item === null) return false;
  const difference =
    comparison.target === 'value'
      ? Buffer.compare(item!.value, comparison.is)
      : (item?.[comparison.target] ?? 0) - comparison.is;
  switch (comparison.relation ?? 'equal') {
    case 'equal':
      return difference === 0;
    case 'notEqual':
      return difference !== 0;
    case 'greater':
      return difference > 0;
    case 'less':
      return difference < 0;
  }
}

function findRefusal(context: TransactionContext, way: Way): Refusal | null {
  const budget = { changes: 0 };
  return findStepRefusal(context, way, budget);
}

function findStepRefusal(context: TransactionContext, way: Way, budget: { changes: number }): Refusal | null {
  for (const { operation, inner } of way.steps) {
    const refusal =
      inner === null
        ? findOperationRefusal(context, operation, budget)
        : findStepRefusal(context, inner, budget);
    if (refusal !== null) return refusal;
    if (budget.changes >= mostChangesInARevision) {
      const reason = `more than ${mostChangesInARevision - 1} keys would change at once: do it in parts`;
      return { code: 'invalid', reason, at: 0 };
    }
  }
  return null;
}

function findOperationRefusal(
  { view, spaceAlarm }: TransactionContext,
  operation: Operation,
  budget: { changes: number },
): Refusal | null {
  switch (operation.operation) {
    case 'put': {
      budget.changes += 1;
      if (spaceAlarm) return { code: 'noSpace', reason: spaceText, at: 0 };
      const { lease = 0, keepValue, keepLease } = operation;
      if (lease !== 0 && view.lease(lease) === null)
        return { code: 'leaseNotFound', reason: `lease ${lease} does not exist`, at: 0 };
      if ((keepValue || keepLease) && view.get(operation.key) === null)
        return {
          code: 'keyNotFound',
          reason: 'the key whose value or lease is to be kept does not exist',
          at: 0,
        };
      return null;
    }
    case 'delete':
      budget.changes += operation.end === undefined ? 1 : view.count(operation, 0);
      return null;
    case 'range':
      return findReadRefusal(view, operation.revision ?? 0);
    case 'transaction':
      return null;
  }
}

/** Why a revision cannot be read; null when it can. */
function findReadRefusal(view: StateView, revision: number): Refusal | null {
  const newest = view.number('revision');
  const oldest = view.number('compactedRevision');
  if (revision > newest)
    return {
      code: 'future',
      reason: `revision ${revision} is in the future: the newest is ${newest}`,
      at: newest,
    };
  if (revision > 0 && revision < oldest)
    return {
      code: 'compacted',
      reason: `revision ${revision} is compacted: the oldest kept is ${oldest}`,
      at: oldest,
    };
  return null;
}

export const spaceText =
  'the space limit of the datastore is reached: delete or compact, then writing works again';

function perform(context: TransactionContext, way: Way): TransactionOutcome {
  const results = way.steps.map(({ operation, inner }) => performStep(context, operation, inner));
  return { succeeded: way.succeeded, results };
}

function performStep(context: TransactionContext, operation: Operation, inner: Way | null): OperationResult {
  const { view, versions } = context;
  switch (operation.operation) {
    case 'put':
      return { operation: 'put', previous: versions.put(operation) };
    case 'delete': {
      const keys =
        operation.end === undefined
          ? presentKey(view, operation.key)
          : view.items(operation, { keysOnly: true });
      const previous = operation.previous ? keys.map(({ key }) => view.get(key)!) : [];
      for (const { key } of keys) versions.remove(key);
      return { operation: 'delete', deleted: keys.length, previous };
    }
    case 'range':
      return { operation: 'range', ...readRange(view, operation) };
    case 'transaction':
      return { operation: 'transaction', ...perform(context, inner!) };
  }
}

function presentKey(view: StateView, key: Uint8Array): readonly { readonly key: Uint8Array }[] {
  return view.items({ key }, { keysOnly: true });
}

/** A whole range at a revision that can be read, as a transaction sees it. */
function readRange(
  view: StateView,
  query: RangeQuery,
): { readonly items: readonly KeyValue[]; readonly more: boolean; readonly count: number } {
  const revision = query.revision ?? 0;
  const total = (): number => view.count(query, revision);
  if (query.countOnly) return selectItems(query, [], total());
  const limit = query.limit ?? 0;
  const plain = isPlain(query) && limit > 0;
  const items = view.items(query, {
    revision,
    keysOnly: !needsValues(query),
    most: plain ? limit + 1 : undefined,
  });
  return selectItems(query, items, plain && items.length > limit ? total() : items.length);
}
