import t from 'tap';
import type { Comparison, Operation, RangeQuery } from './model.ts';
import { openStateMachine } from './state-machine.ts';
import { applyAll, bytes, command, conditional, put, text, transaction } from './testing/machine.ts';

function seeded() {
  const machine = openStateMachine(':memory:');
  applyAll(
    machine,
    command({ kind: 'grantLease', lease: 9, seconds: 60 }),
    transaction(put('a', '1')),
    transaction(put('b', '2', { lease: 9 })),
    transaction(put('a', '3')),
  );
  return machine;
}

t.test('a comparison holds for every relation and target as etcd defines them', async (t) => {
  const machine = seeded();
  const holds = (comparison: Comparison): boolean => {
    const [result] = applyAll(machine, conditional([comparison], []));
    return result?.kind === 'transaction' && result.succeeded;
  };
  const a = { key: bytes('a') };
  t.ok(holds({ ...a, target: 'version', is: 2 }));
  t.ok(holds({ ...a, target: 'createRevision', relation: 'less', is: 2 }));
  t.ok(holds({ ...a, target: 'modifyRevision', relation: 'greater', is: 2 }));
  t.notOk(holds({ ...a, target: 'modifyRevision', relation: 'notEqual', is: 3 }));
  t.ok(holds({ ...a, target: 'value', is: bytes('3') }));
  t.ok(holds({ ...a, target: 'value', relation: 'greater', is: bytes('2') }));
  t.ok(holds({ key: bytes('b'), target: 'lease', is: 9 }));
  t.ok(holds({ key: bytes('missing'), target: 'version', is: 0 }));
  t.notOk(
    holds({ key: bytes('missing'), target: 'value', relation: 'notEqual', is: bytes('x') }),
    'no value compares with nothing',
  );
  t.ok(holds({ key: bytes('a'), end: bytes('z'), target: 'version', relation: 'greater', is: 0 }));
  t.notOk(
    holds({ key: bytes('a'), end: bytes('z'), target: 'version', is: 1 }),
    'every key of the range counts',
  );
});

t.test('a nested transaction decides by the state before the outer one changes anything', async (t) => {
  const machine = seeded();
  const inner: Operation = {
    operation: 'transaction',
    compare: [{ target: 'version', key: bytes('new'), is: 0 }],
    success: [put('inner', 'yes')],
    failure: [put('inner', 'no')],
  };
  const [result] = applyAll(machine, conditional([], [put('new', '1'), inner]));
  t.match(result, { results: [{ operation: 'put' }, { operation: 'transaction', succeeded: true }] });
  t.equal(text(machine.view.get(bytes('inner'))!.value), 'yes');
});

t.test('a refused transaction leaves no trace', async (t) => {
  const machine = seeded();
  for (const bad of [
    put('x', '1', { lease: 1234 }),
    put('x', '', { keepValue: true }),
    put('x', '1', { keepLease: true }),
    { operation: 'range' as const, key: bytes('a'), revision: 99 },
  ]) {
    const [result] = applyAll(machine, transaction(put('first', '1'), bad));
    t.match(result, { kind: 'refused', revision: 3 });
  }
  t.equal(machine.view.get(bytes('first')), null);
});

t.test('put answers with the version before, and keeps value or lease where asked to', async (t) => {
  const machine = seeded();
  const [result] = applyAll(
    machine,
    transaction(
      put('a', '4', { previous: true }),
      put('b', '', { keepValue: true }),
      put('c', '', { previous: true }),
    ),
  );
  t.match(result, {
    results: [{ previous: { version: 2, modifyRevision: 3 } }, { previous: null }, { previous: null }],
  });
  t.match(machine.view.get(bytes('b')), { lease: 0, version: 2 });
  t.equal(text(machine.view.get(bytes('b'))!.value), '2');
  applyAll(
    machine,
    transaction(put('b', '9', { lease: 9 })),
    transaction(put('b', '10', { keepLease: true })),
  );
  t.match(machine.view.get(bytes('b')), { lease: 9, version: 4 });
});

t.test('a range in a transaction sorts, filters, counts and cuts', async (t) => {
  const machine = seeded();
  const range = (query: Partial<RangeQuery>) => {
    const operation: Operation = { operation: 'range', key: bytes('a'), end: bytes('z'), ...query };
    const [result] = applyAll(machine, transaction(operation));
    const [read] = result?.kind === 'transaction' ? result.results : [];
    if (read?.operation !== 'range') throw new Error('no range came back');
    return { keys: read.items.map(({ key }) => text(key)), more: read.more, count: read.count };
  };
  t.same(range({}), { keys: ['a', 'b'], more: false, count: 2 });
  t.same(range({ limit: 1 }), { keys: ['a'], more: true, count: 2 });
  t.same(range({ sort: { by: 'modifyRevision', descending: true } }).keys, ['a', 'b']);
  t.same(range({ sort: { by: 'value', descending: false } }).keys, ['b', 'a']);
  t.same(range({ mostModifyRevision: 2 }).keys, ['b']);
  t.same(range({ countOnly: true }), { keys: [], more: false, count: 2 });
  t.same(range({ revision: 1 }).keys, ['a']);
});
