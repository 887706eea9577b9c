import fc from 'fast-check';
import t from 'tap';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import type { Pod } from '../../apiserver/schemas/generated/types/api-core-v1.ts';
import { nanosOf } from '../meta/quantities.ts';
import { addQuantities } from './amounts.ts';
import { podIsInScope, podUsage } from './pod-usage.ts';
import { countsFor, resourcesOfQuota, usageOf } from './usage.ts';

const nowMs = Date.parse('2026-01-01T00:01:00Z');

function container(cpu: string, memory: string, more: object = {}) {
  return { name: 'c', resources: { requests: { cpu, memory }, limits: { cpu } }, ...more };
}

function podOf(spec: object, more: object = {}): Pod {
  return { kind: 'Pod', apiVersion: 'v1', metadata: { name: 'p' }, spec: spec as Pod['spec'], ...more };
}

t.test('addQuantities adds in the units of the first that is something', async (t) => {
  for (const [a, b, sum] of [
    ['1Gi', '512Mi', '1536Mi'],
    ['500m', '1', '1500m'],
    ['500m', '500m', '1'],
    ['0', '1Gi', '1Gi'],
    ['1', '1Gi', '1073741825'],
    ['1Ki', '1', '1025'],
    ['1.5', '0.5', '2'],
    ['3Ki', '0', '3Ki'],
  ] as const) {
    t.same(addQuantities({ x: a }, { x: b }), { x: sum }, `${a} + ${b}`);
  }
  const quantity = fc
    .tuple(fc.nat(5000), fc.constantFrom('', 'm', 'k', 'Ki', 'Mi', 'G'))
    .map(([n, unit]) => `${n}${unit}`);
  fc.assert(
    fc.property(quantity, quantity, (a, b) => {
      t.equal(nanosOf(addQuantities({ x: a }, { x: b }).x), nanosOf(a) + nanosOf(b));
    }),
  );
});

t.test('podUsage is what a pod needs at its hungriest', async (t) => {
  const containers = [container('100m', '1Gi'), container('200m', '1Gi')];
  t.same(podUsage(podOf({ containers }), nowMs), {
    ...{ 'count/pods': '1', pods: '1', cpu: '300m', 'requests.cpu': '300m', 'limits.cpu': '300m' },
    ...{ memory: '2Gi', 'requests.memory': '2Gi' },
  });
  const before = container('1', '10Mi');
  t.match(podUsage(podOf({ containers, initContainers: [before] }), nowMs), { cpu: '1', memory: '2Gi' });
  const stays = container('1', '10Mi', { restartPolicy: 'Always' });
  t.match(podUsage(podOf({ containers, initContainers: [stays, before] }), nowMs), {
    cpu: '2',
    memory: '2058Mi',
  });
  const overhead = { cpu: '1', memory: '1Gi' };
  const withOverhead = podUsage(podOf({ containers, overhead }), nowMs);
  t.match(withOverhead, { cpu: '1300m', 'limits.cpu': '1300m', memory: '3Gi' });
  t.notOk(withOverhead['limits.memory']);
  const special = { name: 'c', resources: { requests: { 'hugepages-2Mi': '4Mi', 'example.com/gpu': '1' } } };
  t.same(podUsage(podOf({ containers: [special] }), nowMs), {
    ...{ 'count/pods': '1', pods: '1', 'hugepages-2Mi': '4Mi', 'requests.hugepages-2Mi': '4Mi' },
    'requests.example.com/gpu': '1',
  });
});

t.test('podUsage of a pod that is over is that it is stored', async (t) => {
  const spec = { containers: [container('1', '1Gi')] };
  const deleted = (deletionTimestamp: string) =>
    podOf(spec, { metadata: { name: 'p', deletionTimestamp, deletionGracePeriodSeconds: 30 } });
  t.same(podUsage(podOf(spec, { status: { phase: 'Failed' } }), nowMs), { 'count/pods': '1' });
  t.same(podUsage(deleted('2026-01-01T00:00:29Z'), nowMs), { 'count/pods': '1' });
  t.match(podUsage(deleted('2026-01-01T00:00:31Z'), nowMs), { pods: '1' });
});

t.test('podIsInScope tells pods apart', async (t) => {
  const plain = podOf({ containers: [{ name: 'c' }] });
  const paid = podOf({
    containers: [container('1', '1Gi')],
    priorityClassName: 'gold',
    activeDeadlineSeconds: 5,
  });
  const far = podOf({
    containers: [],
    affinity: {
      podAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'z', namespaces: ['e'] }],
      },
    },
  });
  for (const [scopeName, operator, values, expected] of [
    ['BestEffort', 'Exists', [], [true, false, true]],
    ['NotBestEffort', 'Exists', [], [false, true, false]],
    ['Terminating', 'Exists', [], [false, true, false]],
    ['NotTerminating', 'Exists', [], [true, false, true]],
    ['PriorityClass', 'In', ['gold'], [false, true, false]],
    ['PriorityClass', 'NotIn', ['gold'], [true, false, true]],
    ['PriorityClass', 'Exists', [], [false, true, false]],
    ['PriorityClass', 'DoesNotExist', [], [true, false, true]],
    ['CrossNamespacePodAffinity', 'Exists', [], [false, false, true]],
  ] as const) {
    const found = [plain, paid, far].map((pod) => podIsInScope(pod, { scopeName, operator, values }));
    t.same(found, expected, `${scopeName} ${operator}`);
  }
});

t.test('usageOf counts every object, and more of some', async (t) => {
  const usage = (resource: string, object: object, group = '') =>
    usageOf({ group, resource }, object as ApiObject, nowMs);
  t.same(usage('deployments', {}, 'apps'), { 'count/deployments.apps': '1' });
  t.same(usage('secrets', {}), { 'count/secrets': '1', secrets: '1' });
  const ports = [{ port: 80, nodePort: 30_000 }, { port: 81 }];
  t.match(usage('services', { spec: { type: 'NodePort', ports } }), {
    services: '1',
    'services.nodeports': '2',
  });
  t.match(
    usage('services', { spec: { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false, ports } }),
    {
      ...{ 'services.nodeports': '1', 'services.loadbalancers': '1' },
    },
  );
  const claim = { spec: { storageClassName: 'fast', resources: { requests: { storage: '1.5Gi' } } } };
  t.same(usage('persistentvolumeclaims', claim), {
    ...{ 'count/persistentvolumeclaims': '1', persistentvolumeclaims: '1', 'requests.storage': '1.5Gi' },
    ...{ 'fast.storageclass.storage.k8s.io/persistentvolumeclaims': '1' },
    'fast.storageclass.storage.k8s.io/requests.storage': '1.5Gi',
  });
  const shrunk = { ...claim, status: { allocatedResources: { storage: '3Gi' } } };
  t.match(usage('persistentvolumeclaims', shrunk), { 'requests.storage': '3Gi' });
});

t.test('resourcesOfQuota says what has to be read, and countsFor what counts', async (t) => {
  const names = [
    'cpu',
    'limits.memory',
    'count/deployments.apps',
    'requests.example.com/gpu',
    'nonsense',
    'pods',
  ];
  t.same(resourcesOfQuota(names), [
    { group: '', resource: 'pods' },
    { group: 'apps', resource: 'deployments' },
  ]);
  t.same(resourcesOfQuota(['requests.storage', 'a.storageclass.storage.k8s.io/requests.storage']), [
    { group: '', resource: 'persistentvolumeclaims' },
  ]);
  const scoped = { spec: { scopes: ['BestEffort'] } };
  const plain = podOf({ containers: [{ name: 'c' }] }) as unknown as ApiObject;
  t.ok(countsFor(scoped, { group: '', resource: 'pods' }, plain));
  t.notOk(countsFor(scoped, { group: '', resource: 'secrets' }, plain));
  t.ok(countsFor({}, { group: '', resource: 'secrets' }, plain));
});
