import t from 'tap';
import type { NodeRole, NodeStatus } from '../admin/protocol.ts';
import type { NodeId } from '../raft/types.ts';
import { composeBlankStatus, composeStatus, type StatusObservation } from './status.ts';

function node(name: string, role: NodeRole, online = true): NodeStatus {
  return {
    id: name,
    name,
    address: '192.0.2.1:7443',
    role,
    online,
    appliedIndex: 1,
    lag: 0,
    version: '0.1.0',
    failureDomain: null,
    weight: 0,
  };
}

function observe(nodes: NodeStatus[], leader: string | null = 'a'): StatusObservation {
  return {
    clusterName: 'shop',
    clusterId: 'c',
    self: { id: 'a', name: 'a' },
    leader: leader as NodeId | null,
    revision: 1,
    nodes,
    targets: { voters: 3 },
    time: null,
    warnings: [],
  };
}

t.test('composeStatus says yes with three voters online, and what is survived', async (t) => {
  const status = composeStatus(observe([node('a', 'voter'), node('b', 'voter'), node('c', 'voter')]));
  t.match(status, { highAvailability: true, survives: 1, reason: null });
});

t.test('composeStatus says no with a voter offline, who it is and what to do', async (t) => {
  const status = composeStatus(observe([node('a', 'voter'), node('b', 'voter'), node('c', 'voter', false)]));
  t.match(status, { highAvailability: false, survives: 0, reason: /c is offline.*Switch it on again/ });
});

t.test('composeStatus explains two nodes', async (t) => {
  const status = composeStatus(observe([node('a', 'voter'), node('b', 'standby')]));
  t.match(status, {
    highAvailability: false,
    reason: /2 of 3 nodes are members: add 1 more\. With two nodes only one votes/,
  });
});

t.test('composeStatus explains a lost quorum', async (t) => {
  const nodes = [node('a', 'voter'), node('b', 'voter', false), node('c', 'voter', false)];
  t.match(composeStatus(observe(nodes, null)), {
    reason: /1 of 3 voters can be reached, 2 are needed.*Switch on: b, c/,
  });
});

t.test('composeBlankStatus tells the name and the id of a node and nothing else of it', async (t) => {
  const identity = { id: 'a', name: 'n', privateKey: 'secret' };
  t.same(composeBlankStatus('shop', identity, 'Waiting.', []).self, { id: 'a', name: 'n', state: 'blank' });
});
