/** Transactions: every comparison, all or nothing, one revision, what came before, keeping value or lease. */
import type { Test } from 'tap';
import type { Comparison, Operation, OperationResult } from '../../state-machine/model.ts';
import { bytes, codeOf, type Subject, text } from './subject.ts';

type Expectation = readonly [Comparison, boolean];

export function testTransactions(t: Test, { store, key, all, put, remove, get }: Subject): void {
  const putOf = (name: string, value: string): Operation => ({
    operation: 'put',
    key: key(name),
    value: bytes(value),
  });
  const holds = async (...compare: Comparison[]): Promise<boolean> =>
    (await store.transact({ compare, success: [], failure: [] })).succeeded;
  const expectAll = async (t: Test, expectations: readonly Expectation[]): Promise<void> => {
    for (const [comparison, expected] of expectations) {
      const { target, relation, is } = comparison;
      const shown = is instanceof Uint8Array ? text(is) : is;
      t.equal(await holds(comparison), expected, `${target} ${relation ?? 'equal'} ${shown}`);
    }
  };

  t.test('every relation of every number', async (t) => {
    await put('n', '1');
    await put('n', '2');
    const { version, createRevision, modifyRevision, lease } = (await get('n'))!;
    const actual = { version, createRevision, modifyRevision, lease };
    for (const [target, value] of Object.entries(actual)) {
      const at = { key: key('n'), target: target as keyof typeof actual };
      await expectAll(t, [
        [{ ...at, is: value }, true],
        [{ ...at, is: value + 1 }, false],
        [{ ...at, relation: 'equal', is: value }, true],
        [{ ...at, relation: 'notEqual', is: value }, false],
        [{ ...at, relation: 'notEqual', is: value + 1 }, true],
        [{ ...at, relation: 'greater', is: value - 1 }, true],
        [{ ...at, relation: 'greater', is: value }, false],
        [{ ...at, relation: 'less', is: value + 1 }, true],
        [{ ...at, relation: 'less', is: value }, false],
        [{ ...at, relation: 'less', is: Number.MAX_SAFE_INTEGER }, true],
        [{ ...at, relation: 'greater', is: -Number.MAX_SAFE_INTEGER }, true],
      ]);
    }
  });

  t.test('values are compared as bytes', async (t) => {
    await put('v', 'b');
    const at = { key: key('v'), target: 'value' } as const;
    await expectAll(t, [
      [{ ...at, is: bytes('b') }, true],
      [{ ...at, is: bytes('ba') }, false],
      [{ ...at, is: bytes('') }, false],
      [{ ...at, relation: 'greater', is: bytes('a') }, true],
      [{ ...at, relation: 'greater', is: bytes('b') }, false],
      [{ ...at, relation: 'less', is: bytes('ba') }, true],
      [{ ...at, relation: 'notEqual', is: bytes('c') }, true],
    ]);
    await put('v', '');
    t.equal(await holds({ ...at, is: bytes('') }), true, 'an empty value equals an empty value');
  });

  t.test('an absent key has zeros for numbers, and no value at all', async (t) => {
    const at = { key: key('absent') };
    await expectAll(t, [
      [{ ...at, target: 'version', is: 0 }, true],
      [{ ...at, target: 'createRevision', is: 0 }, true],
      [{ ...at, target: 'modifyRevision', relation: 'less', is: 1 }, true],
      [{ ...at, target: 'lease', is: 0 }, true],
      [{ ...at, target: 'version', relation: 'greater', is: 0 }, false],
      [{ ...at, target: 'value', is: bytes('') }, false],
      [{ ...at, target: 'value', relation: 'notEqual', is: bytes('x') }, false],
    ]);
  });

  t.test('a comparison of a range holds for every key in it', async (t) => {
    for (const name of ['r/1', 'r/2', 'r/3']) await put(name, 'same');
    const range = { key: key('r/'), end: key('r0') };
    const value = { ...range, target: 'value', is: bytes('same') } as const;
    t.equal(await holds(value), true);
    await put('r/2', 'other');
    t.equal(await holds(value), false);
    t.equal(await holds({ ...range, target: 'version', relation: 'greater', is: 0 }), true);
    t.equal(await holds({ ...range, target: 'version', is: 1 }), false);
    const empty = { key: key('r/9'), end: key('r/99') };
    t.equal(await holds({ ...empty, target: 'version', is: 0 }), true, 'no key: as an absent one');
    t.equal(await holds({ ...empty, target: 'value', is: bytes('') }), false);
    const reversed = { key: key('r/3'), end: key('r/1') };
    t.equal(await holds({ ...reversed, target: 'version', is: 0 }), true, 'an empty range: as an absent key');
  });

  t.test('all comparisons must hold; the other branch runs otherwise', async (t) => {
    await remove('branch');
    const absent = { key: key('branch'), target: 'version', is: 0 } as const;
    const create = {
      compare: [absent],
      success: [putOf('branch', 'made')],
      failure: [putOf('branch', 'there')],
    };
    t.equal((await store.transact(create)).succeeded, true);
    t.equal(text((await get('branch'))!.value), 'made');
    const both = { ...create, compare: [{ key: key('nobody'), target: 'version', is: 0 } as const, absent] };
    t.equal((await store.transact(both)).succeeded, false);
    t.equal(text((await get('branch'))!.value), 'there');
  });

  t.test('a transaction is one revision, and sees its own writes', async (t) => {
    const { revision } = await store.range(all);
    const result = await store.transact({
      success: [
        putOf('one', '1'),
        { operation: 'range', key: key('one') },
        putOf('two', '2'),
        { operation: 'delete', key: key('branch'), previous: true },
        { operation: 'range', key: key('branch') },
      ],
    });
    t.equal(result.revision, revision + 1);
    const [one, two] = [(await get('one'))!, (await get('two'))!];
    t.same([one.modifyRevision, two.modifyRevision], [revision + 1, revision + 1]);
    t.same(
      result.results.map((item) => item.operation),
      ['put', 'range', 'put', 'delete', 'range'],
    );
    const [, seen, , deleted, gone] = result.results as [unknown, Range, unknown, Delete, Range];
    t.equal(text(seen.items[0]!.value), '1');
    t.same([deleted.deleted, text(deleted.previous[0]!.value)], [1, 'there']);
    t.equal(gone.count, 0);
  });

  t.test('what changes nothing has no revision', async (t) => {
    const { revision } = await store.range(all);
    const result = await store.transact({
      success: [
        { operation: 'delete', key: key('absent') },
        { operation: 'range', ...all },
      ],
    });
    t.equal(result.revision, revision);
    t.same((result.results[0] as Delete).deleted, 0);
    t.equal((await store.transact({ success: [] })).revision, revision);
  });

  t.test('previous versions come where asked for', async (t) => {
    await put('p', 'old');
    const asked: Operation = { operation: 'put', key: key('p'), value: bytes('new'), previous: true };
    const first = (await store.transact({ success: [asked] })).results[0] as Put;
    t.equal(text(first.previous!.value), 'old');
    const unasked = (await store.transact({ success: [putOf('p', 'newer')] })).results[0] as Put;
    t.equal(unasked.previous, null);
    const fresh: Operation = { operation: 'put', key: key('p2'), value: bytes(''), previous: true };
    t.equal(((await store.transact({ success: [fresh] })).results[0] as Put).previous, null);
    const range: Operation = { operation: 'delete', key: key('p'), end: key('q'), previous: true };
    const removed = (await store.transact({ success: [range] })).results[0] as Delete;
    t.equal(removed.deleted, 2);
    t.same(
      removed.previous.map((item) => text(item.value)),
      ['newer', ''],
    );
  });

  t.test('keepValue and keepLease', async (t) => {
    const { id } = await store.grantLease(0, 600);
    await put('keep', 'value', id);
    await store.transact({ success: [{ ...putOf('keep', 'other'), keepLease: true } as Operation] });
    t.same([text((await get('keep'))!.value), (await get('keep'))!.lease], ['other', id]);
    await store.transact({ success: [{ ...putOf('keep', ''), keepValue: true } as Operation] });
    t.same([text((await get('keep'))!.value), (await get('keep'))!.lease], ['other', 0]);
    t.equal((await get('keep'))!.version, 3);
    for (const kept of [{ keepValue: true }, { keepLease: true }]) {
      const operation = { operation: 'put', key: key('none'), value: bytes(''), ...kept } as const;
      t.equal(await codeOf(store.transact({ success: [operation] })), 'keyNotFound');
    }
    const both = { ...putOf('keep', 'given'), keepValue: true } as Operation;
    t.equal(await codeOf(store.transact({ success: [both] })), 'invalid');
    const lease = { ...putOf('keep', ''), keepLease: true, lease: id } as Operation;
    t.equal(await codeOf(store.transact({ success: [lease] })), 'invalid');
    await store.revokeLease(id);
  });

  t.test('a transaction within a transaction', async (t) => {
    const inner = (value: string): Operation => ({
      operation: 'transaction',
      compare: [{ key: key('nest'), target: 'version', is: 0 }],
      success: [putOf('nest', value)],
      failure: [{ operation: 'range', key: key('nest') }],
    });
    const first = await store.transact({ success: [inner('in'), putOf('nest2', 'x')] });
    const made = first.results[0] as Nested;
    t.same([made.succeeded, made.results[0]?.operation], [true, 'put']);
    t.equal((await get('nest'))!.modifyRevision, first.revision);
    const second = (await store.transact({ success: [inner('in')] })).results[0] as Nested;
    t.same([second.succeeded, text((second.results[0] as Range).items[0]!.value)], [false, 'in']);
  });

  t.test('a key can be changed once only', async (t) => {
    const nested = (success: Operation[], failure: Operation[]): Operation => ({
      operation: 'transaction',
      compare: [],
      success,
      failure,
    });
    const wrong: Operation[][] = [
      [putOf('dup', '1'), putOf('dup', '2')],
      [putOf('dup', '1'), { operation: 'delete', key: key('dup') }],
      [{ operation: 'delete', ...all }, putOf('dup', '1')],
      [putOf('dup', '1'), nested([putOf('dup', '2')], [])],
      [nested([putOf('dup', '1')], []), nested([], [putOf('dup', '2')])],
    ];
    for (const success of wrong) {
      t.equal(await codeOf(store.transact({ success })), 'invalid');
      const failing = { compare: [], success: [], failure: success };
      t.equal(await codeOf(store.transact(failing)), 'invalid', 'in the branch that does not run too');
    }
    t.equal(await get('dup'), undefined, 'nothing of it was done');
    const fine = [
      nested([putOf('dup', '1')], [putOf('dup', '2')]),
      { operation: 'range', key: key('dup') } as const,
    ];
    t.equal(await codeOf(store.transact({ success: fine })), 'no error', 'branches exclude each other');
    const twice: Operation[] = [
      { operation: 'delete', key: key('dup') },
      { operation: 'delete', ...all },
    ];
    t.equal(await codeOf(store.transact({ success: twice })), 'no error', 'deleting twice is harmless');
  });

  t.test('a transaction that fails midway changes nothing', async (t) => {
    const { revision } = await store.range(all);
    const failing: Operation = { operation: 'put', key: key('half2'), value: bytes('x'), lease: 424_242 };
    t.equal(await codeOf(store.transact({ success: [putOf('half', 'x'), failing] })), 'leaseNotFound');
    t.equal(await get('half'), undefined);
    t.equal((await store.range(all)).revision, revision);
  });

  t.test('transactions at once are one after the other', async (t) => {
    await put('counter', '0');
    let retries = 0;
    const increment = async (): Promise<void> => {
      for (;;) {
        const { value, modifyRevision } = (await get('counter'))!;
        const compare = [{ key: key('counter'), target: 'modifyRevision', is: modifyRevision } as const];
        const next = putOf('counter', String(Number(text(value)) + 1));
        if ((await store.transact({ compare, success: [next] })).succeeded) return;
        retries += 1;
      }
    };
    await Promise.all(Array.from({ length: 20 }, increment));
    t.equal(text((await get('counter'))!.value), '20', `${retries} were repeated`);
  });
}

type Put = Extract<OperationResult, { operation: 'put' }>;
type Delete = Extract<OperationResult, { operation: 'delete' }>;
type Range = Extract<OperationResult, { operation: 'range' }>;
type Nested = Extract<OperationResult, { operation: 'transaction' }>;
