import t from 'tap';
import type { ClusterStatus, NodeStatus } from '../admin/protocol.ts';
import { formatStatus } from './status.ts';

function node(name: string, role: NodeStatus['role'], online: boolean): NodeStatus {
  return {
    id: name,
    name,
    address: `192.0.2.1:7443`,
    role,
    online,
    appliedIndex: 7,
    lag: 0,
    version: '0.1.0',
    failureDomain: null,
    weight: 0,
  };
}

const status: ClusterStatus = {
  clusterName: 'shop',
  clusterId: 'c0ffee',
  highAvailability: true,
  survives: 1,
  reason: null,
  leader: 'a',
  revision: 7,
  nodes: [
    node('a', 'voter', true),
    node('b', 'voter', true),
    node('c', 'voter', false),
    node('d', 'standby', true),
  ],
  self: { id: 'a', name: 'a', state: 'member' },
  warnings: [],
};

t.test('formatStatus says whether the cluster is highly available and who is online', async (t) => {
  const text = formatStatus(status);
  t.match(text, 'high-availability: yes            (survives the loss of 1 node)\n');
  t.match(text, 'leader:    a  192.0.2.1:7443\n');
  t.match(text, 'voters:    a online, b online, c offline\n');
  t.match(text, 'standbys:  d online\n');
  t.match(text, 'spares:    none\n');
});

t.test('formatStatus shows failure domains and weights where they were given', async (t) => {
  const nodes = [
    { ...node('a', 'voter', true), failureDomain: 'rack-1' },
    { ...node('b', 'voter', true), failureDomain: '2', weight: 5 },
    node('c', 'voter', false),
  ];
  t.match(
    formatStatus({ ...status, nodes }),
    'voters:    a online (domain rack-1), b online (domain 2; weight 5), c offline\n',
  );
});

t.test('formatStatus gives the reason and the warnings', async (t) => {
  const text = formatStatus({
    ...status,
    highAvailability: false,
    reason: 'Two of three.',
    warnings: ['Careful.'],
  });
  t.match(text, 'high-availability: no\n');
  t.match(text, 'reason:    Two of three.\n');
  t.match(text, 'warning:   Careful.\n');
});
