/** The official JavaScript client, unmodified, against three agents, which come and go. */
import {
  ApiException,
  ApiextensionsV1Api,
  AppsV1Api,
  CoordinationV1Api,
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  makeInformer,
  PatchStrategy,
  setHeaderOptions,
  type V1ConfigMap,
  Watch,
} from '@kubernetes/client-node';
import t from 'tap';
import { realClock } from '../datastore/clock.ts';
import { EtcdStore } from '../datastore/etcd/etcd-store.ts';
import { makeOperator } from './testing/kubectl.ts';
import { makeNodes, type TestNode, until, untilHighlyAvailable } from './testing/test-cluster.ts';

t.setTimeout(600_000);

const operator = makeOperator(t, t.testdir());
const operators = [{ name: operator.name, key: operator.key }];
const nodes = await makeNodes(t, { size: 3, api: true, more: { operators } });
for (const node of nodes) node.start();
await untilHighlyAvailable(nodes);
/** Of each node's own kubeconfig: these nodes have one address and differ in their ports, which contexts of one file do not. */
const contexts = await Promise.all(
  nodes.map(async (node) => {
    const own = new KubeConfig();
    own.loadFromFile(await until('a kubeconfig is given', () => operator.kubeconfig(node)));
    const [cluster, user] = [own.getCurrentCluster(), own.getCurrentUser()];
    if (cluster === null || user === null) throw new Error('the kubeconfig names no cluster or no user');
    const name = node.address;
    return { cluster: { ...cluster, name }, user, context: { name, cluster: name, user: user.name } };
  }),
);

/** A client that knows all nodes and turns to one. */
function configOf(node: TestNode): KubeConfig {
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: contexts.map(({ cluster }) => cluster),
    users: contexts.slice(0, 1).map(({ user }) => user),
    contexts: contexts.map(({ context }) => context),
    currentContext: node.address,
  });
  return config;
}

async function leaderOf(): Promise<TestNode> {
  return await until('somebody leads', async () => {
    const running = nodes.filter((node) => node.running);
    const all = await Promise.all(running.map(async (node) => ({ node, status: await node.status() })));
    return all.find(({ status }) => status.self.id === status.leader)?.node ?? null;
  });
}

/** The code of the refusal. */
async function refused(asked: Promise<unknown>): Promise<number> {
  try {
    await asked;
    return 200;
  } catch (error) {
    if (error instanceof ApiException) return error.code;
    throw error;
  }
}

/** Until it is done: what is asked bears to be asked again, when the node had no leader to ask. */
async function insist(what: () => Promise<unknown>, alsoDone: number): Promise<void> {
  await until('a write is taken', async () => {
    const code = await refused(what());
    return code === 200 || code === alsoDone;
  });
}

const [first, second, third] = nodes as [TestNode, TestNode, TestNode];
const core = configOf(first).makeApiClient(CoreV1Api);
const patchAs = (strategy: string) => setHeaderOptions('Content-Type', strategy);

await until('the API takes writes', async () => {
  await core.createNamespace({ body: { metadata: { name: 'shop' } } });
  return true;
});
const namespace = 'shop';

await t.test('typed objects are made, read, changed and deleted', async (t) => {
  const apps = configOf(second).makeApiClient(AppsV1Api);
  const template = {
    metadata: { labels: { app: 'web' } },
    spec: { containers: [{ name: 'c', image: 'c:1' }] },
  };
  const spec = { replicas: 2, selector: { matchLabels: { app: 'web' } }, template };
  const made = await apps.createNamespacedDeployment({
    namespace,
    body: { metadata: { name: 'web' }, spec },
  });
  t.match(made, { metadata: { generation: 1 }, spec: { strategy: { type: 'RollingUpdate' } } });
  t.ok(made.metadata?.creationTimestamp instanceof Date);
  const named = { namespace, name: 'web' };
  const read = await apps.readNamespacedDeployment(named);
  t.same(read, made, 'what another reads is what was made');
  for (const [strategy, body, image] of [
    [
      PatchStrategy.StrategicMergePatch,
      { spec: { template: { spec: { containers: [{ name: 'c', image: 'c:2' }] } } } },
      'c:2',
    ],
    [
      PatchStrategy.JsonPatch,
      [{ op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'c:3' }],
      'c:3',
    ],
    [
      PatchStrategy.MergePatch,
      { spec: { template: { spec: { containers: [{ name: 'd', image: 'd:1' }] } } } },
      'd:1',
    ],
  ] as const) {
    const patched = await apps.patchNamespacedDeployment({ ...named, body }, patchAs(strategy));
    t.same(
      patched.spec?.template.spec?.containers.map((one) => one.image),
      [image],
      strategy,
    );
  }
  const applied = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: { replicas: 5 },
  };
  const apply = (force: boolean) =>
    apps.patchNamespacedDeployment(
      { ...named, body: applied, fieldManager: 'scaler', force },
      patchAs(PatchStrategy.ServerSideApply),
    );
  t.equal(await refused(apply(false)), 409);
  t.match(await apply(true), { spec: { replicas: 5 } });
  t.match(await apps.readNamespacedDeploymentScale(named), { kind: 'Scale', spec: { replicas: 5 } });
  t.equal(
    await refused(apps.replaceNamespacedDeployment({ ...named, body: made })),
    409,
    'it is another by now',
  );
  const status = await apps.deleteNamespacedDeployment({ ...named, propagationPolicy: 'Background' });
  t.match(status, { status: 'Success' });
  t.equal(await refused(apps.readNamespacedDeployment(named)), 404);
});

await t.test(
  'a list in parts shows one state, whatever is written meanwhile, and at whichever node',
  async (t) => {
    const config = (name: string): V1ConfigMap => ({
      metadata: { name, labels: { set: 'parts' } },
      data: { name },
    });
    for (let number = 0; number < 7; number += 1)
      await core.createNamespacedConfigMap({ namespace, body: config(`p${number}`) });
    const selected = { namespace, labelSelector: 'set=parts', limit: 3 };
    const begin = await core.listNamespacedConfigMap(selected);
    await core.createNamespacedConfigMap({ namespace, body: config('p9') });
    await core.deleteNamespacedConfigMap({ namespace, name: 'p5' });
    const names = begin.items.map(({ metadata }) => metadata?.name);
    const versions = [begin.metadata?.resourceVersion];
    let next = begin.metadata?._continue;
    for (const node of [second, third]) {
      const part = await configOf(node)
        .makeApiClient(CoreV1Api)
        .listNamespacedConfigMap({ ...selected, _continue: next as string });
      names.push(...part.items.map(({ metadata }) => metadata?.name));
      versions.push(part.metadata?.resourceVersion);
      next = part.metadata?._continue;
    }
    t.same(names, ['p0', 'p1', 'p2', 'p3', 'p4', 'p5', 'p6']);
    t.equal(next, undefined, 'that was all');
    t.equal(new Set(versions).size, 1, 'of one version');
    await core.deleteCollectionNamespacedConfigMap({ namespace, labelSelector: 'set=parts' });
    t.same((await core.listNamespacedConfigMap(selected)).items, []);
  },
);

await t.test('a watch tells what happens from a version on', async (t) => {
  const labelSelector = 'set=watched';
  const { metadata } = await core.listNamespacedConfigMap({ namespace, labelSelector });
  const told: string[] = [];
  const watch = await new Watch(configOf(third)).watch(
    `/api/v1/namespaces/${namespace}/configmaps`,
    { labelSelector, resourceVersion: metadata?.resourceVersion, allowWatchBookmarks: true },
    (phase: string, object: V1ConfigMap) => {
      if (phase !== 'BOOKMARK') told.push(`${phase} ${object.data?.v}`);
    },
    () => {},
  );
  const named = { namespace, name: 'w' };
  await core.createNamespacedConfigMap({
    namespace,
    body: { metadata: { name: 'w', labels: { set: 'watched' } }, data: { v: '1' } },
  });
  await core.patchNamespacedConfigMap(
    { ...named, body: { data: { v: '2' } } },
    patchAs(PatchStrategy.MergePatch),
  );
  await core.deleteNamespacedConfigMap(named);
  await until('all is told', async () => told.length >= 3);
  t.same(told, ['ADDED 1', 'MODIFIED 2', 'DELETED 2']);
  watch.abort();
});

/** An informer of the config maps of a set, and what it has told of each, in order. */
function inform(set: string, config: KubeConfig) {
  const labelSelector = `set=${set}`;
  const seen = { told: new Map<string, string[]>(), lists: 0, errors: 0 };
  const informer = makeInformer<V1ConfigMap>(
    config,
    `/api/v1/namespaces/${namespace}/configmaps`,
    async () => {
      seen.lists += 1;
      return await config.makeApiClient(CoreV1Api).listNamespacedConfigMap({ namespace, labelSelector });
    },
    labelSelector,
  );
  for (const verb of ['add', 'update', 'delete'] as const) {
    informer.on(verb, ({ metadata, data }) => {
      const name = metadata?.name ?? '';
      seen.told.set(name, [...(seen.told.get(name) ?? []), `${verb} ${data?.v}`]);
    });
  }
  return { informer, seen };
}

/** A short life of an object, through one node. */
async function live(set: string, name: string, node: TestNode): Promise<void> {
  const api = configOf(node).makeApiClient(CoreV1Api);
  const body = { metadata: { name, labels: { set } }, data: { v: '1' } };
  await insist(() => api.createNamespacedConfigMap({ namespace, body }), 409);
  for (const v of ['2', '3']) {
    const patch = { namespace, name, body: { data: { v } } };
    await insist(() => api.patchNamespacedConfigMap(patch, patchAs(PatchStrategy.MergePatch)), 200);
  }
  await insist(() => api.deleteNamespacedConfigMap({ namespace, name }), 404);
}

await t.test(
  'an informer goes on at the next node, and misses nothing and hears nothing twice',
  async (t) => {
    const config = configOf(await leaderOf());
    const { informer, seen } = inform('lives', config);
    let asked = await leaderOf();
    let isOver = false;
    informer.on('error', () => {
      // Its own end is one too.
      if (isOver) return;
      seen.errors += 1;
      // As a client does: the next context of its kubeconfig, and from the version that it has come to.
      asked = nodes[(nodes.indexOf(asked) + 1) % nodes.length] as TestNode;
      config.setCurrentContext(asked.address);
      informer.start().catch(() => {});
    });
    await informer.start();
    const names: string[] = [];
    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      const lost = asked;
      const errors = seen.errors;
      const writer = nodes.find((node) => node !== lost) as TestNode;
      const lives = Array.from({ length: 12 }, (_, index) => `${signal.toLowerCase()}-${index}`);
      names.push(...lives);
      for (const [index, name] of lives.entries()) {
        if (index === 4) await lost.stop(signal);
        await live('lives', name, writer);
      }
      await until('it is at another node', async () => seen.errors > errors);
      lost.start();
      await untilHighlyAvailable(nodes);
      const back = configOf(lost).makeApiClient(CoreV1Api);
      await until(
        'it serves again',
        async () => (await refused(back.readNamespace({ name: namespace }))) === 200,
      );
    }
    await until('the last is told', async () => seen.told.get(names.at(-1) ?? '')?.at(-1) === 'delete 3');
    const whole = ['add 1', 'update 2', 'update 3', 'delete 3'];
    t.same(Object.fromEntries(seen.told), Object.fromEntries(names.map((name) => [name, whole])));
    t.equal(seen.lists, 1, 'it never began anew');
    isOver = true;
    await informer.stop();
  },
);

await t.test('an informer that was away for too long is told so (410), and begins anew', async (t) => {
  const { informer, seen } = inform('late', configOf(second));
  const make = (name: string) =>
    core.createNamespacedConfigMap({
      namespace,
      body: { metadata: { name, labels: { set: 'late' } }, data: { v: '1' } },
    });
  for (const name of ['goes', 'stays', 'changes']) await make(name);
  await informer.start();
  await until('it knows them', async () => seen.told.size === 3);
  await informer.stop();
  await core.deleteNamespacedConfigMap({ namespace, name: 'goes' });
  await make('comes');
  const changed = await core.patchNamespacedConfigMap(
    { namespace, name: 'changes', body: { data: { v: '2' } } },
    patchAs(PatchStrategy.MergePatch),
  );
  const store = new EtcdStore({
    endpoints: [`unix:${second.etcdSocket}`],
    surroundings: { clock: realClock, random: Math.random },
  });
  t.teardown(() => store.close());
  await store.compact(Number(changed.metadata?.resourceVersion));
  await informer.start();
  await until('it has begun anew', async () => seen.lists === 2 && seen.told.size === 4);
  t.same(Object.fromEntries(seen.told), {
    goes: ['add 1', 'delete 1'],
    stays: ['add 1'],
    changes: ['add 1', 'update 2'],
    comes: ['add 1'],
  });
  await core.deleteNamespacedConfigMap({ namespace, name: 'comes' });
  await until('and goes on', async () => seen.told.get('comes')?.length === 2);
  await informer.stop();
});

await t.test('custom objects', async (t) => {
  const [group, version, plural] = ['toys.example.com', 'v1', 'kites'];
  const schema = {
    type: 'object',
    properties: { spec: { type: 'object', properties: { length: { type: 'integer', minimum: 1 } } } },
  };
  const definitions = configOf(third).makeApiClient(ApiextensionsV1Api);
  await definitions.createCustomResourceDefinition({
    body: {
      metadata: { name: `${plural}.${group}` },
      spec: {
        ...{ group, scope: 'Namespaced', names: { plural, kind: 'Kite' } },
        versions: [{ name: version, served: true, storage: true, schema: { openAPIV3Schema: schema } }],
      },
    },
  });
  const objects = configOf(second).makeApiClient(CustomObjectsApi);
  const place = { group, version, namespace, plural };
  await until(
    'they are served',
    async () => (await refused(objects.listNamespacedCustomObject(place))) === 200,
  );
  const kite = (length: number) => ({
    apiVersion: `${group}/${version}`,
    kind: 'Kite',
    metadata: { name: 'k' },
    spec: { length },
  });
  t.equal(await refused(objects.createNamespacedCustomObject({ ...place, body: kite(0) })), 422);
  t.match(await objects.createNamespacedCustomObject({ ...place, body: kite(2) }), {
    metadata: { generation: 1 },
  });
  const body = { spec: { length: 3 } };
  await objects.patchNamespacedCustomObject({ ...place, name: 'k', body }, patchAs(PatchStrategy.MergePatch));
  t.match(await objects.listNamespacedCustomObject(place), {
    kind: 'KiteList',
    items: [{ kind: 'Kite', apiVersion: `${group}/${version}`, spec: { length: 3 } }],
  });
  await objects.deleteNamespacedCustomObject({ ...place, name: 'k' });
  t.equal(await refused(objects.getNamespacedCustomObject({ ...place, name: 'k' })), 404);
  await definitions.deleteCustomResourceDefinition({ name: `${plural}.${group}` });
});

await t.test('of many who want a lease at once, at different nodes, one gets it', async (t) => {
  const named = { namespace, name: 'lead' };
  const apis = nodes.map((node) => configOf(node).makeApiClient(CoordinationV1Api));
  const [api] = apis as [CoordinationV1Api];
  await api.createNamespacedLease({
    namespace,
    body: { metadata: { name: 'lead' }, spec: { leaseDurationSeconds: 15 } },
  });
  for (let term = 1; term <= 5; term += 1) {
    const lease = await api.readNamespacedLease(named);
    const wishes = [0, 1, 2, 3, 4, 5].map((wish) => {
      const spec = { ...lease.spec, holderIdentity: `${term}-${wish}`, leaseTransitions: term };
      return refused(
        (apis[wish % 3] as CoordinationV1Api).replaceNamespacedLease({ ...named, body: { ...lease, spec } }),
      );
    });
    const codes = await Promise.all(wishes);
    t.same(codes.toSorted(), [200, 409, 409, 409, 409, 409]);
    const { spec } = await (apis[term % 3] as CoordinationV1Api).readNamespacedLease(named);
    t.equal(spec?.holderIdentity, `${term}-${codes.indexOf(200)}`, 'every node knows who');
  }
});
