import t from 'tap';
import { countVotes, hasQuorum, quorumIndex } from './quorum.ts';
import { nodeIds, voters } from './testing/network.ts';
import type { Configuration, LogIndex, NodeId } from './types.ts';

function indexes(values: Record<string, number>): (id: NodeId) => LogIndex {
  return (id) => (values[id] ?? 0) as LogIndex;
}

t.test('quorumIndex is what a majority has', async (t) => {
  t.equal(quorumIndex(voters('a'), indexes({ a: 4 })), 4);
  t.equal(quorumIndex(voters('ab'), indexes({ a: 4, b: 2 })), 2);
  t.equal(quorumIndex(voters('abc'), indexes({ a: 4, b: 2, c: 3 })), 3);
  t.equal(quorumIndex(voters('abcd'), indexes({ a: 4, b: 2, c: 3, d: 1 })), 2);
  t.equal(quorumIndex(voters(''), indexes({})), 0, 'nobody decides nothing');
});

t.test('quorumIndex of a joint configuration is what both majorities have (4.3)', async (t) => {
  const joint: Configuration = { ...voters('abc'), outgoing: nodeIds('ade') };
  t.equal(quorumIndex(joint, indexes({ a: 9, b: 9, c: 9, d: 1, e: 2 })), 2);
  t.notOk(hasQuorum(joint, (id) => 'abc'.includes(id)));
  t.ok(hasQuorum(joint, (id) => 'abd'.includes(id)));
});

t.test('countVotes is undecided as long as either side may win', async (t) => {
  const votes = (text: string) =>
    new Map(text.split('').map((id) => [id.toLowerCase() as NodeId, id !== id.toUpperCase()]));
  t.equal(countVotes(voters('abc'), votes('a')), 'pending');
  t.equal(countVotes(voters('abc'), votes('ab')), 'won');
  t.equal(countVotes(voters('abc'), votes('aBC')), 'lost');
  t.equal(countVotes(voters('abcd'), votes('abCD')), 'lost');
  t.equal(countVotes({ ...voters('abc'), outgoing: nodeIds('x') }, votes('abX')), 'lost');
});
