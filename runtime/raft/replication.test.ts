import t from 'tap';
import { ELECTION_TICKS, Network, nodeIds } from './testing/network.ts';
import type { AppendRequest, LogIndex, NodeId, Term } from './types.ts';

const [a, b] = nodeIds('ab') as [NodeId, NodeId];

function proposeMany(network: Network, id: string, from: number, through: number): void {
  for (let number = from; number <= through; number++) network.propose(id, `${number}`);
}

function appends(network: Network, to: string): AppendRequest[] {
  return network.wire.filter((m) => m.type === 'appendRequest').filter((m) => m.to === to);
}

t.test(
  'Raft sends entries before its own disk has them, and counts itself only after (10.2.1)',
  async (t) => {
    const network = new Network('abc');
    network.elect('a');
    network.isolate('c');
    const { commit } = network.raft('a').status();
    network.propose('a', 'x');
    t.equal(appends(network, 'b').length, 1);
    for (const message of network.wire.splice(0)) network.deliver(message);
    network.node('b').syncOne();
    for (const message of network.wire.splice(0)) network.deliver(message);
    t.equal(network.raft('a').status().commit, commit, 'one durable copy is no majority');
    network.node('a').syncOne();
    t.equal(network.raft('a').status().commit, commit + 1);
  },
);

t.test('Raft as a follower answers for entries only when they are on its disk (3.8)', async (t) => {
  const network = new Network('ab');
  network.elect('a');
  network.propose('a', 'x');
  for (const message of network.wire.splice(0)) network.deliver(message);
  t.notOk(network.wire.some((m) => m.type === 'appendResponse'));
  network.node('b').syncOne();
  t.match(network.wire, [{ type: 'appendResponse', accepted: true }]);
});

t.test('Raft repairs the followers of figure 3.6', async (t) => {
  const logs = {
    leader: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6],
    a: [1, 1, 1, 4, 4, 5, 5, 6, 6],
    b: [1, 1, 1, 4],
    c: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6],
    d: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7],
    e: [1, 1, 1, 4, 4, 4, 4],
    f: [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
  };
  for (const [name, terms] of Object.entries(logs)) {
    const network = new Network('abc');
    for (const id of 'ab') network.setLog(id, logs.leader, 7);
    network.setLog('c', terms, 7);
    network.elect('a');
    network.run(2 * ELECTION_TICKS);
    t.same(network.terms('c'), [...logs.leader, 8], name);
  }
});

t.test('Raft finds the place where two logs part in a few messages (3.5)', async (t) => {
  const network = new Network('abc');
  const common = Array<number>(50).fill(1);
  for (const id of 'ab') network.setLog(id, [...common, ...Array<number>(300).fill(4)], 6);
  network.setLog('c', [...common, ...Array<number>(100).fill(2), ...Array<number>(100).fill(3)], 6);
  let rejections = 0;
  network.passes = (m) => {
    if (m.type === 'appendResponse' && !m.accepted) rejections++;
    return true;
  };
  network.elect('a');
  network.run(2 * ELECTION_TICKS);
  t.same(network.terms('c'), network.terms('a'));
  t.ok(rejections > 0 && rejections <= 4, `${rejections} rejections`);
});

/** Lets only entries of earlier terms through, and whatever would be rejected anyway. */
function copyOnlyEntriesBefore(network: Network, term: number): void {
  network.passes = (m) => {
    if (m.type !== 'appendRequest' || m.entries.every((entry) => entry.term < term)) return true;
    return network.node(m.to).mirror.get(m.previousIndex)?.term !== m.previousTerm;
  };
}

t.test('Raft commits no entry of an earlier term by counting its copies (figure 3.7)', async (t) => {
  const network = new Network('abcde', { maxAppendBytes: 1 });
  // (a), (b): a's entry of term 2 reached b only, then e led term 3 by itself.
  for (const id of 'cd') network.setLog(id, [1], 3);
  for (const id of 'ab') network.setLog(id, [1, 2], 3);
  network.setLog('e', [1, 3], 3);
  network.isolate('e');
  // (c): a leads again and copies its old entry to c and d, but not its new one.
  copyOnlyEntriesBefore(network, 4);
  network.elect('a');
  network.run(3);
  for (const id of 'abcd') t.same(network.terms(id).slice(0, 2), [1, 2]);
  t.equal(network.raft('a').status().commit, 0, 'held by a majority, yet not committed');
  // (d): e is elected and overwrites it everywhere.
  network.node('a').crash();
  network.heal();
  network.passes = () => true;
  network.elect('e');
  network.run(3);
  for (const id of 'bcde') t.same(network.terms(id).slice(0, 2), [1, 3]);
});

t.test('Raft commits old entries together with the first one of its own term (figure 3.7 e)', async (t) => {
  const network = new Network('abc', { maxAppendBytes: 1 });
  network.setLog('a', [1, 2], 3);
  for (const id of 'bc') network.setLog(id, [1], 3);
  copyOnlyEntriesBefore(network, 4);
  network.elect('a');
  network.run(3);
  t.equal(network.raft('a').status().commit, 0);
  network.passes = () => true;
  network.run(3);
  for (const id of 'abc') t.equal(network.raft(id).status().commit, 3);
});

t.test('Raft keeps messages and the window within their bounds (10.2.1)', async (t) => {
  const network = new Network('ab', { maxAppendBytes: 200, maxInflight: 3 });
  network.elect('a');
  network.settle();
  proposeMany(network, 'a', 1, 100);
  const sent = appends(network, 'b').filter((m) => m.entries.length > 0);
  t.equal(sent.length, 3);
  for (const { entries } of sent) t.ok(entries.reduce((sum, entry) => sum + entry.data.length, 0) <= 200);
  network.settle();
  t.equal(network.node('b').commands.length, 100);
});

t.test('Raft bounds the bytes on their way to a follower, and goes on as they arrive', async (t) => {
  const network = new Network('ab', { maxAppendBytes: 1_000, maxInflightBytes: 5_000 });
  network.elect('a');
  network.settle();
  for (let number = 0; number < 50; number++) network.raft('a').propose(new Uint8Array(468));
  network.node('a').takeAll();
  const sent = appends(network, 'b').flatMap((message) => message.entries);
  t.equal(sent.length, 10, 'ten entries of 468 bytes and 32 of overhead');
  network.settle();
  t.equal(network.raft('a').status().commit, network.raft('a').status().lastIndex);
});

t.test('Raft says from where on the log weighs no more than a bound', async (t) => {
  const network = new Network('a');
  network.elect('a');
  network.settle();
  for (let number = 0; number < 10; number++) network.raft('a').propose(new Uint8Array(68));
  network.settle();
  const { lastIndex, logBytes } = network.raft('a').status();
  t.equal(logBytes, 10 * 100 + 32);
  t.equal(network.raft('a').lowestBaseFor(300), lastIndex - 3);
  t.equal(network.raft('a').lowestBaseFor(399), lastIndex - 3);
  t.equal(network.raft('a').lowestBaseFor(0), lastIndex);
  t.equal(network.raft('a').lowestBaseFor(1_000_000), 0);
});

t.test('Raft puts proposals made in one go into one message', async (t) => {
  const network = new Network('ab');
  network.elect('a');
  network.settle();
  for (let number = 0; number < 50; number++) network.raft('a').propose(new Uint8Array(10));
  network.node('a').takeAll();
  t.match(appends(network, 'b'), [{ entries: { length: 50 } }]);
});

t.test('Raft recovers from lost messages without new proposals (3.5)', async (t) => {
  for (const lost of ['appendRequest', 'appendResponse']) {
    const network = new Network('abc', { maxInflight: 2 });
    network.elect('a');
    network.settle();
    network.passes = (m) => m.type !== lost;
    proposeMany(network, 'a', 1, 5);
    network.run(1);
    network.passes = () => true;
    network.run(2 * ELECTION_TICKS);
    for (const id of 'abc')
      t.same(network.node(id).commands, ['1', '2', '3', '4', '5'], `${lost} lost, ${id}`);
  }
});

t.test('Raft refuses proposals when too much waits to be committed', async (t) => {
  const network = new Network('abc');
  network.elect('a');
  network.settle();
  for (const id of 'bc') network.isolate(id);
  const megabyte = new Uint8Array(1024 * 1024);
  const outcomes = Array.from({ length: 40 }, () => network.raft('a').propose(megabyte).kind);
  t.equal(outcomes[0], 'accepted');
  t.equal(outcomes.at(-1), 'busy');
  network.heal();
  network.run(2);
  t.equal(network.raft('a').propose(megabyte).kind, 'accepted');
});

t.test('Raft drops late answers of an earlier stream to a node removed and re-added (session)', async (t) => {
  const network = new Network('ab', { learners: 'l' });
  network.elect('a');
  network.settle();
  const old = network
    .raft('a')
    .status()
    .progress.find((each) => each.id === 'l');
  const { lastIndex, term } = network.raft('a').status();
  t.equal(old?.match, lastIndex);
  t.equal(network.change('a', 'ab').kind, 'accepted');
  network.settle();
  network.isolate('l');
  t.equal(network.change('a', 'ab', 'l').kind, 'accepted');
  network.settle();
  const late = {
    type: 'appendResponse',
    from: 'l' as NodeId,
    to: a,
    term,
    session: 2,
    accepted: true,
  } as const;
  network.raft('a').step({ ...late, index: lastIndex, hintIndex: lastIndex, hintTerm: term });
  const now = network
    .raft('a')
    .status()
    .progress.find((each) => each.id === 'l');
  t.match(now, { match: 0, state: 'probe' });
});

t.test('Raft notices that a follower has lost what it had, and sends it again', async (t) => {
  const network = new Network('abc');
  network.elect('a');
  proposeMany(network, 'a', 1, 5);
  network.settle();
  const node = network.node('c');
  node.crash();
  node.disk.entries = node.disk.entries.slice(0, 2);
  node.machine.length = 0;
  node.disk.hardState = { ...node.disk.hardState!, commit: 0 as LogIndex };
  node.restart();
  network.run(2 * ELECTION_TICKS);
  t.equal(network.leader(), a);
  t.same(node.commands, ['1', '2', '3', '4', '5']);
});

t.test('Raft brings a follower up from a snapshot at every index (chapter 5)', async (t) => {
  for (let index = 1; index <= 12; index++) {
    const network = new Network('abc');
    network.elect('a');
    network.settle();
    network.isolate('c');
    proposeMany(network, 'a', 1, 5);
    network.settle();
    network.change('a', 'abc', 'l');
    network.settle();
    proposeMany(network, 'a', 6, 10);
    network.settle();
    network.node('a').compact(index as LogIndex);
    t.equal(network.raft('a').status().firstIndex, index + 1);
    network.heal();
    network.run(2 * ELECTION_TICKS);
    t.same(network.node('c').commands, network.node('a').commands, `compacted to ${index}`);
    t.same(network.raft('c').status().configuration, network.raft('a').status().configuration);
    network.propose('a', 'more');
    network.settle();
    t.equal(network.node('c').commands.at(-1), 'more');
  }
});

t.test('Raft asks for a snapshot again when it was not delivered, without haste (chapter 5)', async (t) => {
  const network = new Network('abc');
  network.elect('a');
  network.settle();
  network.isolate('c');
  proposeMany(network, 'a', 1, 5);
  network.settle();
  network.node('a').compact(network.node('a').appliedIndex);
  network.heal();
  network.shipsSnapshots = false;
  let asked = 0;
  for (let ticks = 0; ticks < 20; ticks++) {
    network.run(1);
    for (const { to, session } of network.wantedSnapshots.splice(0)) {
      asked++;
      network.raft('a').snapshotFailed(to, session);
    }
  }
  t.ok(asked > 2 && asked <= 20, `asked ${asked} times`);
  network.shipsSnapshots = true;
  network.run(5);
  t.same(network.node('c').commands, network.node('a').commands);
});

t.test('Raft keeps the log that a follower needs while its snapshot is on the way (chapter 5)', async (t) => {
  const network = new Network('abc');
  network.elect('a');
  network.settle();
  network.isolate('c');
  proposeMany(network, 'a', 1, 5);
  network.settle();
  network.node('a').compact(network.node('a').appliedIndex);
  const at = network.node('a').appliedIndex;
  network.heal();
  network.shipsSnapshots = false;
  network.run(3);
  t.equal(network.wantedSnapshots.length, 1);
  proposeMany(network, 'a', 6, 9);
  network.settle();
  t.equal(network.raft('a').compact(network.node('a').appliedIndex).index, at);
  network.shipsSnapshots = true;
  network.run(5);
  t.same(network.node('c').commands, network.node('a').commands);
  t.ok(network.raft('a').compact(network.node('a').appliedIndex).index > at);
});

t.test('Raft ignores a commit index beyond what it knows to agree with the leader', async (t) => {
  const network = new Network('abc');
  network.setLog('a', [1, 1, 1], 1);
  const heartbeat = { type: 'heartbeat', from: b, to: a, term: 2 as Term, session: 1, readRound: 0 } as const;
  network.raft('a').step({ ...heartbeat, commit: 3 as LogIndex });
  t.equal(network.raft('a').status().commit, 0);
});

t.test('Raft never takes back what is committed, whatever a leader says', async (t) => {
  const network = new Network('ab');
  network.elect('a');
  proposeMany(network, 'a', 1, 3);
  network.run(3);
  const entry = { index: 1 as LogIndex, term: 9 as Term, kind: 'empty', data: new Uint8Array(0) } as const;
  const append = {
    type: 'appendRequest',
    from: a,
    to: b,
    term: 9 as Term,
    session: 1,
    entries: [entry],
  } as const;
  const zero = { previousIndex: 0 as LogIndex, previousTerm: 0 as Term, commit: 1 as LogIndex };
  network.raft('b').step({ ...append, ...zero });
  t.same(network.terms('b').slice(0, 4), [1, 1, 1, 1]);
});

t.test('Raft vouches in its hard state only for what its disk already holds (3.8)', async (t) => {
  const network = new Network('abc');
  network.setLog('a', [1, 2], 2);
  const entry = { index: 2 as LogIndex, term: 3 as Term, kind: 'empty', data: new Uint8Array(0) } as const;
  const append = {
    type: 'appendRequest',
    from: b,
    to: a,
    term: 3 as Term,
    session: 1,
    entries: [entry],
  } as const;
  const rest = { previousIndex: 1 as LogIndex, previousTerm: 1 as Term, commit: 2 as LogIndex };
  network.raft('a').step({ ...append, ...rest });
  const { hardState } = network.raft('a').takeReady();
  t.match(hardState, { term: 3, commit: 1 }, 'the disk still has another entry at 2');
});

t.test('Raft counts no entry as durable that a later write replaces (10.2.1)', async (t) => {
  const network = new Network('abc');
  network.setLog('a', [], 1);
  const append = (term: number, data: number) => {
    const entry = {
      index: 1 as LogIndex,
      term: term as Term,
      kind: 'command',
      data: Uint8Array.of(data),
    } as const;
    const place = { previousIndex: 0 as LogIndex, previousTerm: 0 as Term, commit: 0 as LogIndex };
    const addressed = { from: term === 2 ? b : ('c' as NodeId), to: a, term: term as Term, session: 1 };
    network.raft('a').step({ type: 'appendRequest', ...addressed, ...place, entries: [entry] });
    return network.raft('a').takeReady().number;
  };
  const replaced = append(2, 1);
  const replacing = append(3, 2);
  network.raft('a').persisted(replaced);
  const heartbeat = {
    type: 'heartbeat',
    from: 'c' as NodeId,
    to: a,
    term: 3 as Term,
    session: 1,
    readRound: 0,
  } as const;
  network.raft('a').step({ ...heartbeat, commit: 1 as LogIndex });
  network.raft('a').step({ ...heartbeat, term: 4 as Term, commit: 0 as LogIndex });
  t.equal(network.raft('a').takeReady().hardState?.commit, 0);
  network.raft('a').persisted(replacing);
  network.raft('a').step({ ...heartbeat, term: 5 as Term, commit: 0 as LogIndex });
  t.equal(network.raft('a').takeReady().hardState?.commit, 1);
});

t.test(
  'Raft as a leader knows as committed what its state machine had applied before a restart',
  async (t) => {
    const network = new Network('abc');
    network.elect('a');
    proposeMany(network, 'a', 1, 5);
    network.settle();
    const node = network.node('a');
    const applied = node.appliedIndex;
    node.disk.hardState = { ...node.disk.hardState!, commit: 0 as LogIndex };
    node.crash();
    node.restart();
    for (const id of 'bc') network.isolate(id);
    t.equal(network.raft('a').status().commit, 0);
    network.heal();
    network.passes = (m) => m.type !== 'appendResponse';
    network.elect('a');
    t.equal(network.raft('a').status().commit, applied);
  },
);

t.test(
  'a held commit index goes with the next entries, with a heartbeat, or when the driver lets it go',
  async (t) => {
    const network = new Network('abc', { holdCommitNews: true });
    network.elect('a');
    network.run(5);
    const commitOf = (id: string): number => network.raft(id).status().commit;
    const before = commitOf('b');
    network.propose('a', 'one');
    network.settle();
    t.equal(commitOf('a'), before + 1);
    t.equal(commitOf('b'), before, 'no message of its own for it');
    t.ok(network.raft('a').holdsCommitNews);
    network.propose('a', 'two');
    network.settle();
    t.equal(commitOf('b'), before + 1, 'it came with the next entry');
    network.raft('a').releaseCommitNews();
    network.node('a').takeAll();
    network.settle();
    t.equal(commitOf('b'), before + 2, 'it was let go');
    t.notOk(network.raft('a').holdsCommitNews);
    network.propose('a', 'three');
    network.settle();
    network.run(5);
    t.equal(commitOf('c'), before + 3, 'a heartbeat brought it');
  },
);
