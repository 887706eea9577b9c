import t from 'tap';
import { ELECTION_TICKS, Network } from './testing/network.ts';
import type { NodeId } from './types.ts';

const b = 'b' as NodeId;

function ledByA(): Network {
  const network = new Network('abc', { learners: 'l' });
  network.elect('a');
  network.run(3);
  return network;
}

t.test('Raft hands leadership over at once, though all hear a live leader (3.10)', async (t) => {
  const network = ledByA();
  t.equal(network.raft('a').transferLeadership(b).kind, 'accepted');
  network.settle();
  t.match(network.raft('b').status(), { role: 'leader', term: 2 });
  t.match(network.raft('a').status(), { role: 'follower', leader: 'b' });
});

t.test('Raft brings the target up to date first (3.10)', async (t) => {
  const network = ledByA();
  network.isolate('b');
  network.propose('a', 'x');
  network.settle();
  t.equal(network.raft('a').transferLeadership(b).kind, 'accepted');
  network.settle();
  t.equal(network.role('a'), 'leader');
  network.heal();
  network.run(5);
  t.equal(network.leader(), b);
  t.same(network.node('b').commands, ['x']);
});

t.test('Raft takes no proposals meanwhile, and gives up after an election timeout (3.10)', async (t) => {
  const network = ledByA();
  network.isolate('b');
  network.propose('a', 'x');
  network.raft('a').transferLeadership(b);
  t.equal(network.raft('a').status().transferTarget, b);
  t.equal(network.propose('a', 'y').kind, 'busy');
  t.equal(network.change('a', 'ab').kind, 'busy');
  t.equal(network.raft('a').transferLeadership('c' as NodeId).kind, 'busy');
  network.run(ELECTION_TICKS);
  t.equal(network.raft('a').status().transferTarget, null);
  t.equal(network.propose('a', 'y').kind, 'accepted');
});

t.test('Raft hands over to voters only, and only as the leader (3.10)', async (t) => {
  const network = ledByA();
  t.match(network.raft('a').transferLeadership('l' as NodeId), { kind: 'busy', reason: /not a voter/ });
  t.match(network.raft('b').transferLeadership(b), { kind: 'notLeader', leader: 'a' });
  t.equal(network.raft('a').transferLeadership('a' as NodeId).kind, 'accepted');
  t.equal(network.raft('a').status().transferTarget, null);
});

t.test('Raft stands for election on the word of its leader only (3.10)', async (t) => {
  const network = ledByA();
  const { term } = network.raft('b').status();
  network.raft('b').step({ type: 'timeoutNow', from: 'c' as NodeId, to: b, term });
  t.match(network.raft('b').status(), { role: 'follower', term });
});
