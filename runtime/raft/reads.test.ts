import t from 'tap';
import { ELECTION_TICKS, Network } from './testing/network.ts';

function answerTo(network: Network, context: string): number | null | undefined {
  return network.reads.get(context)?.index;
}

function ledBy(names: string): Network {
  const network = new Network(names);
  network.elect(names[0]!);
  network.propose(names[0]!, 'x');
  network.run(3);
  return network;
}

t.test('Raft answers a read on any node after the leader has heard from a majority (6.4)', async (t) => {
  const network = ledBy('abc');
  for (const id of 'abc') network.read(id, id);
  t.equal(answerTo(network, 'a'), undefined);
  network.settle();
  for (const id of 'abc') t.equal(answerTo(network, id), network.checker.highestCommit);
});

t.test('Raft of a single voter answers a read at once (6.4)', async (t) => {
  const network = ledBy('a');
  network.read('a', 'r');
  t.equal(answerTo(network, 'r'), network.checker.highestCommit);
});

t.test('Raft lets many reads share one round of heartbeats (6.4)', async (t) => {
  const network = ledBy('abc');
  let heartbeats = 0;
  network.passes = (m) => {
    if (m.type === 'heartbeat') heartbeats++;
    return true;
  };
  for (let number = 0; number < 1000; number++) network.read('a', `${number}`);
  network.settle();
  t.ok(heartbeats <= 4, `${heartbeats} heartbeats`);
  t.ok([...network.reads.values()].every((read) => read.index === network.checker.highestCommit));
});

t.test('Raft holds reads back until the leader has committed in its term (6.4)', async (t) => {
  const network = ledBy('abc');
  network.node('a').crash();
  network.passes = (m) => m.type !== 'appendResponse';
  network.run(ELECTION_TICKS);
  network.runUntil('a new leader', () => network.leader() !== null);
  const leader = network.leader()!;
  network.read(leader, 'r');
  network.run(3);
  t.equal(answerTo(network, 'r'), undefined);
  network.passes = () => true;
  network.run(3);
  t.equal(answerTo(network, 'r'), network.checker.highestCommit);
});

t.test('Raft as a leader cut off from its majority answers no read but "ask again" (6.4)', async (t) => {
  const network = ledBy('abc');
  network.isolate('a');
  network.read('a', 'r');
  network.run(2);
  t.equal(answerTo(network, 'r'), undefined);
  network.run(ELECTION_TICKS);
  t.equal(answerTo(network, 'r'), null);
});

t.test(
  'Raft answers a read without a leader, or whose leader is silent, with "ask again" (6.4)',
  async (t) => {
    const network = new Network('abc');
    network.read('a', 'nobody leads');
    t.equal(answerTo(network, 'nobody leads'), null);
    network.elect('a');
    network.run(2);
    network.passes = (m) => m.type !== 'readIndexRequest';
    network.read('b', 'lost');
    network.run(ELECTION_TICKS);
    t.equal(answerTo(network, 'lost'), null);
  },
);

t.test('Raft repeats a read round whose heartbeats were lost (6.4)', async (t) => {
  const network = ledBy('abc');
  network.passes = (m) => m.type !== 'heartbeat';
  network.read('a', 'r');
  network.settle();
  network.passes = () => true;
  network.run(4);
  t.equal(answerTo(network, 'r'), network.checker.highestCommit);
});

t.test('Raft answers a read that races a leadership transfer, or says "ask again" (6.4, 3.10)', async (t) => {
  const network = ledBy('abc');
  network.raft('a').transferLeadership(network.node('b').id);
  network.read('a', 'old');
  network.read('c', 'forwarded');
  network.settle();
  network.run(3);
  t.equal(network.leader(), 'b');
  for (const context of ['old', 'forwarded']) t.not(answerTo(network, context), undefined);
  network.propose('b', 'y');
  network.run(1);
  network.read('a', 'later');
  network.settle();
  t.equal(answerTo(network, 'later'), network.checker.highestCommit);
});
