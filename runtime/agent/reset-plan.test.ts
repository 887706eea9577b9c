import t from 'tap';
import type { ClusterStatus, NodeStatus } from '../admin/protocol.ts';
import { planReset } from './reset-plan.ts';

function node(id: string, role: NodeStatus['role'] = 'voter', online = true): NodeStatus {
  return {
    ...{ id, name: `node-${id}`, address: '', role, online },
    ...{ appliedIndex: 0, lag: 0, version: '1', failureDomain: null, weight: 0 },
  };
}

function status(nodes: readonly NodeStatus[], change: Partial<ClusterStatus> = {}): ClusterStatus {
  return {
    ...{ clusterName: 'edge', clusterId: 'c', highAvailability: true, survives: 1, reason: null },
    ...{ leader: 'a', revision: 1, nodes, warnings: [] },
    self: { id: 'a', name: 'node-a', state: 'member' },
    ...change,
  };
}

t.test('planReset says whether the cluster keeps its quorum', async (t) => {
  const three = [node('a'), node('b'), node('c')];
  const cases: readonly (readonly [ClusterStatus, RegExp])[] = [
    [status(three), /keeps its quorum: 2 of 3 voters remain, 2 are needed/],
    [status([node('a'), node('b'), node('c', 'voter', false)]), /loses its quorum: 1 of 3 voters remain/],
    [status([node('a', 'standby'), node('b'), node('c')]), /this machine does not vote/],
    [status([node('a')]), /only voter: the cluster and all its data are lost/],
    [status(three, { leader: null }), /no quorum now/],
    [status([], { self: { id: 'a', name: 'node-a', state: 'blank' } }), /in no cluster/],
  ];
  for (const [given, message] of cases) t.match(planReset(given, true).quorum, message);
});

t.test('planReset wants the machine’s own name and lists what is lost', async (t) => {
  const plan = planReset(status([node('a')]), true);
  t.equal(plan.name, 'node-a');
  t.equal(plan.losses.length, 2);
  t.match(planReset(status([node('a')]), false).losses[2], /secret was taken out of its configuration/);
  t.equal(planReset(status([], { self: { id: 'a', name: 'n', state: 'waiting' } }), false).losses.length, 1);
});
