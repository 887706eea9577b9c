import t from 'tap';
import {
  apply,
  checkLinearizable,
  describeHistory,
  type Operation,
  type OperationAction,
} from './linearizability.ts';

/** One operation: who, what, from when to when (null: unknown), and what came of it. */
function op(
  client: string,
  action: OperationAction,
  [invokedAt, returnedAt]: readonly [number, number | null],
  result: Operation['result'] = null,
  key = 'k',
): Operation {
  return { client, key, action, invokedAt, returnedAt, result };
}

const put = (value: string): OperationAction => ({ kind: 'put', value });
const get: OperationAction = { kind: 'get' };
const remove: OperationAction = { kind: 'delete' };
const swap = (expected: string | null, value: string): OperationAction => ({
  kind: 'compareAndSet',
  expected,
  value,
});

const good: Record<string, Operation[]> = {
  'nothing at all': [],
  'one after the other': [op('a', put('1'), [1, 2]), op('b', get, [3, 4], '1')],
  'a read beside a write sees the old value': [op('a', put('1'), [1, 4]), op('b', get, [2, 3], null)],
  'a read beside a write sees the new value': [op('a', put('1'), [1, 4]), op('b', get, [2, 3], '1')],
  'reads beside a write see first the old, then the new': [
    op('a', put('1'), [1, 8]),
    op('b', get, [2, 3], null),
    op('c', get, [4, 5], '1'),
  ],
  'a write of unknown outcome takes effect much later': [
    op('a', put('1'), [1, null]),
    op('b', get, [2, 3], null),
    op('b', get, [8, 9], '1'),
  ],
  'a write of unknown outcome never takes effect': [op('a', put('1'), [1, null]), op('b', get, [8, 9], null)],
  'one of two swaps wins': [
    op('a', put('0'), [1, 2]),
    op('b', swap('0', '1'), [3, 6], true),
    op('c', swap('0', '2'), [4, 5], false),
    op('c', get, [7, 8], '1'),
  ],
  'a key is made only once': [
    op('a', swap(null, '1'), [1, 4], true),
    op('b', swap(null, '2'), [2, 3], false),
  ],
  'a deletion is seen': [
    op('a', put('1'), [1, 2]),
    op('a', remove, [3, 4], true),
    op('b', get, [5, 6], null),
  ],
  'nothing to delete': [op('a', remove, [1, 2], false)],
  'keys have nothing to do with each other': [
    op('a', put('1'), [1, 2], null, 'x'),
    op('a', get, [3, 4], null, 'y'),
  ],
};

const bad: Record<string, Operation[]> = {
  'stale read': [op('a', put('1'), [1, 2]), op('a', put('2'), [3, 4]), op('b', get, [5, 6], '1')],
  'read of what was never written': [op('a', put('1'), [1, 2]), op('b', get, [3, 4], '9')],
  'lost write': [op('a', put('1'), [1, 2]), op('b', get, [3, 4], null)],
  'lost update: two swaps from one value': [
    op('a', put('0'), [1, 2]),
    op('b', swap('0', '1'), [3, 6], true),
    op('c', swap('0', '2'), [4, 5], true),
  ],
  'split brain: two sides that do not see each other': [
    op('a', put('1'), [1, 2]),
    op('b', put('2'), [3, 4]),
    op('a', get, [5, 6], '1'),
    op('b', get, [7, 8], '2'),
    op('a', get, [9, 10], '1'),
  ],
  'a read goes back in time': [
    op('a', put('1'), [1, 2]),
    op('a', put('2'), [3, 10]),
    op('b', get, [4, 5], '2'),
    op('c', get, [6, 7], '1'),
  ],
  'applied twice: a repeated write comes back after another': [
    op('a', put('1'), [1, 2]),
    op('b', put('2'), [3, 4]),
    op('c', get, [5, 6], '2'),
    op('c', get, [7, 8], '1'),
  ],
  'applied twice: a deletion finds what was deleted before': [
    op('a', put('1'), [1, 2]),
    op('a', remove, [3, 4], true),
    op('b', remove, [5, 6], true),
  ],
  'a failed swap that had to succeed': [op('a', put('0'), [1, 2]), op('b', swap('0', '1'), [3, 4], false)],
  'an unknown write is seen, then not any more': [
    op('a', put('1'), [1, null]),
    op('b', get, [2, 3], '1'),
    op('b', get, [4, 5], null),
  ],
  'effect before the invocation': [op('b', get, [1, 2], '1'), op('a', put('1'), [3, null])],
};

t.test('checkLinearizable accepts what a correct store may do', async (t) => {
  for (const [name, history] of Object.entries(good))
    t.equal(checkLinearizable(history).kind, 'linearizable', name);
});

t.test('checkLinearizable refuses what only a broken store does, and names the key', async (t) => {
  for (const [name, history] of Object.entries(bad)) {
    t.match(checkLinearizable(history), { kind: 'violated', key: 'k' }, name);
    const elsewhere = [op('z', put('1'), [1, 2], null, 'other'), ...history];
    t.match(checkLinearizable(elsewhere), { kind: 'violated', key: 'k' }, `${name}, beside another key`);
  }
});

t.test('checkLinearizable agrees with trying every order, on small random histories', async (t) => {
  let state = 1;
  const random = (): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state / 2 ** 32;
  };
  const seen = { linearizable: 0, violated: 0 };
  for (let round = 0; round < 4_000; round++) {
    const history = randomHistory(random);
    const expected = someOrderFits(history, null) ? 'linearizable' : 'violated';
    seen[expected] += 1;
    const { kind } = checkLinearizable(history);
    if (kind !== expected) t.fail(`${kind} instead of ${expected}:\n${describeHistory(history)}`);
  }
  t.ok(seen.linearizable > 500 && seen.violated > 500, JSON.stringify(seen));
});

t.test('checkLinearizable decides a long history with much at once', async (t) => {
  const history: Operation[] = [];
  let value: string | null = null;
  for (let turn = 0; turn < 200; turn++) {
    const at = turn * 20;
    // Eight clients at once; in truth one after the other, in the order of their numbers.
    for (let client = 0; client < 8; client++) {
      const span = [at + client * 0.1, at + 10 + client] as const;
      if (client % 2 === 0) history.push(op(`c${client}`, get, span, value));
      else {
        value = `${turn}-${client}`;
        history.push(op(`c${client}`, put(value), span));
      }
    }
    if (turn % 100 === 0) history.push(op('lost', put(`lost-${turn}`), [at, null]));
  }
  t.equal(checkLinearizable(history).kind, 'linearizable');
  const last = history.findLastIndex(({ action }) => action.kind === 'get');
  const spoilt = history.with(last, { ...history[last]!, result: '0-1' });
  t.equal(checkLinearizable(spoilt).kind, 'violated');
});

function randomHistory(random: () => number): Operation[] {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  const size = 2 + Math.floor(random() * 4);
  return Array.from({ length: size }, (_, number) => {
    const invokedAt = Math.floor(random() * 10);
    const returnedAt = random() < 0.2 ? null : invokedAt + 1 + Math.floor(random() * 5);
    const values = ['1', '2', null] as const;
    const action = pick([put(pick(['1', '2'])), get, get, remove, swap(pick(values), pick(['1', '2']))]);
    const result = action.kind === 'put' ? null : action.kind === 'get' ? pick(values) : random() < 0.5;
    return op(`c${number}`, action, [invokedAt, returnedAt], result);
  });
}

/** Tries every order that real time allows; an operation of unknown outcome may be left out. */
function someOrderFits(left: readonly Operation[], value: string | null): boolean {
  if (left.every(({ returnedAt }) => returnedAt === null)) return true;
  return left.some((next, place) => {
    const before = left.some((other) => other !== next && (other.returnedAt ?? Infinity) < next.invokedAt);
    if (before) return false;
    const after = apply(value, next);
    return after !== undefined && someOrderFits(left.toSpliced(place, 1), after);
  });
}
