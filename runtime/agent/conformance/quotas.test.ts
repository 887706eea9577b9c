/** What bounds and fills in what pods ask for: upstream's conformance tests of quotas, limit ranges and classes of service. */
import t, { type Test } from 'tap';
import { until } from '../testing/test-cluster.ts';
import { configMap, core, labels, pod, template } from './testing/objects.ts';
import { type Json, openCluster } from './testing/open-cluster.ts';

t.setTimeout(300_000);
const { ask, patch, namespace: makeNamespace } = await openCluster(t);

await t.test('limit ranges give defaults and refuse', async (t) => {
  const namespace = await makeNamespace('limits');
  const place = `${core}/namespaces/${namespace}`;
  const list = (cpu: string, memory: string, storage: string) => ({
    cpu,
    memory,
    'ephemeral-storage': storage,
  });
  const limit = {
    ...{ type: 'Container', min: list('50m', '100Mi', '100Gi'), max: list('500m', '500Mi', '500Gi') },
    ...{ default: list('500m', '500Mi', '500Gi'), defaultRequest: list('100m', '200Mi', '200Gi') },
  };
  const made = await ask('POST', `${place}/limitranges`, {
    body: { apiVersion: 'v1', kind: 'LimitRange', metadata: { name: 'limits' }, spec: { limits: [limit] } },
  });
  t.match(made.object.spec.limits, [limit]);
  const pods = `${place}/pods`;
  const plain = await ask('POST', pods, { body: pod('plain') });
  t.same(plain.object.spec.containers[0].resources, {
    requests: limit.defaultRequest,
    limits: limit.default,
  });
  const partial = await ask('POST', pods, {
    body: pod('partial', { resources: { requests: { memory: '150Mi' }, limits: { cpu: '300m' } } }),
  });
  t.same(partial.object.spec.containers[0].resources, {
    requests: { cpu: '300m', memory: '150Mi', 'ephemeral-storage': '200Gi' },
    limits: { cpu: '300m', memory: '500Mi', 'ephemeral-storage': '500Gi' },
  });
  t.equal(
    (
      await ask('POST', pods, {
        body: pod('small', { resources: { requests: list('10m', '50Mi', '50Gi') } }),
      })
    ).code,
    403,
  );
  t.equal(
    (
      await ask('POST', pods, {
        body: pod('large', {
          resources: { requests: list('600m', '600Mi', '600Gi'), limits: list('600m', '600Mi', '600Gi') },
        }),
      })
    ).code,
    403,
  );
  const { object } = await ask('GET', `${place}/limitranges/limits`);
  object.spec.limits[0].min = list('9m', '49Mi', '49Gi');
  t.equal((await ask('PUT', `${place}/limitranges/limits`, { body: object })).code, 200);
  await until('it counts', async () => {
    const reply = await ask('POST', pods, {
      body: pod('small', { resources: { requests: list('10m', '50Mi', '50Gi') } }),
    });
    return reply.code === 201;
  });
  t.equal((await ask('DELETE', `${place}/limitranges/limits`)).code, 200);
});

await t.test('quotas', async (t) => {
  const namespace = await makeNamespace('quotas');
  const place = `${core}/namespaces/${namespace}`;
  const quota = (name: string, hard: Json, more: Json = {}) => ({
    body: { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name }, spec: { hard, ...more } },
  });
  const hard = {
    ...{
      pods: '5',
      services: '10',
      'services.nodeports': '1',
      'services.loadbalancers': '1',
      replicationcontrollers: '10',
    },
    ...{
      resourcequotas: '2',
      configmaps: '10',
      secrets: '10',
      persistentvolumeclaims: '10',
      'requests.storage': '10Gi',
    },
    ...{
      cpu: '1',
      memory: '500Mi',
      'requests.ephemeral-storage': '50Gi',
      'count/replicasets.apps': '5',
      'requests.example.com/dongle': '3',
    },
  };
  t.equal((await ask('POST', `${place}/resourcequotas`, quota('all', hard))).code, 201);
  const usedOf = async (name: string) =>
    (await ask('GET', `${place}/resourcequotas/${name}`)).object.status?.used ?? {};
  const uses = (t: Test, name: string, wanted: Json) =>
    until(`${name} says ${JSON.stringify(wanted)}`, async () => {
      const used = await usedOf(name);
      return Object.entries(wanted).every(([key, value]) => used[key] === value)
        ? t.pass(JSON.stringify(wanted))
        : null;
    });
  await uses(t, 'all', {
    resourcequotas: '1',
    pods: '0',
    configmaps: '1',
    secrets: '0',
    services: '0',
    cpu: '0',
  });
  const service = (name: string, type: string) => ({
    body: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name },
      spec: { type, ports: [{ port: 80 }], selector: labels },
    },
  });
  t.equal((await ask('POST', `${place}/services`, service('plain', 'ClusterIP'))).code, 201);
  t.equal((await ask('POST', `${place}/services`, service('ported', 'NodePort'))).code, 201);
  const balanced = await ask('POST', `${place}/services`, service('balanced', 'LoadBalancer'));
  t.match(balanced, { code: 403, object: { message: /exceeded quota/ } }, balanced.text);
  await uses(t, 'all', { services: '2', 'services.nodeports': '1', 'services.loadbalancers': '0' });
  for (const name of ['plain', 'ported']) await ask('DELETE', `${place}/services/${name}`);
  await uses(t, 'all', { services: '0', 'services.nodeports': '0' });
  await ask('POST', `${place}/configmaps`, { body: configMap('c') });
  await uses(t, 'all', { configmaps: '2' });
  await ask('DELETE', `${place}/configmaps/c`);
  await uses(t, 'all', { configmaps: '1' });
  const dongle = 'example.com/dongle';
  const requests = { cpu: '500m', memory: '252Mi', 'ephemeral-storage': '30Gi', [dongle]: '2' };
  const resources = { requests, limits: { [dongle]: '2' } };
  const made = await ask('POST', `${place}/pods`, { body: pod('p', { resources }) });
  t.equal(made.code, 201, made.text);
  await uses(t, 'all', {
    pods: '1',
    cpu: '500m',
    memory: '252Mi',
    'requests.ephemeral-storage': '30Gi',
    [`requests.${dongle}`]: '2',
  });
  t.equal(
    (
      await ask('POST', `${place}/pods`, {
        body: pod('q', { resources: { requests: { ...requests, cpu: '600m' }, limits: resources.limits } }),
      })
    ).code,
    403,
  );
  t.equal(
    (await ask('POST', `${place}/pods`, { body: pod('q', { resources }) })).code,
    403,
    'too many dongles',
  );
  t.equal(
    (
      await patch(`${place}/pods/p`, {
        spec: { containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '100m' } } }] },
      })
    ).code,
    422,
  );
  await ask('DELETE', `${place}/pods/p?gracePeriodSeconds=0`);
  await uses(t, 'all', { pods: '0', cpu: '0', memory: '0', [`requests.${dongle}`]: '0' });
  const replicas = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name: 'r' },
    spec: { replicas: 0, selector: { matchLabels: labels }, template },
  };
  await ask('POST', `/apis/apps/v1/namespaces/${namespace}/replicasets`, { body: replicas });
  await uses(t, 'all', { 'count/replicasets.apps': '1' });
  await ask('DELETE', `/apis/apps/v1/namespaces/${namespace}/replicasets/r`);
  await uses(t, 'all', { 'count/replicasets.apps': '0' });
  const controller = {
    apiVersion: 'v1',
    kind: 'ReplicationController',
    metadata: { name: 'r' },
    spec: { replicas: 0, selector: labels, template },
  };
  await ask('POST', `${place}/replicationcontrollers`, { body: controller });
  await uses(t, 'all', { replicationcontrollers: '1' });
  await ask('DELETE', `${place}/replicationcontrollers/r`);
  await uses(t, 'all', { replicationcontrollers: '0' });
  await ask('DELETE', `${place}/resourcequotas/all`);
  for (const [name, scope] of [
    ['best', 'BestEffort'],
    ['notbest', 'NotBestEffort'],
    ['ending', 'Terminating'],
    ['notending', 'NotTerminating'],
  ] as const)
    t.equal(
      (await ask('POST', `${place}/resourcequotas`, quota(name, { pods: '5' }, { scopes: [scope] }))).code,
      201,
    );
  const all = async (t: Test, best: string, notbest: string, ending: string, notending: string) => {
    for (const [name, pods] of Object.entries({ best, notbest, ending, notending }))
      await uses(t, name, { pods });
  };
  await all(t, '0', '0', '0', '0');
  await ask('POST', `${place}/pods`, { body: pod('one') });
  await all(t, '1', '0', '0', '1');
  await ask('DELETE', `${place}/pods/one?gracePeriodSeconds=0`);
  const limited = { requests: { cpu: '100m' }, limits: { cpu: '200m' } };
  await ask('POST', `${place}/pods`, {
    body: pod('two', { resources: limited }, { activeDeadlineSeconds: 3600 }),
  });
  await all(t, '0', '1', '1', '0');
  const name = `${place}/resourcequotas/best`;
  t.match(await patch(name, { spec: { hard: { pods: '7' } } }), {
    object: { spec: { hard: { pods: '7' } } },
  });
  await until('the status follows', async () => (await ask('GET', name)).object.status.hard.pods === '7');
  const status = await patch(`${name}/status`, {
    status: { hard: { pods: '9' } },
    spec: { hard: { pods: '11' } },
  });
  t.match(status.object, { spec: { hard: { pods: '7' } }, status: { hard: { pods: '9' } } });
  await until(
    'the status follows again',
    async () => (await ask('GET', name)).object.status.hard.pods === '7',
  );
});

await t.test('a pod gets its class of service', async (t) => {
  const namespace = await makeNamespace('qos');
  const pods = `${core}/namespaces/${namespace}/pods`;
  const same = { cpu: '100m', memory: '100Mi' };
  const guaranteed = await ask('POST', pods, {
    body: pod('g', { resources: { limits: same, requests: same } }),
  });
  t.equal(guaranteed.object.status.qosClass, 'Guaranteed');
  t.equal((await ask('POST', pods, { body: pod('b') })).object.status.qosClass, 'BestEffort');
});
