import path from 'node:path';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import type { Configuration, Entry, LogIndex, Term } from '../../raft/types.ts';
import { type Command, encodeCommand, findProblem, type Operation, prefixEnd } from './commands.ts';
import { openStateMachine, type StateMachine } from './state-machine.ts';
import { openForWriting } from './tables.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (content: Uint8Array): string => new TextDecoder().decode(content);
const noConfiguration = (): Configuration => ({ voters: [], outgoing: [], learners: [] });

let lastId = 0;
function transaction(...success: Operation[]): Command {
  lastId += 1;
  return { kind: 'transaction', id: `id-${lastId}`, compare: [], success, failure: [] };
}
const put = (key: string, value: string): Operation => ({
  operation: 'put',
  key: bytes(key),
  value: bytes(value),
});
const del = (key: string): Operation => ({ operation: 'delete', key: bytes(key) });

/** Applies commands as the next entries and returns their results. */
function applyAll(machine: StateMachine, ...commands: Command[]) {
  const first = machine.applied().index + 1;
  const entries = commands.map(
    (command, i): Entry => ({
      index: (first + i) as LogIndex,
      term: 1 as Term,
      kind: 'command',
      data: encodeCommand(command),
    }),
  );
  return [...machine.apply(entries, noConfiguration).values()];
}

function open(t: Test): StateMachine {
  const machine = openStateMachine(path.join(t.testdir({}), 'state.db'));
  t.teardown(() => machine.close());
  return machine;
}

t.test('apply gives every change a revision of its own and counts versions', async (t) => {
  const machine = open(t);
  const [first, second, third] = applyAll(
    machine,
    transaction(put('a', '1')),
    transaction(put('a', '2'), put('b', 'x')),
    transaction(del('missing')),
  );
  t.match(first, { kind: 'transaction', revision: 1, succeeded: true });
  t.match(second, { revision: 2 });
  t.match(third, { revision: 2, results: [{ operation: 'delete', deleted: 0 }] });
  t.match(machine.view.get(bytes('a')), { createRevision: 1, modifyRevision: 2, version: 2 });
});

t.test('apply runs the failure branch when a comparison does not hold', async (t) => {
  const machine = open(t);
  const create: Command = {
    kind: 'transaction',
    id: 'create',
    compare: [{ target: 'modifyRevision', key: bytes('lock'), is: 0 }],
    success: [put('lock', 'mine')],
    failure: [{ operation: 'range', key: bytes('lock') }],
  };
  const [won, lost] = applyAll(machine, create, { ...create, id: 'again' });
  t.match(won, { succeeded: true });
  t.match(lost, { succeeded: false, results: [{ operation: 'range', more: false }] });
});

t.test('apply applies a command that was proposed twice only once and repeats its answer', async (t) => {
  const machine = open(t);
  const command = transaction(put('counter', '1'));
  const [first, other, again] = applyAll(machine, command, transaction(put('other', 'x')), command);
  t.same(again, first);
  t.match(other, { revision: 2 });
  t.equal(machine.view.get(bytes('counter'))?.version, 1);
});

t.test('apply skips entries that were applied before', async (t) => {
  const machine = open(t);
  const entry: Entry = {
    index: 1 as LogIndex,
    term: 1 as Term,
    kind: 'command',
    data: encodeCommand(transaction(put('a', '1'))),
  };
  t.equal(machine.apply([entry], noConfiguration).size, 1);
  t.equal(machine.apply([entry], noConfiguration).size, 0);
  t.equal(machine.view.number('revision'), 1);
});

t.test('apply refuses bytes that are no command, on every replica alike', async (t) => {
  const machine = open(t);
  const entry: Entry = { index: 1 as LogIndex, term: 1 as Term, kind: 'command', data: bytes('garbage') };
  t.match(machine.apply([entry], noConfiguration).get(1 as LogIndex), { kind: 'refused' });
  t.equal(machine.applied().index, 1);
});

t.test('range reads any kept revision, compaction says which is the oldest', async (t) => {
  const machine = open(t);
  applyAll(
    machine,
    transaction(put('a', '1')),
    transaction(put('a', '2')),
    transaction(del('a')),
    transaction(put('b', '1')),
  );
  const at = (revision: number) => machine.view.range({ key: bytes('a'), revision });
  t.match(at(2), { kind: 'range', items: [{ modifyRevision: 2 }] });
  t.match(at(3), { kind: 'range', items: [] });
  t.match(at(9), { kind: 'future', revision: 4 });
  const [compacted, again] = applyAll(
    machine,
    { kind: 'compact', id: 'c1', revision: 3 },
    { kind: 'compact', id: 'c2', revision: 3 },
  );
  t.match(compacted, { kind: 'compacted' });
  t.match(again, { kind: 'refused' });
  t.match(at(2), { kind: 'compacted', oldest: 3 });
  t.match(at(3), { kind: 'range', items: [] });
  const all = { key: bytes('a'), end: bytes('z') };
  t.match(machine.view.changes(all, 3, 100), { kind: 'compacted', oldest: 4 });
  t.match(machine.view.changes(all, 4, 100), {
    kind: 'changes',
    through: 4,
    changes: [{ revision: 4, type: 'put' }],
  });
});

t.test('state survives being closed and opened again', async (t) => {
  const file = path.join(t.testdir({}), 'state.db');
  const first = openStateMachine(file);
  applyAll(first, transaction(put('a', '1')));
  first.close();
  const second = openStateMachine(file);
  t.teardown(() => second.close());
  t.equal(text(second.view.get(bytes('a'))?.value ?? new Uint8Array()), '1');
  t.same(second.applied(), { index: 1, term: 1 });
});

t.test('openForWriting refuses a file of another version and a file that is no database', async (t) => {
  const directory = t.testdir({
    'junk.db': 'this is not a database, and long enough to be looked at '.repeat(40),
  });
  const file = path.join(directory, 'state.db');
  const database = openForWriting(file);
  database.pragma('user_version = 99');
  database.close();
  t.throws(() => openForWriting(file), { code: 'version' });
  t.throws(() => openForWriting(path.join(directory, 'junk.db')), { code: 'corrupt' });
});

t.test('findProblem refuses oversized, empty and doubly changed keys', async (t) => {
  t.equal(findProblem(transaction(put('a', '1'))), null);
  t.match(findProblem(transaction(put('', '1'))), /1 to 4096 bytes/);
  t.match(findProblem(transaction(put('a', 'x'.repeat(2_000_000)))), /1 MiB/);
  t.match(findProblem(transaction(put('a', '1'), del('a'))), /one key twice/);
});

t.test('prefixEnd is the first key after all that start with the prefix', async (t) => {
  t.same(prefixEnd(bytes('ab')), bytes('ac'));
  t.same(prefixEnd(new Uint8Array([1, 0xff])), new Uint8Array([2]));
});

t.test('view agrees with a plain map at every revision, whatever the history', async (t) => {
  const key = fc.constantFrom('a', 'b', 'c');
  const step = fc.oneof(
    fc.record({ kind: fc.constant('put' as const), key, value: fc.string({ maxLength: 3 }) }),
    fc.record({ kind: fc.constant('del' as const), key }),
  );
  let run = 0;
  const directory = t.testdir({});
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      run += 1;
      const machine = openStateMachine(path.join(directory, `${run}.db`));
      const model = new Map<string, string>();
      const history: Map<string, string>[] = [new Map()];
      for (const each of steps) {
        const before = machine.view.number('revision');
        applyAll(machine, transaction(each.kind === 'put' ? put(each.key, each.value) : del(each.key)));
        if (each.kind === 'put') model.set(each.key, each.value);
        else model.delete(each.key);
        if (machine.view.number('revision') > before) history.push(new Map(model));
      }
      history.forEach((expected, revision) => {
        if (revision === 0) return;
        const read = machine.view.range({ key: bytes('a'), end: bytes('z'), revision });
        const items = read.kind === 'range' ? read.items : [];
        const found = new Map(items.map((item) => [text(item.key), text(item.value)]));
        if (JSON.stringify([...found].sort()) !== JSON.stringify([...expected].sort())) {
          throw new Error(`revision ${revision}: ${JSON.stringify([...found])}`);
        }
      });
      machine.close();
    }),
    { numRuns: 60 },
  );
  t.ok(run >= 60);
});
