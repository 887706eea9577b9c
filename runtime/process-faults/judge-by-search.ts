/** The second judge: the search for an order in which one copy of the data would have answered the same, without revisions. */
import {
  checkLinearizable,
  describeHistory,
  type Operation as SearchedOperation,
} from '../checkers/linearizability.ts';
import type { Operation } from './history.ts';

/** What is wrong, or null; also null when the search gives up, since the first judge has decided by then. */
export function judgeBySearch(operations: readonly Operation[]): string | null {
  const result = checkLinearizable(operations.map(toSearched));
  if (result.kind !== 'violated') return null;
  return `no order explains what was seen of ${result.key}:\n${describeHistory(result.operations)}`;
}

function toSearched(each: Operation): SearchedOperation {
  const isWrite = each.operation === 'write';
  return {
    client: each.process,
    key: each.key,
    action: isWrite ? { kind: 'put', value: each.value ?? '' } : { kind: 'get' },
    invokedAt: each.start,
    returnedAt: each.outcome === 'ok' ? each.end : null,
    result: isWrite ? null : each.value,
  };
}
