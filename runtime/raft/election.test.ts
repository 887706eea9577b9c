import t from 'tap';
import { ELECTION_TICKS, Network, nodeIds } from './testing/network.ts';
import type { LogIndex, Message, NodeId, Term } from './types.ts';

const [a, b, c] = nodeIds('abc') as [NodeId, NodeId, NodeId];

function voteRequest(from: NodeId, to: NodeId, term: number, more: Partial<Message> = {}): Message {
  const lastIndex = 100 as LogIndex;
  const lastTerm = (term - 1) as Term;
  const request = { type: 'voteRequest', from, to, term: term as Term, preVote: false, transfer: false };
  return { ...request, lastIndex, lastTerm, ...more } as Message;
}

t.test('Raft elects one leader when time passes (3.4)', async (t) => {
  const network = new Network('abc');
  network.runUntil('a leader', () => network.leader() !== null);
  const leader = network.leader();
  network.run(5);
  for (const node of network.nodes.values()) t.equal(node.raft.status().leader, leader);
});

t.test('Raft of a single voter leads and commits as soon as its disk has done its work', async (t) => {
  const network = new Network('a');
  for (let ticks = 0; ticks < 2 * ELECTION_TICKS; ticks++) network.raft('a').tick();
  network.node('a').takeAll();
  t.equal(network.role('a'), 'candidate', 'its own vote is not on disk yet');
  network.settle();
  t.equal(network.role('a'), 'leader');
  network.propose('a', 'x');
  t.same(network.node('a').commands, []);
  network.settle();
  t.same(network.node('a').commands, ['x']);
});

t.test('Raft asks for votes only when its term and its own vote are on disk (3.8)', async (t) => {
  const network = new Network('abc');
  for (let ticks = 0; ticks < 2 * ELECTION_TICKS; ticks++) network.raft('a').tick();
  const grant = { type: 'voteResponse', from: b, to: a, preVote: true, granted: true } as const;
  network.raft('a').step({ ...grant, term: 1 as Term });
  network.wire = [];
  network.node('a').takeAll();
  t.equal(network.role('a'), 'candidate');
  t.notOk(network.wire.some((m) => m.type === 'voteRequest' && !m.preVote));
  while (network.node('a').unsynced.length > 0) network.node('a').syncOne();
  t.equal(network.wire.filter((m) => m.type === 'voteRequest' && !m.preVote).length, 2);
  t.equal(network.role('a'), 'candidate', 'one vote is no majority');
});

t.test('Raft grants a repeated vote request again, and no other one in that term (3.4)', async (t) => {
  const network = new Network('abc');
  const answers = () =>
    network.wire.splice(0).map((m) => m.type === 'voteResponse' && `${m.to} ${m.granted}`);
  for (const from of [b, b, c]) network.raft('a').step(voteRequest(from, a, 1));
  network.node('a').takeAll();
  t.same(answers(), [], 'nothing leaves before the vote is on disk (3.8)');
  network.node('a').syncOne();
  t.same(answers(), ['b true', 'b true', 'c false']);
});

t.test('Raft does not vote twice in a term when it restarts between vote and answer (3.8)', async (t) => {
  for (const synced of [false, true]) {
    const network = new Network('abc');
    const node = network.node('a');
    node.raft.step(voteRequest(b, a, 1));
    node.takeAll();
    if (synced) node.syncOne();
    node.crash();
    node.restart();
    node.raft.step(voteRequest(c, a, 1));
    node.takeAll();
    while (node.unsynced.length > 0) node.syncOne();
    const granted = network.wire.filter((m) => m.type === 'voteResponse' && m.granted).map((m) => m.to);
    t.same(granted, synced ? ['b'] : ['c']);
  }
});

t.test('Raft refuses its vote to a candidate with an older log (3.6.1)', async (t) => {
  const cases = [
    { lastTerm: 2, lastIndex: 3, granted: true },
    { lastTerm: 2, lastIndex: 2, granted: false },
    { lastTerm: 1, lastIndex: 9, granted: false },
    { lastTerm: 3, lastIndex: 1, granted: true },
  ];
  for (const { granted, lastTerm, lastIndex } of cases) {
    const network = new Network('abc');
    network.setLog('a', [1, 2, 2]);
    const last = { lastTerm: lastTerm as Term, lastIndex: lastIndex as LogIndex };
    network.raft('a').step(voteRequest(b, a, 5, last));
    network.node('a').takeAll();
    network.node('a').syncOne();
    t.match(network.wire, [{ type: 'voteResponse', granted }], `${lastTerm}.${lastIndex}`);
  }
});

t.test('Raft does not raise the term while a node is cut off, nor when it returns (9.6)', async (t) => {
  const network = new Network('abc');
  network.elect('a');
  network.isolate('c');
  network.run(10 * ELECTION_TICKS);
  t.equal(network.role('c'), 'preCandidate');
  t.equal(network.raft('c').status().term, 1);
  network.heal();
  network.run(2 * ELECTION_TICKS);
  t.equal(network.leader(), a);
  t.equal(network.raft('c').status().leader, a);
  t.equal(network.raft('a').status().term, 1);
});

t.test('Raft as a leader without its majority steps down within an election timeout (6.2)', async (t) => {
  const network = new Network('abcde');
  network.elect('a');
  for (const id of 'cde') network.isolate(id);
  network.run(ELECTION_TICKS);
  t.equal(network.role('a'), 'follower');
  network.heal();
  network.runUntil('a leader', () => network.leader() !== null);
});

t.test(
  'Raft that hears a live leader takes no part in elections, unless the leader asked (4.2.3)',
  async (t) => {
    const network = new Network('abc');
    network.elect('a');
    for (const preVote of [true, false]) {
      for (const id of [a, b]) {
        network.raft(id).step(voteRequest(c, id, 9, { preVote }));
        network.settle();
        t.equal(network.raft(id).status().term, 1);
      }
    }
    network.raft('b').step(voteRequest(c, b, 9, { transfer: true }));
    network.settle();
    t.equal(network.raft('b').status().term, 9);
  },
);

t.test('Raft as a leader steps down on a higher term in every kind of answer (3.3)', async (t) => {
  const counts = { session: 1, index: 0, hintIndex: 0, hintTerm: 0, readRound: 0 };
  const answers = [
    { type: 'voteResponse', preVote: false, granted: false },
    { type: 'appendResponse', accepted: true, ...counts },
    { type: 'appendResponse', accepted: false, ...counts },
    { type: 'heartbeatResponse', ...counts },
    { type: 'readIndexRequest', context: 'x' },
  ];
  for (const answer of answers) {
    const network = new Network('abc');
    network.elect('a');
    network.raft('a').step({ ...answer, from: b, to: a, term: 7 } as Message);
    t.match(network.raft('a').status(), { role: 'follower', term: 7 }, answer.type);
  }
});

t.test('Raft counts a pre-vote only for the campaign it was given to (9.6)', async (t) => {
  const network = new Network('abc');
  for (let ticks = 0; ticks < 2 * ELECTION_TICKS; ticks++) network.raft('a').tick();
  t.equal(network.role('a'), 'preCandidate');
  const grant = { type: 'voteResponse', from: b, to: a, preVote: true, granted: true } as const;
  network.raft('a').step({ ...grant, term: 4 as Term });
  t.equal(network.role('a'), 'preCandidate');
  network.raft('a').step({ ...grant, term: 1 as Term });
  t.equal(network.role('a'), 'candidate');
});

t.test('Raft counts one answer per voter and none of others (3.4)', async (t) => {
  const network = new Network('abcde');
  network.setLog('a', [], 1);
  for (let ticks = 0; ticks < 2 * ELECTION_TICKS; ticks++) network.raft('a').tick();
  const grant = { type: 'voteResponse', to: a, preVote: true, granted: true, term: 2 as Term } as const;
  for (const from of [b, b, 'z' as NodeId, b]) network.raft('a').step({ ...grant, from });
  t.equal(network.role('a'), 'preCandidate');
});

t.test('Raft of a learner never stands for election, but follows terms (4.2.1)', async (t) => {
  const network = new Network('ab', { learners: 'l' });
  network.elect('a');
  network.settle();
  t.equal(network.raft('l').status().leader, a);
  network.isolate('a');
  network.isolate('b');
  network.tick('l', 10 * ELECTION_TICKS);
  t.match(network.raft('l').status(), { role: 'follower', leader: null, term: 1 });
  const heartbeat = {
    type: 'heartbeat',
    from: b,
    to: 'l' as NodeId,
    term: 6 as Term,
    session: 1,
    readRound: 0,
  } as const;
  network.raft('l').step({ ...heartbeat, commit: 0 as LogIndex });
  t.match(network.raft('l').status(), { term: 6, leader: 'b' });
});

t.test('Raft with withheld votes neither votes nor stands', async (t) => {
  const network = new Network('abc', { withholdVotes: true });
  network.raft('a').step(voteRequest(b, a, 1));
  network.raft('a').step(voteRequest(b, a, 1, { preVote: true }));
  network.run(10 * ELECTION_TICKS);
  t.equal(network.leader(), null);
});

t.test('Raft brings a node that is a term ahead and its leader together again (9.6)', async (t) => {
  const network = new Network('abc');
  network.elect('a');
  network.setLog('c', [1], 5);
  network.runUntil('all follow one leader', () => {
    const seen = [...network.nodes.values()].map((node) => node.raft.status().leader);
    return seen[0] !== null && seen.every((leader) => leader === seen[0]);
  });
  t.ok(network.raft('a').status().term >= 5);
});

t.test(
  'Raft settles for all one-way link sets of three nodes in which two reach each other (9.6)',
  async (t) => {
    const links = ['ab', 'ba', 'ac', 'ca', 'bc', 'cb'];
    for (let set = 0; set < 2 ** links.length; set++) {
      const cut = links.filter((_, bit) => (set >> bit) & 1);
      const open = (from: string, to: string) => !cut.includes(from + to);
      const pair = ['ab', 'ac', 'bc'].some(([one, two]) => open(one!, two!) && open(two!, one!));
      const network = new Network('abc', { seed: set + 1 });
      network.elect('a');
      for (const link of cut) network.cut(link[0]!, link[1]!);
      network.run(10 * ELECTION_TICKS);
      const leader = network.leader();
      const { term } = network.raft(leader ?? 'a').status();
      const name = `without ${cut.join(' ') || 'any cut'}`;
      if (!pair) {
        t.equal(leader, null, `${name}: nobody may lead`);
        continue;
      }
      if (leader === null) {
        t.fail(`${name}: nobody leads`);
        continue;
      }
      network.propose(leader, 'x');
      network.run(10 * ELECTION_TICKS);
      t.same(network.node(leader).commands, ['x'], `${name}: it commits`);
      t.match(network.raft(leader).status(), { role: 'leader', term }, `${name}: and stays`);
    }
  },
);

t.test('a node that let go of its log does not vote until it holds as much again', async (t) => {
  const network = new Network('abc');
  network.setLog('a', [1, 1, 1]);
  network.setLog('b', [1, 1, 1]);
  const spare = network.node('c');
  spare.disk.hardState = { term: 1 as Term, vote: null, commit: 5 as LogIndex };
  spare.restart();
  network.cut('b', 'a');
  network.cut('b', 'c');
  network.run(60);
  t.equal(network.leader(), null, 'two of three are not enough when one has forgotten what it promised');
  t.equal(network.raft('c').status().role, 'follower', 'nor does it stand itself');
  network.heal();
  network.runUntil('a leader', () => network.leader() !== null);
  const leader = network.leader()!;
  for (const text of ['four', 'five', 'six']) network.propose(leader, text);
  network.settle();
  network.run(5);
  t.equal(spare.disk.hardState?.commit !== 5, true, 'the floor is forgotten once it is reached');
  const other = leader === 'a' ? 'b' : 'a';
  network.isolate(leader);
  network.runUntil(
    'another leader',
    () => network.role(other) === 'leader' || network.role('c') === 'leader',
  );
  t.pass('now its vote counts');
});

t.test('Raft elects another leader at once when the followers have lost touch with theirs', async (t) => {
  const network = new Network('abc');
  network.elect('a');
  network.isolate('a');
  for (const id of ['b', 'c']) t.ok(network.raft(id).lostTouch(a));
  t.notOk(network.raft('b').lostTouch(c), 'only the leader matters');
  network.raft('b').standIfLeaderless();
  network.settle();
  t.equal(network.role('b'), 'leader', 'without a tick');
  network.raft('c').standIfLeaderless();
  t.equal(network.role('c'), 'follower', 'who follows again does not stand');
});

t.test('Raft does not disturb a leader with whom one node alone has lost touch (4.2.3)', async (t) => {
  const network = new Network('abc');
  network.elect('a');
  const { term } = network.raft('a').status();
  network.raft('b').lostTouch(a);
  network.raft('b').standIfLeaderless();
  network.settle();
  network.run(3);
  t.match(network.raft('a').status(), { role: 'leader', term });
  t.match(network.raft('b').status(), { role: 'follower', leader: a, term });
});
