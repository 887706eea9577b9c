import path from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import type { Entry, LogIndex, Term } from '../../raft/types.ts';
import { encodeCommand } from './command-codec.ts';
import type { Command } from './commands.ts';
import { openStateMachine, StateMachine } from './state-machine.ts';
import { openForWriting } from './tables.ts';
import {
  applyAll,
  bytes,
  checksum,
  command,
  conditional,
  del,
  entriesFor,
  noConfiguration,
  put,
  text,
  transaction,
} from './testing/machine.ts';

const open = (): StateMachine => openStateMachine(':memory:');
const value = (machine: StateMachine, key: string): string | null => {
  const item = machine.view.get(bytes(key));
  return item && text(item.value);
};

t.test('apply gives every change a revision of its own and counts versions', async (t) => {
  const machine = open();
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

t.test('apply applies a command that was proposed twice only once and repeats its answer', async (t) => {
  const machine = open();
  const twice = transaction(put('counter', '1'));
  const [first, other, again] = applyAll(machine, twice, transaction(put('other', 'x')), twice);
  t.same(again, first);
  t.match(other, { revision: 2 });
  t.equal(machine.view.get(bytes('counter'))?.version, 1);
});

t.test(
  'apply repeats the answer of a command that changed nothing, though it could change something now',
  async (t) => {
    const machine = open();
    const create = conditional([{ target: 'version', key: bytes('a'), is: 1 }], [put('b', 'late')]);
    const [lost, , again] = applyAll(machine, create, transaction(put('a', '1')), create);
    t.match(lost, { succeeded: false });
    t.same(again, lost, 'its caller was told that it failed');
    t.equal(value(machine, 'b'), null);
  },
);

t.test('apply refuses a command whose answer was acknowledged, or whose session is forgotten', async (t) => {
  const machine = open();
  const body = transaction(put('a', '1')).body;
  const first: Command = { session: 1, sequence: 1, acknowledged: 1, body };
  const second: Command = { session: 1, sequence: 2, acknowledged: 2, body };
  const stranger: Command = { session: 2, sequence: 9, acknowledged: 5, body };
  const [, , late, unknown] = applyAll(machine, first, second, first, stranger);
  t.match(late, { kind: 'refused', code: 'sessionExpired' });
  t.match(unknown, { kind: 'refused', code: 'sessionExpired' });
  t.equal(machine.view.get(bytes('a'))?.version, 2);
});

t.test('sessions end after a million entries of silence, at the same entry on every replica', async (t) => {
  const results = [1, 1000].map((batch) => {
    const machine = open();
    const twice: Command = {
      session: 3,
      sequence: 1,
      acknowledged: 1,
      body: transaction(put('a', '1')).body,
    };
    applyAll(machine, twice);
    const ends = 1_010_000;
    const entry = (index: number, data: Uint8Array): Entry => ({
      index: index as LogIndex,
      term: 1 as Term,
      kind: 'command',
      data,
    });
    const tail = [ends - 1, ends, ends + 1].map((index) =>
      entry(index, encodeCommand({ ...twice, session: 4, sequence: index })),
    );
    for (let at = 0; at < tail.length; at += batch)
      machine.apply(tail.slice(at, at + batch), noConfiguration);
    const again = machine.apply([entry(ends + 2, encodeCommand(twice))], noConfiguration);
    return [machine.view.get(bytes('a'))?.version, [...again.values()]];
  });
  t.same(results[0], results[1]);
  t.equal(results[0]?.[0], 5, 'a session that ended is a new one');
});

t.test('apply skips entries that were applied before, and refuses bytes that are no command', async (t) => {
  const machine = open();
  const [entry] = entriesFor(machine, [transaction(put('a', '1'))]);
  t.equal(machine.apply([entry!], noConfiguration).size, 1);
  t.equal(machine.apply([entry!], noConfiguration).size, 0);
  const garbage: Entry = { index: 2 as LogIndex, term: 1 as Term, kind: 'command', data: bytes('garbage') };
  t.match(machine.apply([garbage], noConfiguration).get(2 as LogIndex), { kind: 'refused', code: 'invalid' });
  t.equal(machine.applied().index, 2);
});

t.test('page reads any kept revision, compaction says which is the oldest', async (t) => {
  const machine = open();
  applyAll(
    machine,
    transaction(put('a', '1')),
    transaction(put('a', '2')),
    transaction(del('a')),
    transaction(put('b', '1')),
  );
  const at = (revision: number) =>
    machine.view.page({ key: bytes('a'), revision, mostItems: 10, keysOnly: false });
  t.match(at(2), { kind: 'page', items: [{ modifyRevision: 2 }] });
  t.match(at(3), { kind: 'page', items: [] });
  t.match(at(9), { kind: 'future', revision: 4 });
  const [compacted, again, future] = applyAll(
    machine,
    command({ kind: 'compact', revision: 3 }),
    command({ kind: 'compact', revision: 3 }),
    command({ kind: 'compact', revision: 99 }),
  );
  t.match(compacted, { kind: 'done' });
  t.match(again, { kind: 'refused', code: 'compacted', at: 3 });
  t.match(future, { kind: 'refused', code: 'future', at: 4 });
  t.match(at(2), { kind: 'compacted', oldest: 3 });
  t.match(machine.view.changes(2, 100, false), { kind: 'compacted', oldest: 3 });
  while (machine.sweep(10));
  t.match(machine.view.changes(3, 1, false), {
    through: 3,
    changes: [{ modifyRevision: 3, type: 'delete' }],
  });
  t.match(machine.view.changes(4, 100, false), { through: 4, changes: [{ modifyRevision: 4, type: 'put' }] });
});

t.test('page ends where it is full and says where to go on', async (t) => {
  const machine = open();
  applyAll(machine, ...Array.from({ length: 10 }, (_, i) => transaction(put(`k${i}`, 'x'.repeat(200_000)))));
  const items = machine.view.items({ key: bytes('k'), end: bytes('l') });
  t.same(
    items.map(({ key }) => text(key)),
    Array.from({ length: 10 }, (_, i) => `k${i}`),
  );
  const page = machine.view.page({
    key: bytes('k'),
    end: bytes('l'),
    revision: 0,
    mostItems: 100,
    keysOnly: false,
  });
  t.ok(page.kind === 'page' && page.next !== null && page.items.length < 10, 'bounded by bytes');
});

t.test('sweep takes away what nobody can read and leaves the checksum as it was', async (t) => {
  const machine = open();
  for (let round = 0; round < 20; round += 1)
    applyAll(
      machine,
      transaction(put('a', `${round}`), put(`k${round % 5}`, 'x')),
      transaction(del(`k${(round + 2) % 5}`)),
    );
  applyAll(machine, command({ kind: 'compact', revision: 30 }));
  const before = checksum(machine);
  const readable = machine.view.items({ key: bytes('a'), end: bytes('z') }, { revision: 31 });
  let steps = 0;
  while (machine.sweep(3)) steps += 1;
  t.ok(steps > 5, 'in several steps');
  t.equal(checksum(machine), before);
  t.same(machine.view.items({ key: bytes('a'), end: bytes('z') }, { revision: 31 }), readable);
  t.equal(machine.view.number('sweptRevision'), 30);
});

t.test('commit makes what was applied last, serialize copies it', async (t) => {
  const file = path.join(t.testdir({}), 'state.db');
  const first = openStateMachine(file);
  applyAll(first, transaction(put('a', '1')));
  t.ok(first.hasUncommitted);
  const copy = openStateMachine(first.serialize());
  t.equal(value(copy, 'a'), '1');
  applyAll(first, transaction(put('a', '2')));
  first.close();
  const second = openStateMachine(file);
  t.teardown(() => second.close());
  t.equal(value(second, 'a'), '2');
  t.same(second.applied(), { index: 2, term: 1 });
});

t.test(
  'apply takes everything since the last commit back when the space runs out, and applies it again',
  async (t) => {
    const file = path.join(t.testdir({}), 'state.db');
    const writer = openForWriting(file);
    const machine = new StateMachine(writer, file);
    t.teardown(() => machine.close());
    applyAll(machine, transaction(put('kept', '1')));
    machine.commit();
    applyAll(machine, transaction(put('pending', '1')));
    const pages = Number(writer.pragma('page_count', { simple: true }));
    writer.pragma(`max_page_count = ${pages + 2}`);
    const large = entriesFor(machine, [transaction(put('large', 'x'.repeat(100_000)))]);
    t.throws(() => machine.apply(large, noConfiguration), { code: 'full' });
    t.equal(machine.applied().index, 1, 'only what is committed counts');
    t.equal(value(machine, 'pending'), null);
    t.throws(() => machine.apply(large, noConfiguration), { code: 'full' });
    writer.pragma('max_page_count = 1000000');
    t.match([...machine.apply(large, noConfiguration).values()], [{ kind: 'transaction', revision: 3 }]);
    t.equal(value(machine, 'pending'), '1');
    t.equal(machine.applied().index, 3);
  },
);

t.test('leases hold keys, end with them, and are told apart from later ones of their id', async (t) => {
  const machine = open();
  const lease = 5;
  const results = applyAll(
    machine,
    command({ kind: 'grantLease', lease, seconds: 10 }),
    command({ kind: 'grantLease', lease, seconds: 10 }),
    transaction(put('a', '1', { lease }), put('b', '1', { lease })),
    transaction(put('b', '2')),
    transaction(put('c', '1', { lease: 99 })),
    command({ kind: 'revokeLease', lease, granted: 99 }),
  );
  t.match(results[1], { kind: 'refused', code: 'leaseExists' });
  t.match(results[4], { kind: 'refused', code: 'leaseNotFound' });
  t.match(results[5], { kind: 'refused', code: 'leaseNotFound' });
  t.same(machine.view.leaseKeys(lease).map(text), ['a'], 'a put without the lease detaches');
  const [revoked] = applyAll(machine, command({ kind: 'revokeLease', lease, granted: 1 }));
  t.match(revoked, { kind: 'done', revision: 3 });
  t.equal(value(machine, 'a'), null);
  t.equal(value(machine, 'b'), '2');
  t.same(machine.view.leases(), []);
});

t.test('a space alarm refuses what takes space until it is disarmed', async (t) => {
  const machine = open();
  const member = '0123456789abcdef';
  applyAll(machine, transaction(put('a', '1')), command({ kind: 'raiseAlarm', member, alarm: 'noSpace' }));
  const [refused, lease, deleted, , written] = applyAll(
    machine,
    transaction(put('b', '1')),
    command({ kind: 'grantLease', lease: 1, seconds: 1 }),
    transaction(del('a')),
    command({ kind: 'disarm', alarm: 'noSpace' }),
    transaction(put('b', '1')),
  );
  t.match(refused, { kind: 'refused', code: 'noSpace' });
  t.match(lease, { kind: 'refused', code: 'noSpace' });
  t.match(deleted, { kind: 'transaction', results: [{ deleted: 1 }] });
  t.match(written, { kind: 'transaction', succeeded: true });
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

t.test(
  'replicas agree whatever their batches and commits, and with a plain map at every revision',
  async (t) => {
    const key = fc.constantFrom('a', 'b', 'c');
    const step = fc.oneof(
      fc.record({ kind: fc.constant('put' as const), key, value: fc.string({ maxLength: 3 }) }),
      fc.record({ kind: fc.constant('del' as const), key }),
    );
    const cuts = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 20, maxLength: 20 });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), cuts, (steps, sizes) => {
        const commands = steps.map((each) =>
          transaction(each.kind === 'put' ? put(each.key, each.value) : del(each.key)),
        );
        const whole = open();
        const pieces = open();
        applyAll(whole, ...commands);
        for (let at = 0, i = 0; at < commands.length; i += 1) {
          const size = sizes[i % sizes.length]!;
          applyAll(pieces, ...commands.slice(at, at + size));
          if (size === 2) pieces.commit();
          at += size;
        }
        if (checksum(whole) !== checksum(pieces)) throw new Error('replicas differ');
        const model = new Map<string, string>();
        let revision = 0;
        for (const each of steps) {
          if (each.kind === 'del' && !model.has(each.key)) continue;
          if (each.kind === 'put') model.set(each.key, each.value);
          else model.delete(each.key);
          revision += 1;
          const items = whole.view.items({ key: bytes('a'), end: bytes('z') }, { revision });
          const found = items.map((item) => [text(item.key), text(item.value)]);
          if (JSON.stringify(found) !== JSON.stringify([...model].sort()))
            throw new Error(`revision ${revision}`);
        }
        whole.close();
        pieces.close();
      }),
      { numRuns: 100 },
    );
    t.pass('all histories agreed');
  },
);
