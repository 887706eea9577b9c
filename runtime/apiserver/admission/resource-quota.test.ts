import t from 'tap';
import type { ApiObject } from '../objects/object-bytes.ts';
import type { Asked } from './plugin.ts';
import { resourceQuota } from './resource-quota.ts';
import { ask, readsOf, refusal } from './testing/ask.ts';

/** A quota that is kept as a store keeps it. */
function open(hard: object, used: object, spec: object = {}) {
  let quota = {
    metadata: { name: 'q', namespace: 'd' },
    spec: { hard, ...spec },
    status: { hard, used },
  } as unknown as ApiObject;
  const plugin = resourceQuota(readsOf({ 'resourceQuotas d/q': quota }), {
    change: async (_namespace, _name, decide) => {
      const seen = quota;
      await null;
      if (seen !== quota) throw new Error('two at a time');
      quota = decide(quota);
    },
    nowMs: () => 0,
  });
  return {
    run: (asked: Asked) => refusal(plugin.validate?.(asked) as Promise<void>),
    used: () => (quota.status as { used: object }).used,
  };
}

const pod = (requests: object = {}, more: object = {}) => ({
  spec: { containers: [{ name: 'c', image: 'i', resources: { requests } }], ...more },
});

t.test('resourceQuota counts what is made, and refuses too much', async (t) => {
  const { run, used } = open({ pods: '2', 'requests.cpu': '1' }, { pods: '0', 'requests.cpu': '0' });
  t.equal(await run(ask('pods', pod({ cpu: '400m' }))), '');
  t.equal(await run(ask('pods', pod({ cpu: '400m' }))), '');
  t.same(used(), { pods: '2', 'requests.cpu': '800m' });
  t.equal(
    await run(ask('pods', pod({ cpu: '400m' }))),
    'pods "x" is forbidden: exceeded quota: q, requested: pods=1,requests.cpu=400m, used: pods=2,requests.cpu=800m, limited: pods=2,requests.cpu=1',
  );
  t.equal(
    await run(ask('pods', pod())),
    'pods "x" is forbidden: failed quota: q: must specify requests.cpu for: c',
  );
  t.equal(await run(ask('secrets', {})), '', 'not its business');
  t.equal(await run(ask('pods', pod(), { operation: 'UPDATE', old: pod() as unknown as Asked['old'] })), '');
});

t.test('resourceQuota: one after the other, and nothing in a dry run', async (t) => {
  const { run, used } = open({ configmaps: '3' }, { configmaps: '0' });
  t.equal(await run(ask('configmaps', {}, { dryRun: true })), '');
  const all = await Promise.all(Array.from({ length: 5 }, () => run(ask('configmaps', {}))));
  t.equal(all.filter((why) => why === '').length, 3);
  t.same(used(), { configmaps: '3' });
});

t.test('resourceQuota: other kinds', async (t) => {
  const service = (type: string) => ({ spec: { type, ports: [{ port: 1 }, { port: 2 }] } });
  const services = open(
    { 'services.nodeports': '2', services: '5' },
    { 'services.nodeports': '0', services: '0' },
  );
  t.equal(await services.run(ask('services', service('NodePort'))), '');
  t.same(services.used(), { 'services.nodeports': '2', services: '1' });
  t.match(
    await services.run(ask('services', service('LoadBalancer'))),
    /requested: services.nodeports=2, used: services.nodeports=2, limited: services.nodeports=2/,
  );
  const claim = (storage: string) => ({
    metadata: {},
    spec: { storageClassName: 's', resources: { requests: { storage } } },
  });
  const name = 's.storageclass.storage.k8s.io/requests.storage';
  const claims = open({ [name]: '3Gi' }, { [name]: '1Gi' });
  t.equal(await claims.run(ask('persistentvolumeclaims', claim('512Mi'))), '');
  t.same(claims.used(), { [name]: '1536Mi' });
  const old = claim('1Gi') as unknown as Asked['old'];
  t.equal(await claims.run(ask('persistentvolumeclaims', claim('2Gi'), { operation: 'UPDATE', old })), '');
  t.same(claims.used(), { [name]: '2560Mi' });
  const counted = open({ 'count/deployments.apps': '0' }, { 'count/deployments.apps': '0' });
  t.match(
    await counted.run(ask('deployments.apps', {})),
    /exceeded quota: q, requested: count\/deployments.apps=1/,
  );
  const unknown = open({ pods: '1' }, {});
  t.equal(
    await unknown.run(ask('pods', pod())),
    'pods "x" is forbidden: status unknown for quota: q, resources: pods',
  );
});

t.test('resourceQuota: scopes', async (t) => {
  const best = open({ pods: '0' }, { pods: '0' }, { scopes: ['BestEffort'] });
  t.match(await best.run(ask('pods', pod())), /exceeded quota/);
  t.equal(await best.run(ask('pods', pod({ cpu: '1' }))), '');
  const high = open(
    { pods: '0' },
    { pods: '0' },
    {
      scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }] },
    },
  );
  t.equal(await high.run(ask('pods', pod())), '');
  t.match(await high.run(ask('pods', pod({}, { priorityClassName: 'high' }))), /exceeded quota/);
});
