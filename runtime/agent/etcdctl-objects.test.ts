/** The objects of the Kubernetes API as etcdctl sees them, and what becomes of those that etcdctl writes. */
import t from 'tap';
import { etcdctl } from '../datastore/testing/etcdctl.ts';
import { makeOperator } from './testing/kubectl.ts';
import { makeNodes, type TestNode, until, untilHighlyAvailable } from './testing/test-cluster.ts';

t.setTimeout(300_000);

const operator = makeOperator(t, t.testdir());
const operators = [{ name: operator.name, key: operator.key }];
const nodes = await makeNodes(t, { size: 3, api: true, more: { operators } });
for (const node of nodes) node.start();
await untilHighlyAvailable(nodes);
const [first, second, third] = nodes as [TestNode, TestNode, TestNode];

async function say(words: string, input = ''): Promise<string> {
  const { code, out, err } = await operator.kubectl(first, words.split(' '), { input });
  if (code !== 0) throw new Error(`kubectl ${words}: ${err}`);
  return out;
}

/** At another node than the one that kubectl asks. */
async function store(...words: string[]): Promise<string> {
  return (await etcdctl(`unix:${second.etcdSocket}`, words)).stdout;
}

await until('the API takes writes', async () => {
  const { code, err } = await operator.kubectl(first, ['create', 'namespace', 'shop']);
  return code === 0 || err.includes('AlreadyExists');
});

const definition = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: kites.toys.example.com }
spec:
  group: toys.example.com
  scope: Namespaced
  names: { plural: kites, kind: Kite }
  versions:
    - { name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object, x-kubernetes-preserve-unknown-fields: true } } }
`;

const meta = 'metadata: { name: x, namespace: shop }';
const podSpec = 'spec: { restartPolicy: Never, containers: [ { name: c, image: c } ] }';
const template = `template: { metadata: { labels: { a: b } }, ${podSpec} }`;
const always = template.replace('restartPolicy: Never, ', '');
const selector = 'selector: { matchLabels: { a: b } }';
const objects = [
  `apiVersion: v1\nkind: ConfigMap\n${meta}`,
  `apiVersion: v1\nkind: Secret\n${meta}`,
  `apiVersion: v1\nkind: Pod\n${meta}\n${podSpec}`,
  `apiVersion: v1\nkind: Service\n${meta}\nspec: { ports: [ { port: 80 } ] }`,
  `apiVersion: v1\nkind: Endpoints\n${meta}`,
  `apiVersion: v1\nkind: ServiceAccount\n${meta}`,
  `apiVersion: v1\nkind: LimitRange\n${meta}\nspec: { limits: [] }`,
  `apiVersion: v1\nkind: ResourceQuota\n${meta}`,
  `apiVersion: v1\nkind: PersistentVolumeClaim\n${meta}\nspec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }`,
  `apiVersion: v1\nkind: ReplicationController\n${meta}\nspec: { replicas: 0, selector: { a: b }, ${always} }`,
  `apiVersion: apps/v1\nkind: Deployment\n${meta}\nspec: { replicas: 0, ${selector}, ${always} }`,
  `apiVersion: apps/v1\nkind: ReplicaSet\n${meta}\nspec: { replicas: 0, ${selector}, ${always} }`,
  `apiVersion: apps/v1\nkind: StatefulSet\n${meta}\nspec: { replicas: 0, serviceName: x, ${selector}, ${always} }`,
  `apiVersion: apps/v1\nkind: DaemonSet\n${meta}\nspec: { ${selector}, ${always} }`,
  `apiVersion: batch/v1\nkind: Job\n${meta}\nspec: { suspend: true, ${template} }`,
  `apiVersion: batch/v1\nkind: CronJob\n${meta}\nspec: { suspend: true, schedule: "0 0 * * *", jobTemplate: { spec: { ${template} } } }`,
  `apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\n${meta}\nspec: { maxReplicas: 2, scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: x } }`,
  `apiVersion: policy/v1\nkind: PodDisruptionBudget\n${meta}\nspec: { minAvailable: 1, ${selector} }`,
  `apiVersion: networking.k8s.io/v1\nkind: Ingress\n${meta}\nspec: { defaultBackend: { service: { name: x, port: { number: 80 } } } }`,
  `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n${meta}\nspec: { podSelector: {} }`,
  `apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\n${meta}`,
  `apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\n${meta}\nroleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: x }`,
  `apiVersion: coordination.k8s.io/v1\nkind: Lease\n${meta}`,
  `apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n${meta}\naddressType: IPv4`,
  `apiVersion: toys.example.com/v1\nkind: Kite\n${meta}`,
];

/** Where a real kube-apiserver keeps them. */
const places = [
  ...[
    'configmaps',
    'secrets',
    'pods',
    'services/specs',
    'services/endpoints',
    'serviceaccounts',
    'limitranges',
  ],
  ...[
    'resourcequotas',
    'persistentvolumeclaims',
    'controllers',
    'deployments',
    'replicasets',
    'statefulsets',
  ],
  ...['daemonsets', 'jobs', 'cronjobs', 'horizontalpodautoscalers', 'poddisruptionbudgets', 'ingress'],
  ...['networkpolicies', 'roles', 'rolebindings', 'leases', 'endpointslices', 'toys.example.com/kites'],
];

await t.test('etcdctl shows the keys of a real server, and JSON behind them', async (t) => {
  await say('apply -f -', definition);
  await say('wait --for=condition=Established crd/kites.toys.example.com --timeout=60s');
  await until('all are taken', async () => {
    const { code } = await operator.kubectl(first, ['apply', '-f', '-'], { input: objects.join('\n---\n') });
    return code === 0;
  });
  const keys = (await store('get', '/registry/', '--prefix', '--keys-only'))
    .split('\n')
    .filter((key) => key !== '');
  const own = keys.filter((key) => key.endsWith('/shop/x'));
  t.same(own.toSorted(), places.map((place) => `/registry/${place}/shop/x`).toSorted());
  for (const key of [
    '/registry/namespaces/shop',
    '/registry/clusterroles/cluster-admin',
    '/registry/services/specs/default/kubernetes',
    '/registry/apiextensions.k8s.io/customresourcedefinitions/kites.toys.example.com',
    '/registry/flowschemas/exempt',
    '/registry/priorityclasses/system-node-critical',
  ]) {
    t.ok(keys.includes(key), key);
  }
  await until('every member is a node', async () => {
    const members = await store('get', '/registry/minions/', '--prefix', '--keys-only');
    const names = (await say('get nodes -o name')).split('\n').filter((name) => name !== '');
    const found = members.split('\n').filter((key) => key !== '');
    return (
      found.length === 3 &&
      found.join() === names.map((name) => name.replace('node/', '/registry/minions/')).join()
    );
  });
  for (const [place, kind] of [
    ['deployments', 'Deployment'],
    ['toys.example.com/kites', 'Kite'],
  ] as const) {
    const value = await store('get', `/registry/${place}/shop/x`, '--print-value-only');
    const object = JSON.parse(value) as { metadata: object };
    t.match(object, { kind, metadata: { name: 'x', namespace: 'shop', uid: String } });
    t.notOk('resourceVersion' in object.metadata, 'that is the revision of the key');
  }
});

await t.test('what etcdctl writes and deletes is what kubectl reads and watches', async (t) => {
  const key = '/registry/configmaps/shop/by-hand';
  // As people type it: in any order, and without what the server fills in.
  const object = (v: string) =>
    JSON.stringify({
      data: { v },
      metadata: { namespace: 'shop', name: 'by-hand', uid: 'made-by-hand' },
      apiVersion: 'v1',
      kind: 'ConfigMap',
    });
  const watch = await operator.follow(third, [
    ...['get', 'configmaps', '-n', 'shop', '--field-selector=metadata.name!=kube-root-ca.crt', '--watch'],
    ...['--output-watch-events', '-o', 'jsonpath={.type} {.object.metadata.name} {.object.data.v}{"\\n"}'],
  ]);
  await until('it begins', async () => watch.said().out.includes('ADDED x'));
  await store('put', key, object('1'));
  t.equal(await say('get configmap by-hand -n shop -o jsonpath={.data.v}'), '1');
  t.match(await say('get configmaps -n shop'), /^by-hand\s+1\s/m, 'lists have it too');
  await store('put', key, object('2'));
  t.equal(await say('get configmap by-hand -n shop -o jsonpath={.data.v}'), '2');
  await say('patch configmap by-hand -n shop -p {"data":{"v":"3"}}');
  t.match(JSON.parse(await store('get', key, '--print-value-only')), {
    data: { v: '3' },
    metadata: { uid: 'made-by-hand' },
  });
  const version = await say('get configmap by-hand -n shop -o jsonpath={.metadata.resourceVersion}');
  const { kvs } = JSON.parse(await store('get', key, '-w', 'json')) as { kvs: { mod_revision: number }[] };
  t.equal(version, String(kvs[0]?.mod_revision), 'the version of an object is the revision of its key');
  await store('del', key);
  t.match(await operator.kubectl(first, ['get', 'configmap', 'by-hand', '-n', 'shop']), {
    code: 1,
    err: /NotFound/,
  });
  await until('the watch has told all', async () => watch.said().out.includes('DELETED by-hand'));
  const told = watch
    .said()
    .out.split('\n')
    .filter((line) => line.includes('by-hand'));
  t.same(told, ['ADDED by-hand 1', 'MODIFIED by-hand 2', 'MODIFIED by-hand 3', 'DELETED by-hand 3']);
});
