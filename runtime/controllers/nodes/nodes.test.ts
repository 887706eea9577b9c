import t from 'tap';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { listAt } from '../../apiserver/objects/read-path.ts';
import { createLog } from '../../logging/log.ts';
import { resources } from '../client/places.ts';
import { eventually, openCluster, runControllers } from '../testing/open-cluster.ts';
import { type NodeObservation, newNode } from './node-object.ts';
import { startNodeAgentApi } from './own-node.ts';
import { planNodeHealth } from './plan-node-health.ts';
import { planOwnNode } from './plan-own-node.ts';

const now = '2026-01-01T00:00:00Z';
const nowMs = Date.parse(now);
const gibibyte = 1024 ** 3;
const observation: NodeObservation = {
  ...{
    name: 'pi-1',
    memberId: 'id-1',
    addresses: ['192.0.2.1'],
    kubeletVersion: 'v1.32.3',
    architecture: 'arm64',
  },
  ...{ osImage: 'Trivet 1', kernelVersion: '6.12', machineId: 'm', bootId: 'b', containerRuntime: '' },
  failureDomain: 'shed',
  capacity: { cpus: 4, memoryBytes: 4 * gibibyte, storageBytes: 32 * gibibyte, pods: 110 },
  conditions: [
    { type: 'Ready', holds: true, reason: 'KubeletReady', message: 'kubelet is posting ready status' },
    { type: 'MemoryPressure', holds: false, reason: 'KubeletHasSufficientMemory', message: 'enough' },
    { type: 'DiskPressure', holds: false, reason: 'KubeletHasNoDiskPressure', message: 'none' },
    { type: 'PIDPressure', holds: false, reason: 'KubeletHasSufficientPID', message: 'enough' },
  ],
};
const unready: NodeObservation = {
  ...observation,
  conditions: observation.conditions.map((one) => (one.type === 'Ready' ? { ...one, holds: false } : one)),
};
const member = { id: 'id-1', isOnline: true };

t.test('newNode describes a machine', async (t) => {
  t.match(newNode(observation, now), {
    metadata: { labels: { 'kubernetes.io/arch': 'arm64', 'topology.kubernetes.io/zone': 'shed' } },
    spec: {},
    status: {
      addresses: [
        { type: 'InternalIP', address: '192.0.2.1' },
        { type: 'Hostname', address: 'pi-1' },
      ],
      capacity: { cpu: '4', memory: '4194304Ki', 'ephemeral-storage': '33554432Ki', pods: '110' },
      nodeInfo: { kernelVersion: '6.12', operatingSystem: 'linux' },
    },
  });
  t.match(newNode(unready, now), { spec: { taints: [{ effect: 'NoSchedule' }] } });
});

t.test('planOwnNode writes what has changed, and every five minutes all the same', async (t) => {
  const node = newNode(observation, now);
  const plan = (of: NodeObservation, at: number) =>
    planOwnNode({ observation: of, node, nowMs: at, now: 'later' });
  t.same(plan(observation, nowMs + 299_000), []);
  t.match(plan(observation, nowMs + 301_000), [{ place: { subresource: 'status' } }]);
  const [changed, ...others] = plan(unready, nowMs + 10_000);
  t.same(others, []);
  const conditions = listAt(changed, 'patch', 'body', 'status', 'conditions');
  t.match(conditions, [
    { type: 'Ready', status: 'False', lastTransitionTime: 'later' },
    { type: 'MemoryPressure', status: 'False', lastTransitionTime: now, lastHeartbeatTime: 'later' },
  ]);
  t.match(plan({ ...observation, failureDomain: 'barn' }, nowMs), [
    { kind: 'patch', patch: { body: { metadata: { labels: { 'topology.kubernetes.io/zone': 'barn' } } } } },
  ]);
});

t.test(
  'planNodeHealth says of a silent node that nothing is known of it, by what the cluster knows first',
  async (t) => {
    const node = newNode(observation, now);
    const unknown = [
      {
        place: { subresource: 'status' },
        patch: { body: { status: { conditions: [{ status: 'Unknown' }] } } },
      },
    ];
    for (const [name, observed, expected] of [
      ['speaks', { member, silentMs: 100_000 }, []],
      ['offline', { member: { ...member, isOnline: false }, silentMs: 0 }, unknown],
      ['silent', { member: 'unknown', silentMs: 41_000 }, unknown],
      ['not yet', { member: 'unknown', silentMs: 39_000 }, []],
      ['has left', { member: 'none', silentMs: 0 }, [{ kind: 'remove' }]],
      ['is another', { member: { ...member, id: 'id-2' }, silentMs: 0 }, [{ kind: 'remove' }]],
    ] as const) {
      t.match(planNodeHealth({ node, now, ...observed }), expected, name);
    }
    const foreign = { ...node, metadata: { name: 'pi-1' } };
    t.same(
      planNodeHealth({ node: foreign, now, member: 'none', silentMs: 0 }),
      [],
      'it is not ours to remove',
    );
  },
);

t.test('planNodeHealth taints a node by its conditions, and leaves taints of others alone', async (t) => {
  const other = { key: 'example.com/own', effect: 'NoSchedule' };
  const withState = (status: string, taints: readonly object[], more: object = {}): ApiObject => {
    const conditions = [
      { type: 'Ready', status },
      { type: 'DiskPressure', status: 'True' },
    ];
    return { ...newNode(observation, now), spec: { taints, ...more }, status: { conditions } };
  };
  const plan = (node: ApiObject) => {
    const [write] = planNodeHealth({ node, now, member, silentMs: 0 });
    const taints = listAt(write, 'patch', 'body', 'spec', 'taints') as readonly {
      key: string;
      effect: string;
    }[];
    return taints.map(({ key, effect }) => `${key.replace('node.kubernetes.io/', '')} ${effect}`);
  };
  t.same(plan(withState('False', [other])), [
    ...[
      'example.com/own NoSchedule',
      'not-ready NoSchedule',
      'disk-pressure NoSchedule',
      'not-ready NoExecute',
    ],
  ]);
  const notReady = { key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' };
  t.same(plan(withState('Unknown', [notReady, other], { unschedulable: true })), [
    ...['example.com/own NoSchedule', 'unreachable NoSchedule', 'disk-pressure NoSchedule'],
    ...['unschedulable NoSchedule', 'unreachable NoExecute'],
  ]);
  t.same(plan(withState('True', [notReady])), ['disk-pressure NoSchedule']);
});

t.test('startNodeAgentApi registers a node and keeps it, until it goes silent or leaves', async (t) => {
  const cluster = await openCluster(t);
  const { client } = cluster;
  let isOnline = true;
  let hasLeft = false;
  const members = () => (hasLeft ? [] : [{ id: 'id-1', name: 'pi-1', isOnline }]);
  const { warnings } = runControllers(t, cluster, { members });
  const agent = startNodeAgentApi({
    server: cluster.server,
    log: createLog(() => {}),
    observe: () => observation,
  });
  const place = { ...resources.nodes, namespace: '', name: 'pi-1' };
  const node = await eventually('the node', () => client.find(place));
  const leasePlace = { ...resources.leases, namespace: 'kube-node-lease', name: 'pi-1' };
  const lease = await eventually('its lease', () => client.find(leasePlace));
  t.match(lease, {
    metadata: { ownerReferences: [{ uid: node.metadata.uid }] },
    spec: { holderIdentity: 'pi-1', leaseDurationSeconds: 40 },
  });
  await agent.stop();
  isOnline = false;
  const taints = async (): Promise<string> =>
    JSON.stringify(listAt(await client.get(place), 'spec', 'taints'));
  await eventually('its taints', async () => (await taints()).includes('unreachable'));
  isOnline = true;
  const again = startNodeAgentApi({
    server: cluster.server,
    log: createLog(() => {}),
    observe: () => observation,
  });
  await eventually('no taints', async () => (await taints()) === '[]');
  await again.stop();
  hasLeft = true;
  await eventually('the end of the node', async () => (await client.find(place)) === null);
  await eventually('the end of its lease', async () => (await client.find(leasePlace)) === null);
  t.same(warnings, []);
});
