import fc from 'fast-check';
import t from 'tap';
import { decodeCommand, encodeCommand } from './command-codec.ts';
import { type Command, type CommandResult, findProblem } from './commands.ts';
import { type Comparison, type Operation, prefixEnd } from './model.ts';
import { decodeResult, encodeResult } from './result-codec.ts';
import { bytes, conditional, del, put, transaction } from './testing/machine.ts';

const problemOf = (...operations: Operation[]): string =>
  findProblem(transaction(...operations).body)?.text ?? 'none';

t.test('findProblem refuses what breaks a limit and says what the limit is', async (t) => {
  t.equal(problemOf(put('a', '1')), 'none');
  t.match(problemOf(put('', '1')), /key is not provided/);
  t.match(problemOf(put('k'.repeat(5000), '1')), /at most 4096/);
  t.match(problemOf(put('a', 'x'.repeat(2_000_000))), /at most 1572864/);
  t.equal(findProblem(transaction(put('a', 'x'.repeat(2_000_000))).body)?.code, 'tooLarge');
  t.match(problemOf(...Array.from({ length: 129 }, (_, i) => put(`k${i}`, ''))), /at most 128/);
  t.match(problemOf(put('a', '1', { lease: -1 })), /whole number/);
  t.match(problemOf({ operation: 'range', key: bytes('a'), limit: -5 }), /whole numbers/);
  t.match(problemOf({ operation: 'range', key: bytes('a'), revision: 1e300 }), /whole numbers/);
  for (const seconds of [0, -1, 1e10, Number.NaN])
    t.match(findProblem({ kind: 'grantLease', lease: 1, seconds })?.text, /9000000000/);
});

t.test('findProblem refuses to change one key twice in a branch, as etcd does', async (t) => {
  t.match(problemOf(put('a', '1'), put('a', '2')), /duplicate key/);
  t.match(problemOf(put('b', '1'), del('a', 'z')), /duplicate key/);
  t.equal(problemOf(del('a', 'c'), del('b', 'd')), 'none');
  const either: Operation = {
    operation: 'transaction',
    compare: [],
    success: [put('a', '1')],
    failure: [put('a', '2')],
  };
  t.equal(problemOf(either), 'none', 'only one of the two happens');
  t.match(problemOf(either, put('a', '3')), /duplicate key/);
});

t.test('findProblem refuses transactions that are nested without end', async (t) => {
  let operation: Operation = put('a', '1');
  for (let depth = 0; depth < 20; depth += 1)
    operation = { operation: 'transaction', compare: [], success: [operation], failure: [] };
  t.match(problemOf(operation), /nested deeper/);
});

const arbitraryKey = fc.uint8Array({ minLength: 1, maxLength: 8 });
const arbitraryWhole = fc.maxSafeNat();
const arbitraryComparison = fc.oneof(
  fc.record({
    target: fc.constantFrom('version', 'lease', 'modifyRevision', 'createRevision'),
    relation: fc.constantFrom('equal', 'less', 'greater', 'notEqual'),
    key: arbitraryKey,
    is: fc.maxSafeInteger(),
  }),
  fc.record({
    target: fc.constant('value'),
    relation: fc.constantFrom('equal', 'less'),
    key: arbitraryKey,
    end: arbitraryKey,
    is: fc.uint8Array(),
  }),
) as fc.Arbitrary<Comparison>;
const arbitraryOperation = fc.oneof(
  fc.record({
    operation: fc.constant('put'),
    key: arbitraryKey,
    value: fc.uint8Array(),
    lease: arbitraryWhole,
    previous: fc.boolean(),
    keepValue: fc.boolean(),
    keepLease: fc.boolean(),
  }),
  fc.record({
    operation: fc.constant('delete'),
    key: arbitraryKey,
    end: arbitraryKey,
    previous: fc.boolean(),
  }),
  fc.record({
    ...{
      operation: fc.constant('range'),
      key: arbitraryKey,
      limit: arbitraryWhole,
      revision: arbitraryWhole,
    },
    ...{
      keysOnly: fc.boolean(),
      countOnly: fc.boolean(),
      sort: fc.record({ by: fc.constantFrom('key', 'value'), descending: fc.boolean() }),
    },
    ...{
      leastModifyRevision: arbitraryWhole,
      mostModifyRevision: arbitraryWhole,
      leastCreateRevision: arbitraryWhole,
      mostCreateRevision: arbitraryWhole,
    },
  }),
) as fc.Arbitrary<Operation>;

const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, member) =>
      member instanceof Uint8Array
        ? Buffer.from(member).toString('hex')
        : member?.type === 'Buffer'
          ? Buffer.from(member.data).toString('hex')
          : member,
    ),
  );

t.test('commands come back from their bytes as they were', async (t) => {
  fc.assert(
    fc.property(fc.array(arbitraryComparison), fc.array(arbitraryOperation), (compare, operations) => {
      const nested: Operation = { operation: 'transaction', compare, success: operations, failure: [] };
      const command = conditional(compare, [...operations, nested], operations);
      t.same(plain(decodeCommand(encodeCommand(command))), plain(command));
    }),
    { numRuns: 100 },
  );
  const others: Command['body'][] = [
    { kind: 'compact', revision: 9 },
    { kind: 'grantLease', lease: 3, seconds: 60 },
    { kind: 'revokeLease', lease: 3, granted: 17 },
    { kind: 'raiseAlarm', member: '0123456789abcdef', alarm: 'noSpace' },
    { kind: 'disarm', alarm: 'corrupt' },
  ];
  for (const body of others) {
    const command = { session: 2 ** 47, sequence: 5, acknowledged: 4, body };
    t.same(decodeCommand(encodeCommand(command)), command);
  }
});

t.test('decodeCommand takes any bytes and never throws', async (t) => {
  const good = encodeCommand(transaction(put('a', '1'), del('b')));
  for (let length = 0; length < good.length; length += 1)
    t.equal(decodeCommand(good.subarray(0, length)), null);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (junk) => void decodeCommand(junk)));
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 100 }),
      (junk) => void decodeCommand(new Uint8Array([1, ...junk])),
    ),
  );
  t.equal(decodeCommand(new Uint8Array([...good, 0])), null, 'bytes after the end');
  t.equal(decodeCommand(new Uint8Array([99, ...good.subarray(1)])), null, 'another format');
});

t.test('results come back from their bytes as they were', async (t) => {
  const item = {
    key: bytes('k'),
    value: bytes('v'),
    createRevision: 1,
    modifyRevision: 2,
    version: 3,
    lease: 4,
  };
  const results: CommandResult[] = [
    { kind: 'done', revision: 8 },
    { kind: 'refused', revision: 8, code: 'compacted', reason: 'because', at: 3 },
    {
      kind: 'transaction',
      revision: 9,
      succeeded: true,
      results: [
        { operation: 'put', previous: null },
        { operation: 'put', previous: item },
        { operation: 'delete', deleted: 2, previous: [item] },
        { operation: 'range', items: [item], more: true, count: 7 },
        { operation: 'transaction', succeeded: false, results: [{ operation: 'put', previous: null }] },
      ],
    },
  ];
  for (const result of results) t.same(plain(decodeResult(encodeResult(result))), plain(result));
});

t.test('prefixEnd is the first key after all that start with the prefix', async (t) => {
  t.same(prefixEnd(bytes('ab')), bytes('ac'));
  t.same(prefixEnd(new Uint8Array([1, 0xff])), new Uint8Array([2]));
});
