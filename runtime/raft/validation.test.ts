/** A faulty peer: whatever it sends, a node neither throws nor loses or changes what is committed. */
import * as fc from 'fast-check';
import t from 'tap';
import { encodeConfiguration } from './configuration.ts';
import { Network, nodeIds, voters } from './testing/network.ts';
import type { Message } from './types.ts';

const oddNumber = fc.oneof(
  fc.nat(12),
  fc.nat(12),
  fc.constantFrom(-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, 2 ** 48, 1e300),
  fc.constantFrom(undefined, null, '1', {}, 1n),
);
const number = fc.oneof({ weight: 9, arbitrary: fc.nat(12) }, { weight: 1, arbitrary: oddNumber });
const flag = fc.oneof(fc.boolean(), fc.constantFrom(undefined, 1));
const id = fc.constantFrom('a', 'b', 'c', 'z', '', undefined);
const entry = fc.record({
  index: number,
  term: number,
  kind: fc.constantFrom('command', 'empty', 'configuration', 'other', undefined),
  data: fc.oneof(
    fc.uint8Array({ maxLength: 8 }),
    fc.constantFrom(new Uint8Array(0), encodeConfiguration(voters('bc')), null, 'text'),
  ),
});
const snapshot = fc.record({
  index: number,
  term: number,
  configuration: fc.constantFrom(voters('abc'), voters(''), { voters: ['b', 'b'] }, null),
});
const anyMessage = fc.record({
  type: fc.constantFrom(
    ...['voteRequest', 'voteResponse', 'appendRequest', 'appendResponse', 'heartbeat', 'heartbeatResponse'],
    ...['installSnapshot', 'readIndexRequest', 'readIndexResponse', 'timeoutNow', 'constructor', undefined],
  ),
  from: id,
  to: fc.constantFrom('a', 'a', 'a', 'a', 'b', undefined),
  term: number,
  preVote: flag,
  transfer: flag,
  granted: flag,
  accepted: flag,
  lastIndex: number,
  lastTerm: number,
  session: number,
  previousIndex: number,
  previousTerm: number,
  entries: fc.oneof(fc.array(entry, { maxLength: 3 }), fc.constantFrom(undefined, {}, [null])),
  commit: number,
  index: fc.oneof(number, fc.constant(null)),
  hintIndex: number,
  hintTerm: number,
  readRound: number,
  context: fc.constantFrom('r', undefined, 7),
  snapshot: fc.oneof(snapshot, fc.constantFrom(undefined, null)),
});

function cluster(asLeader: boolean): Network {
  const network = new Network('abc');
  network.elect(asLeader ? 'a' : 'b');
  network.propose(asLeader ? 'a' : 'b', 'kept');
  network.run(3);
  return network;
}

t.test('Raft survives any message, and keeps what is committed', async (t) => {
  for (const asLeader of [true, false]) {
    fc.assert(
      fc.property(fc.array(anyMessage, { maxLength: 30 }), (messages) => {
        const network = cluster(asLeader);
        const node = network.node('a');
        const { commit } = node.raft.status();
        // Snapshots are announced without their bytes here, so nothing is taken up to the disk.
        for (const message of messages) {
          node.raft.step(message as unknown as Message);
          node.raft.tick();
          node.raft.status();
        }
        return node.raft.status().commit >= commit;
      }),
      { numRuns: 1500 },
    );
  }
  t.pass();
});

t.test('Raft takes no term from a stranger that is far ahead', async (t) => {
  const network = cluster(false);
  const heartbeat = { type: 'heartbeat', to: 'a', session: 1, commit: 0, readRound: 0 };
  network.raft('a').step({ ...heartbeat, from: 'z', term: 2 ** 40 } as unknown as Message);
  t.equal(network.raft('a').status().term, 1);
  network.raft('a').step({ ...heartbeat, from: 'z', term: 9 } as unknown as Message);
  t.match(network.raft('a').status(), { term: 9, leader: 'z' }, 'but it may lead: we may know too little');
});

t.test('Raft takes no answers from strangers', async (t) => {
  const network = cluster(true);
  for (const type of [
    'voteResponse',
    'appendResponse',
    'heartbeatResponse',
    'readIndexRequest',
    'timeoutNow',
  ]) {
    const rest = {
      granted: true,
      preVote: false,
      accepted: true,
      session: 1,
      index: 1,
      hintIndex: 1,
      hintTerm: 1,
    };
    const message = { type, from: 'z', to: 'a', term: 9, readRound: 1, context: 'x', ...rest };
    network.raft('a').step(message as unknown as Message);
    t.match(network.raft('a').status(), { role: 'leader', term: 1 }, type);
  }
});

t.test('Raft that knows nobody takes any leader, whatever its term', async (t) => {
  const network = new Network('abc');
  const [z] = nodeIds('z');
  const node = network.add(z!);
  const heartbeat = {
    type: 'heartbeat',
    from: 'a',
    to: 'z',
    term: 2 ** 40,
    session: 1,
    commit: 0,
    readRound: 0,
  };
  node.raft.step(heartbeat as unknown as Message);
  t.match(node.raft.status(), { leader: 'a', term: 2 ** 40 });
});
