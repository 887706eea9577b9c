/** Upstream's conformance tests of single kinds that need no running pod: accounts, configuration, garbage, scales, volumes. */
import t from 'tap';
import { until } from '../testing/test-cluster.ts';
import { configMap, core, labels, pod, strategic, template } from './testing/objects.ts';
import { type Json, openCluster } from './testing/open-cluster.ts';

t.setTimeout(300_000);
const { ask, patch, namespace: makeNamespace } = await openCluster(t);

await t.test('config maps and secrets: no empty key, and immutable when they say so', async (t) => {
  const namespace = await makeNamespace('immutable');
  for (const [resource, kind, value] of [
    ['configmaps', 'ConfigMap', 'value-1'],
    ['secrets', 'Secret', 'dmFsdWU='],
  ] as const) {
    const place = `${core}/namespaces/${namespace}/${resource}`;
    const object = (name: string, data: Json) => ({ apiVersion: 'v1', kind, metadata: { name }, data });
    t.match(await ask('POST', place, { body: object('empty', { '': value }) }), {
      code: 422,
      object: { reason: 'Invalid' },
    });
    const one = `${place}/one`;
    await ask('POST', place, { body: object('one', { a: value }) });
    t.equal((await patch(one, { data: { b: value } })).code, 200);
    t.equal((await patch(one, { immutable: true })).code, 200);
    t.match(await patch(one, { data: { c: value } }), {
      code: 422,
      object: { message: /field is immutable when `immutable` is set/ },
    });
    t.match(await patch(one, { immutable: false }), {
      code: 422,
      object: { message: /field is immutable when `immutable` is set/ },
    });
    t.equal((await patch(one, { metadata: { labels } })).code, 200);
    t.equal((await ask('DELETE', one)).code, 200);
  }
});

await t.test(
  'the root CA is in every namespace, again when it is deleted, and as it was when it is changed',
  async (t) => {
    const namespace = await makeNamespace('root-ca');
    const path = `${core}/namespaces/${namespace}/configmaps/kube-root-ca.crt`;
    const made = await until('it is there', async () => {
      const reply = await ask('GET', path);
      return reply.code === 200 ? reply.object : null;
    });
    await ask('DELETE', path);
    const again = await until('it is there again', async () => {
      const reply = await ask('GET', path);
      return reply.code === 200 && reply.object.metadata.uid !== made.metadata.uid ? reply.object : null;
    });
    t.same(again.data, made.data);
    await ask('PUT', path, {
      body: { ...again, metadata: { name: 'kube-root-ca.crt' }, data: { 'ca.crt': 'wrong' } },
    });
    await until(
      'it is put right',
      async () => (await ask('GET', path)).object.data['ca.crt'] === made.data['ca.crt'],
    );
  },
);

await t.test('accounts: tokens, issuer, and what may be asked about them', async (t) => {
  const namespace = await makeNamespace('accounts');
  const place = `${core}/namespaces/${namespace}/serviceaccounts`;
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'e2e' } };
  t.equal((await ask('POST', place, { body: account })).code, 201);
  t.match(await patch(`${place}/e2e`, { automountServiceAccountToken: false }), {
    object: { automountServiceAccountToken: false },
  });
  const asked = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { audiences: ['oidc-discovery-test'] },
  };
  const { object } = await ask('POST', `${place}/e2e/token`, { body: asked });
  const [, claims = ''] = object.status.token.split('.');
  const { iss, aud, sub } = JSON.parse(Buffer.from(claims, 'base64url').toString());
  t.same([aud, sub], [['oidc-discovery-test'], `system:serviceaccount:${namespace}:e2e`]);
  const discovered = (await ask('GET', '/.well-known/openid-configuration')).object;
  t.equal(discovered.issuer, iss);
  const keys = await ask('GET', new URL(discovered.jwks_uri).pathname);
  t.match(keys.object.keys, [{ use: 'sig', alg: /.+/, kid: /.+/ }]);
  const user = `system:serviceaccount:${namespace}:e2e`;
  const groups = ['system:authenticated', 'system:serviceaccounts', `system:serviceaccounts:${namespace}`];
  const resourceAttributes = { namespace, verb: 'list', resource: 'configmaps', version: 'v1' };
  const review = (kind: string, spec: Json) => ({ apiVersion: 'authorization.k8s.io/v1', kind, spec });
  const allowedOf = async () => {
    const spec = { user, groups, resourceAttributes };
    const anywhere = await ask('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
      body: review('SubjectAccessReview', spec),
    });
    const local = await ask(
      'POST',
      `/apis/authorization.k8s.io/v1/namespaces/${namespace}/localsubjectaccessreviews`,
      {
        body: { ...review('LocalSubjectAccessReview', spec), metadata: { namespace } },
      },
    );
    const headers = { 'impersonate-user': user };
    const really = await ask('GET', `${core}/namespaces/${namespace}/configmaps`, { headers });
    return [anywhere.object.status.allowed, local.object.status.allowed, really.code === 200];
  };
  t.same(await allowedOf(), [false, false, false]);
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' };
  const binding = {
    ...{
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'view' },
      roleRef,
    },
    subjects: [{ kind: 'ServiceAccount', name: 'e2e', namespace }],
  };
  t.equal(
    (
      await ask('POST', `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings`, {
        body: binding,
      })
    ).code,
    201,
  );
  const allowed = await until('the role counts', async () => {
    const all = await allowedOf();
    return all[2] ? all : null;
  });
  t.same(allowed, [true, true, true]);
  const self = await ask('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
  });
  t.match(self.object.status.userInfo, { username: 'ada' });
});

await t.test("a pod gets its account's token unless one of them says no", async (t) => {
  const namespace = await makeNamespace('automount');
  for (const [name, automountServiceAccountToken] of [
    ['default', undefined],
    ['mount', true],
    ['nomount', false],
  ] as const) {
    const accounts = `${core}/namespaces/${namespace}/serviceaccounts`;
    const body = {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name },
      automountServiceAccountToken,
    };
    if (name !== 'default') await ask('POST', accounts, { body });
    for (const wish of [undefined, true, false]) {
      const spec = { serviceAccountName: name, automountServiceAccountToken: wish };
      const made = await ask('POST', `${core}/namespaces/${namespace}/pods`, {
        body: pod(`${name}-${wish}`, {}, spec),
      });
      const mounts = made.object.spec.containers[0].volumeMounts ?? [];
      const isMounted = mounts.some(
        ({ mountPath }: Json) => mountPath === '/var/run/secrets/kubernetes.io/serviceaccount',
      );
      t.equal(isMounted, wish ?? automountServiceAccountToken ?? true, `${name} ${wish}`);
    }
  }
});

await t.test('priority classes: what may change, and what not', async (t) => {
  const all = '/apis/scheduling.k8s.io/v1/priorityclasses';
  for (const [name, value] of [
    ['p1', 1],
    ['p2', 2],
  ] as const) {
    await ask('POST', all, {
      body: { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name }, value },
    });
    t.match(await patch(`${all}/${name}`, { value: value * 10 }), {
      code: 422,
      object: { message: /[Ff]orbidden|may not be changed/ },
    });
    const { object } = await ask('GET', `${all}/${name}`);
    t.match(await ask('PUT', `${all}/${name}`, { body: { ...object, value: value * 10 } }), { code: 422 });
    t.match(await patch(`${all}/${name}`, { description: 'patched' }), {
      code: 200,
      object: { description: 'patched' },
    });
  }
  t.ok((await ask('GET', all)).object.items.length >= 4);
});

await t.test('runtime classes: overhead, and none of that name', async (t) => {
  const namespace = await makeNamespace('runtimes');
  const pods = `${core}/namespaces/${namespace}/pods`;
  const all = '/apis/node.k8s.io/v1/runtimeclasses';
  t.equal((await ask('POST', pods, { body: pod('none', {}, { runtimeClassName: 'none' }) })).code, 403);
  const overhead = { podFixed: { cpu: '10m', memory: '1Mi' } };
  await ask('POST', all, {
    body: {
      apiVersion: 'node.k8s.io/v1',
      kind: 'RuntimeClass',
      metadata: { name: 'heavy' },
      handler: 'runc',
      overhead,
    },
  });
  const made = await until('it is known', async () => {
    const reply = await ask('POST', pods, { body: pod('heavy', {}, { runtimeClassName: 'heavy' }) });
    return reply.code === 201 ? reply : null;
  });
  t.same(made.object.spec.overhead, overhead.podFixed);
  await ask('DELETE', `${all}/heavy`);
  await until('it is gone', async () => {
    const reply = await ask('POST', `${pods}?dryRun=All`, {
      body: pod('gone', {}, { runtimeClassName: 'heavy' }),
    });
    return reply.code === 403;
  });
});

await t.test('events: series and notes, by either group', async (t) => {
  const namespace = await makeNamespace('events');
  const event = {
    ...{ apiVersion: 'events.k8s.io/v1', kind: 'Event', metadata: { name: 'e', labels } },
    ...{
      eventTime: '2024-05-01T10:00:00.000000Z',
      action: 'Do',
      reason: 'Test',
      type: 'Normal',
      note: 'This is event',
    },
    ...{
      reportingController: 'test-controller',
      reportingInstance: 'test-node',
      regarding: { namespace, kind: 'Pod', name: 'p' },
    },
  };
  const place = `/apis/events.k8s.io/v1/namespaces/${namespace}/events`;
  t.equal((await ask('POST', place, { body: event })).code, 201);
  t.equal(
    (await ask('GET', '/apis/events.k8s.io/v1/events?fieldSelector=reportingController%3Dtest-controller'))
      .object.items.length,
    1,
  );
  t.equal((await ask('GET', '/api/v1/events?labelSelector=app%3Dconformance')).object.items.length, 1);
  const series = { count: 2, lastObservedTime: '2014-09-19T00:00:00.000000Z' };
  t.match(await patch(`${place}/e`, { series }, strategic), { code: 200, object: { series } });
  t.match(await patch(`${place}/e`, { note: 'other' }, strategic), {
    code: 422,
    object: { message: /field is immutable/ },
  });
  const old = `${core}/namespaces/${namespace}/events/e`;
  t.match(await patch(old, { message: 'patched' }, strategic), { code: 200, object: { message: 'patched' } });
  const { object } = await ask('GET', `${place}/e`);
  t.equal(object.note, 'patched');
  object.series = { ...series, count: 100 };
  t.match(await ask('PUT', `${place}/e`, { body: object }), { code: 200, object: { series: object.series } });
  t.equal((await ask('DELETE', `${place}/e`)).code, 200);
  t.same((await ask('GET', `${core}/namespaces/${namespace}/events`)).object.items, []);
});

await t.test('scales', async (t) => {
  const namespace = await makeNamespace('scales');
  for (const [root, resource, kind, spec] of [
    ['/apis/apps/v1', 'deployments', 'Deployment', { selector: { matchLabels: labels }, template }],
    ['/apis/apps/v1', 'replicasets', 'ReplicaSet', { selector: { matchLabels: labels }, template }],
    [
      '/apis/apps/v1',
      'statefulsets',
      'StatefulSet',
      { selector: { matchLabels: labels }, template, serviceName: 's' },
    ],
    ['/api/v1', 'replicationcontrollers', 'ReplicationController', { selector: labels, template }],
  ] as const) {
    const place = `${root}/namespaces/${namespace}/${resource}`;
    const apiVersion = root.replace(/^\/apis?\//, '');
    const made = await ask('POST', place, {
      body: { apiVersion, kind, metadata: { name: 's' }, spec: { ...spec, replicas: 1 } },
    });
    t.equal(made.code, 201, made.text);
    const scale = await ask('GET', `${place}/s/scale`);
    t.match(scale.object, { kind: 'Scale', apiVersion: 'autoscaling/v1', spec: { replicas: 1 } });
    const put = await ask('PUT', `${place}/s/scale`, {
      body: {
        ...scale.object,
        metadata: { ...scale.object.metadata, resourceVersion: '' },
        spec: { replicas: 2 },
      },
    });
    t.match(put.object, { spec: { replicas: 2 } }, put.text);
    t.equal((await ask('GET', `${place}/s`)).object.spec.replicas, 2);
    const patched = await patch(`${place}/s/scale`, { spec: { replicas: 4 } }, strategic);
    t.match(patched, { code: 200, object: { spec: { replicas: 4 } } }, patched.text);
    t.equal((await ask('GET', `${place}/s`)).object.spec.replicas, 4);
  }
});

await t.test('garbage', async (t) => {
  const namespace = await makeNamespace('garbage');
  const place = `${core}/namespaces/${namespace}/configmaps`;
  const owned = async (name: string, owners: readonly string[]) => {
    const ownerReferences = await Promise.all(
      owners.map(async (owner) => {
        const { uid } = (await ask('GET', `${place}/${owner}`)).object.metadata;
        return { apiVersion: 'v1', kind: 'ConfigMap', name: owner, uid, blockOwnerDeletion: true };
      }),
    );
    await ask('POST', place, { body: { ...configMap(name), metadata: { name, ownerReferences } } });
  };
  const isGone = (name: string) =>
    until(`${name} is gone`, async () => (await ask('GET', `${place}/${name}`)).code === 404);
  const remove = (name: string, propagationPolicy: string) =>
    ask('DELETE', `${place}/${name}`, {
      body: { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy },
    });
  await owned('a', []);
  await owned('a-1', ['a']);
  await remove('a', 'Background');
  await isGone('a-1');
  await owned('b', []);
  await owned('b-1', ['b']);
  await remove('b', 'Orphan');
  await isGone('b');
  await until(
    'it has lost its owner',
    async () => (await ask('GET', `${place}/b-1`)).object.metadata.ownerReferences === undefined,
  );
  await owned('c', []);
  await owned('d', []);
  await owned('c-1', ['c']);
  await owned('cd', ['c', 'd']);
  await remove('c', 'Foreground');
  await isGone('c');
  t.equal((await ask('GET', `${place}/c-1`)).code, 404, 'before its owner');
  t.match((await ask('GET', `${place}/cd`)).object.metadata, {
    ownerReferences: [{ name: 'd' }],
    deletionTimestamp: undefined,
  });
  const pods = `${core}/namespaces/${namespace}/pods`;
  const uids = new Map<string, string>();
  for (const name of ['pod1', 'pod2', 'pod3'])
    uids.set(name, (await ask('POST', pods, { body: pod(name) })).object.metadata.uid);
  for (const [name, owner] of [
    ['pod1', 'pod3'],
    ['pod2', 'pod1'],
    ['pod3', 'pod2'],
  ] as const) {
    const reference = {
      apiVersion: 'v1',
      kind: 'Pod',
      name: owner,
      uid: uids.get(owner),
      controller: true,
      blockOwnerDeletion: true,
    };
    t.equal((await patch(`${pods}/${name}`, { metadata: { ownerReferences: [reference] } })).code, 200);
  }
  await ask('DELETE', `${pods}/pod1`, {
    body: { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Foreground' },
  });
  await until('no pod is left', async () => (await ask('GET', pods)).object.items.length === 0);
});

await t.test('volumes: a claim and a volume, from their making to their end', async (t) => {
  const namespace = await makeNamespace('volumes');
  const claims = `${core}/namespaces/${namespace}/persistentvolumeclaims`;
  const spec = {
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: '1Gi' } },
    storageClassName: 'none',
  };
  const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'pvc', labels }, spec };
  t.equal((await ask('POST', claims, { body: claim })).code, 201);
  const volume = {
    ...{ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'pv', labels } },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'none',
      nfs: { server: 's', path: '/p' },
      persistentVolumeReclaimPolicy: 'Retain',
    },
  };
  t.equal((await ask('POST', `${core}/persistentvolumes`, { body: volume })).code, 201);
  const condition = {
    type: 'StatusPatched',
    status: 'True',
    reason: 'E2E patchedStatus',
    message: 'Set from e2e test',
  };
  t.match(await patch(`${claims}/pvc/status`, { status: { conditions: [condition] } }), {
    code: 200,
    object: { status: { conditions: [condition] } },
  });
  t.match(
    await patch(`${core}/persistentvolumes/pv/status`, {
      status: { message: 'StatusPatched', reason: 'E2E patchStatus' },
    }),
    { code: 200, object: { status: { message: 'StatusPatched' } } },
  );
  t.equal((await ask('DELETE', `${claims}/pvc`)).code, 200);
  t.equal((await ask('DELETE', `${core}/persistentvolumes/pv`)).code, 200);
  await until('the claim is gone', async () => (await ask('GET', `${claims}/pvc`)).code === 404);
  await until(
    'the volume is gone',
    async () => (await ask('GET', `${core}/persistentvolumes/pv`)).code === 404,
  );
  const inUse = { volumes: [{ name: 'v', csi: { driver: 'e2e.example.com', readOnly: true } }] };
  const inline = await ask('POST', `${core}/namespaces/${namespace}/pods`, {
    body: pod('inline', {}, inUse),
  });
  t.match(inline.object.spec.volumes, [{ csi: { driver: 'e2e.example.com' } }]);
});

await t.test('an eviction waits for the budget', async (t) => {
  const namespace = await makeNamespace('evictions');
  const pods = `${core}/namespaces/${namespace}/pods`;
  const node = (await ask('GET', `${core}/nodes`)).object.items[0]?.metadata.name ?? 'n';
  await ask('POST', pods, { body: pod('p', {}, { nodeName: node }, { labels }) });
  const running = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
  t.equal((await patch(`${pods}/p/status`, { status: running })).code, 200);
  const budgets = `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets`;
  await ask('POST', budgets, {
    body: {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'b' },
      spec: { minAvailable: 1, selector: { matchLabels: labels } },
    },
  });
  const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'p', namespace } };
  t.match(await ask('POST', `${pods}/p/eviction`, { body }), {
    code: 429,
    object: { reason: 'TooManyRequests' },
  });
  const object = (await ask('GET', `${budgets}/b`)).object;
  object.status = {
    ...object.status,
    observedGeneration: 1,
    disruptionsAllowed: 1,
    currentHealthy: 2,
    desiredHealthy: 1,
    expectedPods: 2,
  };
  t.equal((await ask('PUT', `${budgets}/b/status`, { body: object })).code, 200);
  t.equal((await ask('POST', `${pods}/p/eviction`, { body })).code, 201);
});

await t.test('sysctls that cannot be are refused', async (t) => {
  const namespace = await makeNamespace('sysctls');
  const sysctls = [
    { name: 'foo-', value: 'bar' },
    { name: 'kernel.shmmax', value: '100000000' },
    { name: 'safe-and-unsafe', value: '100000000' },
    { name: 'bar..', value: '42' },
  ];
  const body = pod('s', {}, { securityContext: { sysctls } });
  const refused = await ask('POST', `${core}/namespaces/${namespace}/pods`, { body });
  t.equal(refused.code, 422);
  for (const index of [0, 3])
    t.match(refused.text, `spec.securityContext.sysctls[${index}].name: Invalid value`);
  for (const name of ['safe-and-unsafe', 'kernel.shmmax'])
    t.notMatch(refused.text, `Invalid value: \\"${name}\\"`);
});
