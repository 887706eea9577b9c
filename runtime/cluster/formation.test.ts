import t from 'tap';
import type { NodeId } from '../raft/types.ts';
import { decideFormation, decidePromise, type FormationObservation, type HeardPeer } from './formation.ts';

const id = (name: string): NodeId => name as NodeId;
const blank = (name: string, ...blanks: string[]): HeardPeer => ({
  id: id(name),
  clusterId: null,
  blanks: blanks.map(id),
});
const member = (name: string, clusterId: string): HeardPeer => ({ id: id(name), clusterId, blanks: [] });

function observe(
  self: string,
  peers: HeardPeer[],
  more: Partial<FormationObservation> = {},
): FormationObservation {
  return { self: id(self), expect: 3, objection: null, listenedEnough: true, peers, ...more };
}

t.test('decideFormation waits until enough nodes are there, and says how many', async (t) => {
  const decision = decideFormation(observe('a', [blank('b', 'a')]));
  t.match(decision, { kind: 'wait', reason: /2 of 3 nodes found/ });
});

t.test('decideFormation lets only the lowest id start, and only when all see the same set', async (t) => {
  const complete = [blank('b', 'a', 'c'), blank('c', 'a', 'b')];
  t.same(decideFormation(observe('a', complete)), { kind: 'found', others: ['b', 'c'] });
  t.match(decideFormation(observe('b', [blank('a', 'b', 'c'), blank('c', 'a', 'b')])), {
    kind: 'wait',
    reason: /node a/,
  });
  t.match(decideFormation(observe('a', [blank('b', 'a', 'c'), blank('c', 'a')])), {
    kind: 'wait',
    reason: /found each other/,
  });
});

t.test('decideFormation joins a member rather than start anew', async (t) => {
  t.same(decideFormation(observe('a', [blank('b', 'a'), member('z', 'c1')])), {
    kind: 'join',
    members: ['z'],
  });
});

t.test('decideFormation waits between two clusters of one name', async (t) => {
  const decision = decideFormation(observe('a', [member('y', 'c1'), member('z', 'c2')]));
  t.match(decision, { kind: 'wait', reason: /several clusters of this name/ });
});

t.test('decideFormation starts a single node after it has listened', async (t) => {
  t.match(decideFormation(observe('a', [], { expect: 1, listenedEnough: false })), { kind: 'wait' });
  t.same(decideFormation(observe('a', [], { expect: 1 })), { kind: 'found', others: [] });
});

t.test(
  'decideFormation never starts anew on a node that must not, such as one that lost its data',
  async (t) => {
    t.match(decideFormation(observe('a', [], { expect: 1, objection: 'This node lost its data.' })), {
      kind: 'wait',
      reason: /lost its data/,
    });
    t.match(decideFormation(observe('a', [member('z', 'c1')], { objection: 'This node lost its data.' })), {
      kind: 'join',
    });
  },
);

t.test('decidePromise keeps overlapping sets from starting two clusters', async (t) => {
  t.same(decidePromise(id('c'), id('a'), null, [blank('a'), blank('b')]), { granted: true });
  t.match(decidePromise(id('c'), id('b'), id('a'), [blank('b')]), { granted: false });
  t.match(decidePromise(id('c'), id('b'), null, [blank('a'), blank('b')]), {
    granted: false,
    reason: /a comes first/,
  });
  t.match(decidePromise(id('c'), id('a'), null, [member('z', 'c1')]), { granted: false });
});

t.test('decidePromise promises nothing to a stranger where vouchers are demanded', async (t) => {
  t.same(decidePromise(id('c'), id('a'), null, [blank('b')], false), { granted: true });
  t.match(decidePromise(id('c'), id('a'), null, [blank('b')], true), {
    granted: false,
    reason: /no voucher/,
  });
  t.same(decidePromise(id('c'), id('a'), null, [blank('a')], true), { granted: true });
});
