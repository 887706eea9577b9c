import t from 'tap';
import { isJoint } from './configuration.ts';
import { ELECTION_TICKS, Network, nodeIds } from './testing/network.ts';
import type { LogIndex, NodeId, Term } from './types.ts';

const [a, b, c, d] = nodeIds('abcd') as [NodeId, NodeId, NodeId, NodeId];

/** A cluster led by its first node, with an entry of its term committed everywhere. */
function ledBy(names: string, learners = '', settings: { seed?: number } = {}): Network {
  const network = new Network(names, { learners, ...settings });
  network.elect(names[0]!);
  network.run(3);
  return network;
}

function configurationOf(network: Network, id: string): string {
  const { voters, outgoing, learners } = network.raft(id).status().configuration;
  return `${voters.join('')}/${outgoing.join('')}/${learners.join('')}`;
}

t.test(
  'Raft lets blank nodes join as learners, and makes them voters when they have caught up (4.2.1)',
  async (t) => {
    const network = ledBy('a');
    network.add(b);
    network.add(c);
    network.propose('a', 'x');
    network.settle();
    t.equal(network.change('a', 'a', 'b').kind, 'accepted');
    network.settle();
    t.equal(network.change('a', 'a', 'bc').kind, 'accepted');
    t.match(network.change('a', 'abc'), { kind: 'busy', reason: /has caught up|under way/ });
    network.run(3);
    t.equal(network.change('a', 'ab', 'c').kind, 'accepted');
    network.run(3);
    t.equal(network.change('a', 'abc').kind, 'accepted');
    network.run(3);
    for (const id of 'abc') t.equal(configurationOf(network, id), 'abc//');
    network.node('a').crash();
    network.runUntil('a leader among the new ones', () => network.leader() !== null);
    for (const id of 'bc') t.same(network.node(id).commands, ['x']);
  },
);

t.test('Raft refuses to promote a learner that lags, is silent, or is none (4.2.1)', async (t) => {
  const network = ledBy('abc', 'l');
  t.match(network.change('a', 'abcz'), { kind: 'busy', reason: /node z/ });
  network.isolate('l');
  for (let number = 0; number < 200; number++) network.propose('a', `${number}`);
  network.settle();
  t.match(network.change('a', 'abcl'), { kind: 'busy', reason: /node l/ });
  network.heal();
  network.run(5);
  t.equal(network.change('a', 'abcl').kind, 'accepted');
});

t.test('Raft refuses a second change while one is under way, and a wrong one always (4.1)', async (t) => {
  const network = ledBy('abc', 'xy');
  t.equal(network.change('a', 'abcx', 'y').kind, 'accepted');
  t.match(network.change('a', 'abcxy'), { kind: 'busy', reason: /under way/ });
  network.run(2);
  t.match(network.change('a', ''), { kind: 'busy', reason: /no voters/ });
  t.match(network.change('a', 'aab'), { kind: 'busy', reason: /repeated/ });
  t.match(network.change('a', 'ab', 'b'), { kind: 'busy', reason: /both/ });
  t.match(network.change('b', 'ab'), { kind: 'notLeader', leader: a });
});

t.test(
  'Raft refuses a change before the leader has committed in its own term (bug of 2015, 4.1)',
  async (t) => {
    const network = ledBy('abcd', 'e');
    // a adds e as a voter, but nobody else hears of it.
    for (const id of 'bcd') network.isolate(id);
    t.equal(network.change('a', 'abcde').kind, 'accepted');
    network.settle();
    t.equal(configurationOf(network, 'e'), 'abcde//');
    network.heal();
    network.isolate('a');
    network.isolate('e');
    // b leads the next term, and wants to remove a at once.
    network.passes = (m) => m.type !== 'appendRequest';
    network.elect('b');
    t.match(network.change('b', 'bcd'), { kind: 'busy', reason: /not yet committed an entry of its term/ });
    network.passes = () => true;
    network.run(3);
    t.equal(network.change('b', 'bcd').kind, 'accepted');
    network.run(1);
    network.propose('b', 'kept');
    network.run(1);
    // a, d and e would be a majority of a's configuration; d now knows better.
    network.heal();
    for (const id of 'bc') network.isolate(id);
    network.run(5 * ELECTION_TICKS);
    t.equal(network.leader(), null);
    network.heal();
    network.runUntil('a leader', () => network.leader() !== null);
    t.ok(network.node(network.leader()!).commands.includes('kept'));
  },
);

t.test('Raft falls back to the configuration before when the newer one is truncated (4.1)', async (t) => {
  const network = ledBy('abc', 'l');
  for (const id of 'bcl') network.isolate(id);
  t.equal(network.change('a', 'abcl').kind, 'accepted');
  t.equal(configurationOf(network, 'a'), 'abcl//');
  network.run(ELECTION_TICKS);
  network.heal();
  network.isolate('a');
  network.runUntil('another leader', () => network.leader() !== null);
  network.heal();
  network.run(3);
  t.equal(configurationOf(network, 'a'), 'abc//l');
});

t.test('Raft goes through a joint configuration for more than one voter, and leaves it (4.3)', async (t) => {
  const network = ledBy('abc', 'xyz');
  let sawJoint = false;
  network.passes = () => {
    sawJoint ||= isJoint(network.raft('b').status().configuration);
    return true;
  };
  t.equal(network.change('a', 'axy', 'b').kind, 'accepted');
  t.equal(configurationOf(network, 'a'), 'axy/abc/b');
  network.run(3);
  t.ok(sawJoint);
  for (const id of 'axyb') t.equal(configurationOf(network, id), 'axy//b');
  t.equal(network.raft('a').status().changing, false);
});

t.test('Raft needs both majorities while joint (4.3)', async (t) => {
  for (const lost of ['bc', 'xy']) {
    const network = ledBy('abc', 'xy');
    for (const id of lost) network.isolate(id);
    t.equal(network.change('a', 'axy').kind, 'accepted');
    const { commit } = network.raft('a').status();
    network.settle();
    t.equal(network.raft('a').status().commit, commit, `without ${lost}`);
    network.heal();
    network.run(3);
    t.equal(configurationOf(network, 'a'), 'axy//');
  }
});

t.test('Raft finishes a joint change that its leader left behind (4.3)', async (t) => {
  const network = ledBy('abc', 'xy');
  t.equal(network.change('a', 'axy').kind, 'accepted');
  network.passes = (m) => m.type !== 'appendResponse';
  network.run(1);
  network.node('a').crash();
  network.passes = () => true;
  network.runUntil('the change is finished', () => {
    const leader = network.leader();
    return leader !== null && configurationOf(network, leader) === 'axy//';
  });
});

t.test(
  'Raft as a leader that removes itself leads until that is committed, then steps down (4.2.2)',
  async (t) => {
    const network = ledBy('abc');
    network.isolate('c');
    t.equal(network.change('a', 'bc').kind, 'accepted');
    network.run(2);
    t.equal(network.role('a'), 'leader', 'it does not count itself: c is needed');
    network.heal();
    network.run(3);
    t.equal(network.role('a'), 'follower');
    network.run(5 * ELECTION_TICKS);
    t.equal(network.role('a'), 'follower', 'it does not stand again');
    t.ok(['b', 'c'].includes(network.leader() ?? ''));
    for (const id of 'bc') t.equal(configurationOf(network, id), 'bc//');
  },
);

t.test('Raft lets a removed leader stand again when only it has the removal (4.2.2)', async (t) => {
  const network = ledBy('ab');
  network.passes = (m) => m.type !== 'appendRequest';
  t.equal(network.change('a', 'b').kind, 'accepted');
  network.run(2 * ELECTION_TICKS);
  network.node('a').crash();
  network.node('a').restart();
  network.passes = () => true;
  network.runUntil('the removal is committed', () => configurationOf(network, 'b') === 'b//');
  network.runUntil('b leads', () => network.role('b') === 'leader');
});

t.test('Raft is not disturbed by a removed node that does not know it (4.2.3)', async (t) => {
  const network = ledBy('abcd');
  network.isolate('d');
  t.equal(network.change('a', 'abc').kind, 'accepted');
  network.run(2);
  network.heal();
  network.run(10 * ELECTION_TICKS);
  t.match(network.raft('a').status(), { role: 'leader', term: 1 });
});

t.test('Raft takes the vote of a voter that does not know yet that it is one (4.1)', async (t) => {
  const network = ledBy('abc', 'd');
  // The entry that promotes d reaches b, but neither c nor d.
  network.isolate('c');
  network.cut('a', 'd');
  t.equal(network.change('a', 'abcd').kind, 'accepted');
  network.settle();
  t.equal(configurationOf(network, 'd'), 'abc//d');
  network.node('a').crash();
  network.heal();
  network.runUntil('a leader without a', () => network.leader() !== null);
  network.run(3);
  t.equal(configurationOf(network, 'd'), 'abcd//');
});

t.test(
  'Raft of a member removed and re-added without its log elects no second leader in the term (4.1)',
  async (t) => {
    const network = ledBy('abc', 'd');
    network.change('a', 'abcd');
    network.run(2);
    // d never voted in this term, but knows who leads it; its disk keeps term and vote, and nothing else.
    const { term } = network.raft('a').status();
    const node = network.node('d');
    t.match(node.disk.hardState, { term, vote: a });
    network.change('a', 'abc');
    network.run(2);
    node.crash();
    node.disk = {
      ...node.disk,
      base: { index: 0, term: 0, configuration: { voters: [], outgoing: [], learners: [] } } as never,
    };
    node.disk.entries = [];
    // Without this the node would keep silent, since it knows that it has let go of entries.
    node.disk.hardState = { ...node.disk.hardState!, commit: 0 as LogIndex };
    node.machine.length = 0;
    node.restart();
    const rival = { type: 'voteRequest', from: c, to: d, term, preVote: false, transfer: false } as const;
    node.raft.step({ ...rival, lastIndex: 99 as LogIndex, lastTerm: (term - 1) as Term });
    node.takeAll();
    while (node.unsynced.length > 0) node.syncOne();
    t.match(network.wire, [{ type: 'voteResponse', granted: false }]);
    network.wire = [];
    t.equal(network.change('a', 'abc', 'd').kind, 'accepted');
    network.run(3);
    t.equal(configurationOf(network, 'd'), 'abc//d');
  },
);
