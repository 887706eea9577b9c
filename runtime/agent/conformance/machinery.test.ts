/** Upstream's conformance tests of the API machinery (test/e2e/apimachinery): discovery, lists in parts, watches, checks of fields, namespaces, quotas. */
import t, { type Test } from 'tap';
import { realClock } from '../../datastore/clock.ts';
import { EtcdStore } from '../../datastore/etcd/etcd-store.ts';
import { until } from '../testing/test-cluster.ts';
import { type Json, openCluster } from './testing/open-cluster.ts';

t.setTimeout(300_000);
const { ask, patch, watch, node, namespace: makeNamespace } = await openCluster(t);
const strategic = 'application/strategic-merge-patch+json';

await t.test('server version', async (t) => {
  const { object } = await ask('GET', '/version');
  t.match(object, { major: /^\d+$/, minor: /^\d+$/ });
});

await t.test('each group has a preferred version, and each version a resource', async (t) => {
  const { groups } = (await ask('GET', '/apis')).object;
  for (const group of groups) {
    const own = (await ask('GET', `/apis/${group.name}`)).object;
    t.ok(
      own.versions.some((one: Json) => one.groupVersion === own.preferredVersion.groupVersion),
      group.name,
    );
    for (const { groupVersion } of group.versions) {
      const list = (await ask('GET', `/apis/${groupVersion}`)).object;
      t.match(list, { kind: 'APIResourceList', groupVersion });
      t.ok(list.resources.length > 0);
    }
  }
});

await t.test('aggregated discovery by Accept, also of custom resources', async (t) => {
  const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
  for (const [path, group, version, resource] of [
    ['/api', '', 'v1', 'pods'],
    ['/apis', 'apps', 'v1', 'deployments'],
    ['/apis', 'admissionregistration.k8s.io', 'v1', 'validatingwebhookconfigurations'],
    ['/apis', 'apiextensions.k8s.io', 'v1', 'customresourcedefinitions'],
  ] as const) {
    for (const wanted of [accept, `${accept},application/json`]) {
      const reply = await ask('GET', path, { headers: { accept: wanted } });
      t.match(reply.object, { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2' });
      const found = reply.object.items.find((one: Json) => (one.metadata.name ?? '') === group);
      const of = found?.versions.find((one: Json) => one.version === version);
      t.ok(
        of?.resources.some((one: Json) => one.resource === resource),
        `${group}/${version} ${resource}`,
      );
    }
  }
});

await t.test('lists in parts', async (t) => {
  const namespace = await makeNamespace('chunking');
  const place = `/api/v1/namespaces/${namespace}/podtemplates`;
  const total = 100;
  const nameOf = (number: number) => `template-${String(number).padStart(4, '0')}`;
  const template = { spec: { containers: [{ name: 'test', image: 'test2' }] } };
  await Promise.all(
    Array.from({ length: total }, (_, number) =>
      ask('POST', place, {
        body: { apiVersion: 'v1', kind: 'PodTemplate', metadata: { name: nameOf(number) }, template },
      }),
    ),
  );
  for (const limit of [7, 33, 100]) {
    const names: string[] = [];
    let version = '';
    for (let token = ''; ; ) {
      const { object } = await ask('GET', `${place}?limit=${limit}&continue=${encodeURIComponent(token)}`);
      const { resourceVersion, continue: next, remainingItemCount } = object.metadata;
      version ||= resourceVersion;
      t.equal(resourceVersion, version);
      t.ok(object.items.length <= limit);
      names.push(...object.items.map((one: Json) => one.metadata.name));
      t.equal(remainingItemCount, next ? total - names.length : undefined);
      if (!next) break;
      token = next;
    }
    t.same(
      names,
      Array.from({ length: total }, (_, number) => nameOf(number)),
    );
  }
  t.equal((await ask('GET', `${place}?limit=${total + 1}`)).object.items.length, total);
  const tables = { headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } };
  const first = (await ask('GET', `${place}?limit=2`, tables)).object;
  t.match(first, { kind: 'Table', rows: [{ cells: ['template-0000'] }, { cells: ['template-0001'] }] });
  const rest = await ask('GET', `${place}?continue=${encodeURIComponent(first.metadata.continue)}`, tables);
  t.equal(rest.object.rows[0].cells[0], 'template-0002');
});

await t.test('a list in parts whose state is not kept any more goes on with what there is', async (t) => {
  const place = '/api/v1/namespaces/chunking/podtemplates';
  const first = (await ask('GET', `${place}?limit=10`)).object;
  const made = await ask('POST', '/api/v1/namespaces/chunking/configmaps', {
    body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'later' } },
  });
  const store = new EtcdStore({
    endpoints: [`unix:${node.etcdSocket}`],
    surroundings: { clock: realClock, random: Math.random },
  });
  t.teardown(() => store.close());
  await store.compact(Number(made.object.metadata.resourceVersion));
  const next = (token: string) => ask('GET', `${place}?limit=10&continue=${encodeURIComponent(token)}`);
  const expired = await next(first.metadata.continue);
  t.match(expired, { code: 410, object: { reason: 'Expired' } });
  let token = expired.object.metadata.continue as string;
  t.ok(token, 'it says how to go on');
  const names: string[] = first.items.map((one: Json) => one.metadata.name);
  const versions = new Set<string>();
  for (; token; ) {
    const { object } = await next(token);
    names.push(...object.items.map((one: Json) => one.metadata.name));
    versions.add(object.metadata.resourceVersion);
    t.equal(object.metadata.remainingItemCount, object.metadata.continue ? 100 - names.length : undefined);
    token = object.metadata.continue;
  }
  t.equal(names.length, 100);
  t.equal(new Set(names).size, 100);
  t.equal(versions.size, 1, 'of one later version');
  t.notOk(versions.has(first.metadata.resourceVersion));
});

await t.test('what cannot be a table is refused (406), and nodes are a table', async (t) => {
  const body = {
    ...{ apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview' },
    spec: { nonResourceAttributes: { path: '/', verb: 'get' } },
  };
  const headers = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };
  const refused = await ask('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
    body,
    headers,
  });
  t.match(refused, { code: 406, object: { code: 406, reason: 'NotAcceptable' } });
  const object = await until('the node is there', async () => {
    const table = (await ask('GET', '/api/v1/nodes', { headers })).object;
    return table.rows.length > 0 ? table : null;
  });
  t.equal(object.columnDefinitions[0].name, 'Name');
  t.equal(object.rows[0].cells.length, object.columnDefinitions.length);
});

await t.test('fields that are unknown or there twice', async (t) => {
  const namespace = await makeNamespace('field-validation');
  const place = `/apis/apps/v1/namespaces/${namespace}/deployments?fieldManager=m&fieldValidation=Strict`;
  const rest =
    '"selector": {"matchLabels": {"app": "nginx"}}, "template": {"metadata": {"labels": {"app": "nginx"}}, "spec": {"containers": [{"name": "nginx", "image": "nginx:latest"}]}}';
  const twice = `{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": {"unknownField": "foo", "replicas": 2, "replicas": 3, ${rest}}}`;
  t.match(await ask('POST', place, { body: twice }), {
    code: 400,
    object: {
      message: /strict decoding error: unknown field "spec.unknownField", duplicate field "spec.replicas"/,
    },
  });
  const meta = `{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d", "unknownMeta": "foo"}, "spec": {${rest}}}`;
  t.match(await ask('POST', place, { body: meta }), {
    code: 400,
    object: { message: /strict decoding error: unknown field "metadata.unknownMeta"/ },
  });
});

async function define(t: Test, name: string, schema: Json, more: Json = {}) {
  const group = 'conformance.example.com';
  const plural = `${name}s`;
  const kind = name.charAt(0).toUpperCase() + name.slice(1);
  const version = (name: string, storage: boolean) => ({
    ...{ name, storage, served: true },
    ...{ schema: { openAPIV3Schema: schema }, subresources: { status: {} } },
  });
  const body = {
    ...{ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' },
    metadata: { name: `${plural}.${group}` },
    spec: {
      ...{ group, scope: 'Cluster', names: { plural, kind, singular: name, listKind: `${kind}List` } },
      versions: [version('v1beta1', true), version('v1beta2', false)],
      ...more,
    },
  };
  const made = await ask('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', { body });
  t.equal(made.code, 201, made.text);
  const place = `/apis/${group}/v1beta1/${plural}`;
  await until('it is served', async () => (await ask('GET', place)).code === 200);
  return {
    place,
    apiVersion: `${group}/v1beta1`,
    kind,
    path: `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${plural}.${group}`,
  };
}

const portSchema = {
  ...{ type: 'object', required: ['containerPort', 'protocol'] },
  properties: {
    ...{
      containerPort: { type: 'integer', format: 'int32' },
      hostIP: { type: 'string' },
      name: { type: 'string' },
    },
    protocol: { type: 'string' },
  },
};
const specProperties = {
  foo: { type: 'string' },
  cronSpec: { type: 'string', pattern: '^(\\d+|\\*)(/\\d+)?(\\s+(\\d+|\\*)(/\\d+)?){4}$' },
  ports: {
    ...{ type: 'array', items: portSchema, 'x-kubernetes-list-type': 'map' },
    'x-kubernetes-list-map-keys': ['containerPort', 'protocol'],
  },
};
const strictSchema = { type: 'object', properties: { spec: { type: 'object', properties: specProperties } } };
const tail = `  foo: foo1
  cronSpec: "* * * * */5"
  ports:
  - name: x
    containerPort: 80
    protocol: TCP`;

await t.test('fields of custom resources, applied as YAML', async (t) => {
  const apply = (place: string, body: string) =>
    ask('PATCH', `${place}/mytest?fieldManager=m&fieldValidation=Strict`, {
      body,
      headers: { 'content-type': 'application/apply-patch+yaml' },
    });
  const head = ({ apiVersion, kind }: { apiVersion: string; kind: string }) =>
    `\napiVersion: ${apiVersion}\nkind: ${kind}\nmetadata:\n  name: mytest\n  finalizers:\n  - test-finalizer\n`;
  const valid = await define(t, 'valid', strictSchema);
  const made = await apply(valid.place, `${head(valid)}spec:\n${tail}`);
  t.equal(made.code, 201, made.text);
  const open = await define(t, 'open', { type: 'object', 'x-kubernetes-preserve-unknown-fields': true });
  const free = await apply(open.place, `${head(open)}spec:\n  unknown: uk1\n${tail}`);
  t.equal(free.code, 201, free.text);
  const strict = await define(t, 'strict', strictSchema);
  const unknown = await apply(strict.place, `${head(strict)}unknownField: unknown\nspec:\n${tail}`);
  t.match(unknown.text, /\.unknownField: field not declared in schema/);
  t.ok(unknown.code >= 400);
  const embedded = {
    ...{ type: 'object', 'x-kubernetes-embedded-resource': true },
    properties: {
      metadata: { type: 'object', properties: { name: { type: 'string' } } },
      spec: { type: 'object' },
    },
  };
  const preserving = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const spec = { ...preserving, properties: { ...specProperties, template: embedded } };
  const within = await define(t, 'within', { type: 'object', properties: { spec } });
  const meta = `${head(within).replace('  finalizers', '  unknownMeta: unknown\n  finalizers')}spec:
  template:
    apiversion: foo/v1
    kind: Sub
    metadata:
        unknownSubMeta: unknown
        name: subobject
        namespace: default
${tail}`;
  const refused = await apply(within.place, meta);
  t.match(refused.text, /(spec\.template)?\.metadata\.unknown(Sub)?Meta: field not declared in schema/);
  const keeping = await define(t, 'keeping', {
    type: 'object',
    properties: { spec: { ...preserving, properties: specProperties } },
  });
  const twice = await apply(
    keeping.place,
    `${head(keeping)}spec:\n  unknown: uk1\n  foo: foo1\n${tail.replace('foo1', 'foo2')}`,
  );
  t.match(twice.text, /line 11: key \\"foo\\" already set in map/);
  t.equal(twice.code, 400, twice.text);
});

await t.test('definitions: listed, changed, watched, with a status, deleted as a set', async (t) => {
  const all = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const one = await define(t, 'simple', strictSchema);
  const read = await ask('GET', `${one.path}/status`);
  t.match(read.object, { status: { conditions: [{ type: 'NamesAccepted' }, { type: 'Established' }] } });
  const condition = { type: 'StatusUpdate', status: 'True', reason: 'E2E', message: 'Set from e2e test' };
  const updated = await until('the update is taken', async () => {
    const { object } = await ask('GET', one.path);
    object.status.conditions.push(condition);
    const reply = await ask('PUT', `${one.path}/status`, { body: object });
    return reply.code === 409 ? null : reply;
  });
  t.equal(updated.code, 200, updated.text);
  t.ok(updated.object.status.conditions.some((had: Json) => had.type === 'StatusUpdate'));
  const patched = await patch(`${one.path}/status`, { metadata: { labels: { 'e2e-test': 'x' } } });
  t.match(patched, { code: 200 });
  await ask('DELETE', one.path);
  await until('it is gone', async () => (await ask('GET', one.path)).code === 404);
  const events = await watch(one.place.replace('simples', 'valids'));
  const custom = (name: string) => ({
    apiVersion: one.apiVersion,
    kind: 'Valid',
    metadata: { name },
    spec: { foo: 'a' },
  });
  const place = one.place.replace('simples', 'valids');
  t.equal((await ask('POST', place, { body: custom('seen') })).code, 201);
  await patch(`${place}/seen`, { spec: { foo: 'b' } });
  await ask('DELETE', `${place}/seen`);
  for (const type of ['ADDED', 'MODIFIED', 'DELETED']) await events.saw(type, 'seen');
  events.close();
  t.ok(all);
});

await t.test('defaults of custom resources, for requests and from the store', async (t) => {
  const properties = (a: Json, b: Json) => ({
    type: 'object',
    properties: { a: { type: 'string', ...a }, b: { type: 'string', ...b } },
  });
  const one = await define(t, 'defaulted', properties({}, {}));
  const make = (name: string) =>
    ask('POST', one.place, { body: { apiVersion: one.apiVersion, kind: one.kind, metadata: { name } } });
  t.equal((await make('first')).object.a, undefined);
  const change = (a: Json, b: Json) =>
    patch(
      one.path,
      ['0', '1'].map((index) => ({
        ...{ op: 'replace', path: `/spec/versions/${index}/schema` },
        value: { openAPIV3Schema: properties(a, b) },
      })),
      'application/json-patch+json',
    );
  t.equal((await change({ default: 'A' }, {})).code, 200);
  await until(
    'it is read with the default',
    async () => (await ask('GET', `${one.place}/first`)).object.a === 'A',
  );
  t.match((await make('second')).object, { a: 'A' });
  t.equal((await change({}, { default: 'B' })).code, 200);
  await until('the other one', async () => (await ask('GET', `${one.place}/second`)).object.b === 'B');
  t.match((await ask('GET', `${one.place}/second`)).object, { a: 'A', b: 'B' });
  t.equal((await ask('GET', `${one.place}/first`)).object.a, undefined);
});

await t.test('watches', async (t) => {
  const namespace = await makeNamespace('watches');
  const place = `/api/v1/namespaces/${namespace}/configmaps`;
  const label = 'watch-this-configmap';
  const body = (name: string, of: string, data = {}) => ({
    ...{ apiVersion: 'v1', kind: 'ConfigMap', data },
    metadata: { name, labels: { [label]: of } },
  });
  const on = (...values: string[]) =>
    `${place}?labelSelector=${encodeURIComponent(`${label} in (${values.join(',')})`)}`;
  const [a, b, both] = await Promise.all([watch(on('A')), watch(on('B')), watch(on('A', 'B'))]);
  await ask('POST', place, { body: body('e2e-a', 'A') });
  await patch(`${place}/e2e-a`, { data: { mutation: '1' } });
  await patch(`${place}/e2e-a`, { data: { mutation: '2' } });
  await ask('DELETE', `${place}/e2e-a`);
  await ask('POST', place, { body: body('e2e-b', 'B') });
  await ask('DELETE', `${place}/e2e-b`);
  await both.saw('DELETED', 'e2e-b');
  await b.saw('DELETED', 'e2e-b');
  await a.saw('DELETED', 'e2e-a');
  const typesOf = (events: readonly Json[]) =>
    events.map(({ type, object }) => `${type} ${object.metadata.name}`);
  const ofA = ['ADDED e2e-a', 'MODIFIED e2e-a', 'MODIFIED e2e-a', 'DELETED e2e-a'];
  const ofB = ['ADDED e2e-b', 'DELETED e2e-b'];
  t.same([typesOf(a.events), typesOf(b.events), typesOf(both.events)], [ofA, ofB, [...ofA, ...ofB]]);
  // From a version that one was told of.
  const later = await watch(
    `${on('A', 'B')}&resourceVersion=${both.events[1]?.object.metadata.resourceVersion}`,
  );
  await later.saw('DELETED', 'e2e-b');
  t.same(later.events, both.events.slice(2));
  const changing = await watch(on('changes'));
  await ask('POST', place, { body: body('changes', 'changes') });
  await patch(`${place}/changes`, { metadata: { labels: { [label]: 'wrong' } } });
  await patch(`${place}/changes`, { data: { mutation: 'unseen' } });
  await patch(`${place}/changes`, { metadata: { labels: { [label]: 'changes' } } });
  await ask('DELETE', `${place}/changes`);
  await until('all is told', async () => changing.events.length >= 4);
  t.same(typesOf(changing.events), ['ADDED changes', 'DELETED changes', 'ADDED changes', 'DELETED changes']);
});

await t.test('watches that begin at different moments tell the same, in one order', async (t) => {
  const namespace = await makeNamespace('concurrent');
  const place = `/api/v1/namespaces/${namespace}/configmaps`;
  const first = await watch(`${place}?labelSelector=of%3Dorder`);
  const labels = { of: 'order' };
  const create = (name: string) =>
    ask('POST', place, { body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels } } });
  const others = [];
  for (let number = 0; number < 60; number += 1) {
    const name = `c${number % 5}`;
    if ((await create(name)).code !== 201) {
      if (number % 3 === 0) await ask('DELETE', `${place}/${name}`);
      else await patch(`${place}/${name}`, { data: { number: String(number) } });
    }
    const begins = first.events.at(-1)?.object.metadata.resourceVersion;
    if (number % 10 === 5 && begins !== undefined) {
      const told = await watch(`${place}?labelSelector=of%3Dorder&resourceVersion=${begins}`);
      others.push({ begins, told });
    }
  }
  await create('end');
  await first.saw('ADDED', 'end');
  const versionsOf = (events: readonly Json[]) => events.map(({ object }) => object.metadata.resourceVersion);
  const all = versionsOf(first.events);
  t.ok(others.length > 0);
  for (const { begins, told } of others) {
    await told.saw('ADDED', 'end');
    t.same(versionsOf(told.events), all.slice(all.indexOf(begins) + 1));
  }
});

await t.test(
  'namespaces: patched, updated, with a status and a finalizer, gone with what is in them',
  async (t) => {
    const name = await makeNamespace('lived-in');
    const path = `/api/v1/namespaces/${name}`;
    t.match(await patch(path, { metadata: { labels: { testLabel: 'testValue' } } }, strategic), {
      object: { metadata: { labels: { testLabel: 'testValue' } } },
    });
    const status = await ask('GET', `${path}/status`);
    t.match(status.object, { status: { phase: 'Active' } });
    const condition = {
      type: 'StatusPatch',
      status: 'True',
      reason: 'E2E',
      message: 'Patched by an e2e test',
    };
    const patched = await patch(`${path}/status`, {
      metadata: { annotations: { 'e2e-patched-ns-status': name } },
      status: { conditions: [condition] },
    });
    t.match(patched.object, {
      metadata: { annotations: { 'e2e-patched-ns-status': name } },
      status: { conditions: [condition] },
    });
    const other = { ...condition, type: 'StatusUpdate' };
    const { object } = await ask('GET', path);
    object.status.conditions.push(other);
    const updated = await ask('PUT', `${path}/status`, { body: object });
    t.match(updated.object.status.conditions, [condition, other]);
    const current = (await ask('GET', path)).object;
    current.metadata.labels.updated = name;
    t.match(await ask('PUT', path, { body: current }), {
      code: 200,
      object: { metadata: { labels: { updated: name } } },
    });
    const finalized = (await ask('GET', path)).object;
    finalized.spec.finalizers.push('e2e.example.com/fakeFinalizer');
    const held = await ask('PUT', `${path}/finalize`, { body: finalized });
    t.match(held.object.spec.finalizers, ['kubernetes', 'e2e.example.com/fakeFinalizer'], held.text);
    held.object.spec.finalizers.pop();
    t.same((await ask('PUT', `${path}/finalize`, { body: held.object })).object.spec.finalizers, [
      'kubernetes',
    ]);
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p' },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    };
    t.equal((await ask('POST', `${path}/pods`, { body: pod })).code, 201);
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 's' },
      spec: { ports: [{ port: 80 }], selector: { a: 'b' } },
    };
    t.equal((await ask('POST', `${path}/services`, { body: service })).code, 201);
    t.equal((await ask('DELETE', path)).code, 200);
    await until('it is gone', async () => (await ask('GET', path)).code === 404);
    await makeNamespace(name);
    for (const resource of ['pods', 'services'])
      t.same((await ask('GET', `${path}/${resource}`)).object.items, []);
  },
);
