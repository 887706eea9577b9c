/** Upstream's conformance tests of webhooks that admit and convert, and of policies (test/e2e/apimachinery/webhook.go, crd_conversion_webhook.go, validatingadmissionpolicy.go). */
import t, { type Test } from 'tap';
import { until } from '../testing/test-cluster.ts';
import { type Json, openCluster, type Reply } from './testing/open-cluster.ts';
import { allows, denies, openWebhookServer, patches } from './testing/webhook-server.ts';

t.setTimeout(300_000);
const { ask, patch, namespace: makeNamespace } = await openCluster(t);
const registration = '/apis/admissionregistration.k8s.io/v1';

const fromData = (has: string, key: string) =>
  patches((object) =>
    object.data?.[has] === 'yes' ? [{ op: 'add', path: `/data/${key}`, value: 'yes' }] : [],
  );
const hooks = await openWebhookServer(t, {
  '/allow': allows,
  '/deny': denies('this webhook denies all requests'),
  '/pods': ({ object }) => {
    const names = object.spec.containers.map(({ name }: Json) => name);
    if (names.includes('webhook-disallow'))
      return { allowed: false, status: { message: 'the pod contains unwanted container name' } };
    return { allowed: true };
  },
  '/hang': () => new Promise(() => {}),
  '/slow': async () => {
    await new Promise((resolve) => setTimeout(resolve, 3000));
    return { allowed: true };
  },
  '/data': ({ object, oldObject, operation }) => {
    const { data } = operation === 'DELETE' ? oldObject : object;
    const isBad =
      data?.['webhook-e2e-test'] === 'webhook-disallow' ||
      (operation === 'DELETE' && data?.['webhook-e2e-test'] === 'webhook-nondeletable');
    return isBad
      ? { allowed: false, status: { message: 'the object contains unwanted key and value' } }
      : { allowed: true };
  },
  '/first': fromData('mutation-start', 'mutation-stage-1'),
  '/second': fromData('mutation-stage-1', 'mutation-stage-2'),
  '/init': patches(() => [
    {
      op: 'add',
      path: '/spec/initContainers',
      value: [{ image: 'webhook-image', name: 'webhook-added-init-container', resources: {} }],
    },
  ]),
  '/label': patches(() => [{ op: 'add', path: '/metadata/annotations', value: { mutated: 'yes' } }]),
  '/convert': (request) => ({
    result: { status: 'Success' },
    convertedObjects: request.objects.map((object: Json) => {
      const { hostPort, host, port, ...rest } = object;
      const [ownHost, ownPort] = (hostPort ?? `${host}:${port}`).split(':');
      const place = request.desiredAPIVersion.endsWith('/v2')
        ? { host: ownHost, port: ownPort }
        : { hostPort: `${ownHost}:${ownPort}` };
      return { ...rest, apiVersion: request.desiredAPIVersion, ...place };
    }),
  }),
});

type Kind = 'validating' | 'mutating';
const plural = (kind: Kind) => `${registration}/${kind}webhookconfigurations`;
const rule = (resources: string, operations: readonly string[] = ['CREATE'], group = '', version = 'v1') => [
  { operations, apiGroups: [group], apiVersions: [version], resources: resources.split(' ') },
];

function configuration(kind: Kind, name: string, webhooks: readonly object[], labels: object = {}) {
  return {
    ...{ apiVersion: 'admissionregistration.k8s.io/v1', metadata: { name, labels } },
    kind: kind === 'validating' ? 'ValidatingWebhookConfiguration' : 'MutatingWebhookConfiguration',
    webhooks: webhooks.map((one, index) => ({
      ...{ name: `w${index}.example.com`, sideEffects: 'None', admissionReviewVersions: ['v1', 'v1beta1'] },
      ...{ timeoutSeconds: 10 },
      ...one,
    })),
  };
}

const inNamespace = (namespace: string) => ({
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
});

/** Registers for one test, and waits until it counts: others may still be without it. */
async function register(
  t: Test,
  kind: Kind,
  webhooks: readonly object[],
  labels: object = {},
): Promise<string> {
  const name = `${kind}-${Math.random().toString(36).slice(2)}`;
  const body = configuration(kind, name, webhooks, labels);
  const made = await ask('POST', plural(kind), { body });
  t.equal(made.code, 201, made.text);
  t.teardown(() => ask('DELETE', `${plural(kind)}/${name}`));
  return `${plural(kind)}/${name}`;
}

const configMap = (name: string, data: Json = {}, more: Json = {}) => ({
  body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...more }, data },
});
const pod = (name: string, container = 'c') => ({
  body: {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { containers: [{ name: container, image: 'i' }] },
  },
});
let names = 0;

/** Asks, always anew by another name, until the answer is as it should be, and gives it. */
function eventually(make: (name: string) => Promise<Reply>, is: (reply: Reply) => boolean): Promise<Reply> {
  return until('the webhooks are known', async () => {
    names += 1;
    const reply = await make(`try-${names}`);
    return is(reply) ? reply : null;
  });
}

await t.test('webhooks are in discovery', async (t) => {
  const { resources } = (await ask('GET', registration)).object;
  for (const kind of ['validating', 'mutating'])
    t.ok(resources.some(({ name }: Json) => name === `${kind}webhookconfigurations`));
});

await t.test('denies pods and config maps', async (t) => {
  const namespace = await makeNamespace('webhook-deny');
  const exempt = await makeNamespace('webhook-exempt');
  const notThere = {
    namespaceSelector: {
      matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: [namespace] }],
    },
  };
  await register(t, 'validating', [
    { rules: rule('pods'), clientConfig: hooks.clientConfig('/pods'), failurePolicy: 'Fail', ...notThere },
    {
      rules: rule('configmaps', ['CREATE', 'UPDATE', 'DELETE']),
      clientConfig: hooks.clientConfig('/data'),
      ...notThere,
    },
  ]);
  const pods = `/api/v1/namespaces/${namespace}/pods`;
  const maps = `/api/v1/namespaces/${namespace}/configmaps`;
  const bad = { 'webhook-e2e-test': 'webhook-disallow' };
  const denied = await eventually(
    (name) => ask('POST', maps, configMap(name, bad)),
    ({ code }) => code !== 201,
  );
  t.match(
    denied.object.message,
    /admission webhook "w1.example.com" denied the request: the object contains unwanted key and value/,
  );
  t.match(await ask('POST', pods, pod('bad', 'webhook-disallow')), {
    object: { status: 'Failure', message: /denied the request: the pod contains unwanted container name/ },
  });
  t.equal((await ask('POST', maps, configMap('good'))).code, 201);
  const patched = await patch(`${maps}/good`, { data: bad });
  t.match(patched.object.message, /the object contains unwanted key and value/);
  const put = await ask('PUT', `${maps}/good`, configMap('good', bad));
  t.match(put.object.message, /the object contains unwanted key and value/);
  t.equal(
    (await ask('POST', `/api/v1/namespaces/${exempt}/configmaps`, configMap('bad', bad))).code,
    201,
    'another namespace',
  );
});

await t.test('a webhook that hangs', async (t) => {
  const namespace = await makeNamespace('webhook-hang');
  await register(t, 'validating', [
    {
      rules: rule('configmaps'),
      clientConfig: hooks.clientConfig('/hang'),
      timeoutSeconds: 1,
      ...inNamespace(namespace),
    },
  ]);
  const maps = `/api/v1/namespaces/${namespace}/configmaps`;
  const { object } = await eventually(
    (name) => ask('POST', maps, configMap(name)),
    ({ code }) => code !== 201,
  );
  t.match(object, {
    code: 500,
    message:
      /failed calling webhook "w0.example.com": failed to call webhook: Post "https:\/\/127.0.0.1:\d+\/hang\?timeout=1s": context deadline exceeded/,
  });
});

await t.test('keeps to the timeout', async (t) => {
  const namespace = await makeNamespace('webhook-timeout');
  const maps = `/api/v1/namespaces/${namespace}/configmaps`;
  for (const [timeoutSeconds, failurePolicy, code] of [
    [1, 'Fail', 500],
    [1, 'Ignore', 201],
    [10, 'Fail', 201],
    [undefined, 'Fail', 201],
  ] as const) {
    const path = await register(t, 'validating', [
      {
        rules: rule('configmaps'),
        clientConfig: hooks.clientConfig('/deny'),
        failurePolicy,
        ...inNamespace(namespace),
      },
    ]);
    await eventually(
      (name) => ask('POST', maps, configMap(name)),
      (reply) => reply.code !== 201,
    );
    const { object } = await ask('GET', path);
    const [webhook] = object.webhooks;
    const changed = {
      ...object,
      webhooks: [{ ...webhook, clientConfig: hooks.clientConfig('/slow'), timeoutSeconds }],
    };
    t.equal((await ask('PUT', path, { body: changed })).code, 200);
    const reply = await eventually(
      (name) => ask('POST', maps, configMap(name)),
      ({ object }) => !/denies all/.test(object.message ?? ''),
    );
    t.equal(reply.code, code, `${timeoutSeconds} ${failurePolicy}: ${reply.text}`);
    await ask('DELETE', path);
    await eventually(
      (name) => ask('POST', maps, configMap(name)),
      (reply) => reply.code === 201,
    );
  }
});

await t.test('fails closed without a CA', async (t) => {
  const namespace = await makeNamespace('webhook-closed');
  const { url } = hooks.clientConfig('/allow');
  await register(t, 'validating', [
    { rules: rule('configmaps'), clientConfig: { url }, failurePolicy: 'Fail', ...inNamespace(namespace) },
  ]);
  const maps = `/api/v1/namespaces/${namespace}/configmaps`;
  const refused = await eventually(
    (name) => ask('POST', maps, configMap(name)),
    ({ code }) => code !== 201,
  );
  t.match(refused.object, { code: 500, reason: 'InternalError' });
});

await t.test('mutates config maps in order', async (t) => {
  const namespace = await makeNamespace('webhook-order');
  await register(t, 'mutating', [
    { rules: rule('configmaps'), clientConfig: hooks.clientConfig('/first'), ...inNamespace(namespace) },
    { rules: rule('configmaps'), clientConfig: hooks.clientConfig('/second'), ...inNamespace(namespace) },
  ]);
  const maps = `/api/v1/namespaces/${namespace}/configmaps`;
  const { object } = await eventually(
    (name) => ask('POST', maps, configMap(name, { 'mutation-start': 'yes' })),
    (reply) => reply.object.data['mutation-stage-1'] === 'yes',
  );
  t.same(object.data, { 'mutation-start': 'yes', 'mutation-stage-1': 'yes', 'mutation-stage-2': 'yes' });
});

await t.test('mutates pods, which get their defaults afterwards', async (t) => {
  const namespace = await makeNamespace('webhook-defaults');
  await register(t, 'mutating', [
    { rules: rule('pods'), clientConfig: hooks.clientConfig('/init'), ...inNamespace(namespace) },
  ]);
  const pods = `/api/v1/namespaces/${namespace}/pods`;
  const { object } = await eventually(
    (name) => ask('POST', pods, pod(name)),
    (reply) => reply.object.spec.initContainers !== undefined,
  );
  t.match(object.spec.initContainers, [
    { name: 'webhook-added-init-container', terminationMessagePolicy: 'File' },
  ]);
});

await t.test('webhook configurations are not subject to webhooks', async (t) => {
  const all = rule(
    'validatingwebhookconfigurations mutatingwebhookconfigurations',
    ['*'],
    'admissionregistration.k8s.io',
    '*',
  );
  await register(t, 'validating', [{ rules: all, clientConfig: hooks.clientConfig('/deny') }]);
  await register(t, 'mutating', [{ rules: all, clientConfig: hooks.clientConfig('/label') }]);
  for (const kind of ['validating', 'mutating'] as const) {
    const body = configuration(kind, 'dummy', [
      { rules: rule('nothings', ['CREATE'], 'x.example.com'), clientConfig: hooks.clientConfig('/deny') },
    ]);
    const made = await ask('POST', plural(kind), { body });
    t.equal(made.code, 201);
    t.equal(made.object.metadata.annotations, undefined);
    t.equal((await ask('DELETE', `${plural(kind)}/dummy`)).code, 200);
  }
});

await t.test('lists of configurations count, and end as a set', async (t) => {
  const namespace = await makeNamespace('webhook-lists');
  const maps = `/api/v1/namespaces/${namespace}/configmaps`;
  for (const [kind, path, is] of [
    ['validating', '/data', ({ code }: Reply) => code !== 201],
    ['mutating', '/first', ({ object }: Reply) => object.data?.['mutation-stage-1'] === 'yes'],
  ] as const) {
    const set = `set=${kind}`;
    for (let number = 0; number < 10; number += 1) {
      await register(
        t,
        kind,
        [{ rules: rule('configmaps'), clientConfig: hooks.clientConfig(path), ...inNamespace(namespace) }],
        { set: kind },
      );
    }
    t.equal((await ask('GET', `${plural(kind)}?labelSelector=${set}`)).object.items.length, 10);
    const data = { 'webhook-e2e-test': 'webhook-disallow', 'mutation-start': 'yes' };
    await eventually((name) => ask('POST', maps, configMap(name, data)), is);
    t.equal((await ask('DELETE', `${plural(kind)}?labelSelector=${set}`)).code, 200);
    const plain = await eventually(
      (name) => ask('POST', maps, configMap(name, data)),
      (reply) => !is(reply),
    );
    t.equal(plain.code, 201);
  }
});

await t.test('configurations are updated and patched', async (t) => {
  const namespace = await makeNamespace('webhook-updates');
  const maps = `/api/v1/namespaces/${namespace}/configmaps`;
  for (const [kind, hook, is] of [
    ['validating', '/data', ({ code }: Reply) => code !== 201],
    ['mutating', '/first', ({ object }: Reply) => object.data?.['mutation-stage-1'] === 'yes'],
  ] as const) {
    const data = { 'webhook-e2e-test': 'webhook-disallow', 'mutation-start': 'yes' };
    const path = await register(t, kind, [
      { rules: rule('configmaps'), clientConfig: hooks.clientConfig(hook), ...inNamespace(namespace) },
    ]);
    await eventually((name) => ask('POST', maps, configMap(name, data)), is);
    const { object } = await ask('GET', path);
    object.webhooks[0].rules[0].operations = ['UPDATE'];
    t.equal((await ask('PUT', path, { body: object })).code, 200);
    await eventually(
      (name) => ask('POST', maps, configMap(name, data)),
      (reply) => !is(reply),
    );
    const operations = [{ op: 'replace', path: '/webhooks/0/rules/0/operations', value: ['CREATE'] }];
    t.equal((await patch(path, operations, 'application/json-patch+json')).code, 200);
    await eventually((name) => ask('POST', maps, configMap(name, data)), is);
    await ask('DELETE', path);
    await eventually(
      (name) => ask('POST', maps, configMap(name, data)),
      (reply) => !is(reply),
    );
  }
});

await t.test('match conditions are kept, changed, checked, and count', async (t) => {
  const namespace = await makeNamespace('webhook-conditions');
  const first = [{ name: 'expression-1', expression: "object.metadata.namespace == 'production'" }];
  const second = [...first, { name: 'expression-2', expression: "object.metadata.name != 'skip-me'" }];
  for (const kind of ['validating', 'mutating'] as const) {
    const webhook = {
      rules: rule('configmaps'),
      clientConfig: hooks.clientConfig('/allow'),
      failurePolicy: 'Ignore',
      matchConditions: first,
    };
    const path = await register(t, kind, [{ ...webhook, ...inNamespace('none') }]);
    const { object } = await ask('GET', path);
    t.same(object.webhooks[0].matchConditions, first);
    object.webhooks[0].matchConditions = second;
    t.same((await ask('PUT', path, { body: object })).object.webhooks[0].matchConditions, second);
    t.same((await ask('GET', path)).object.webhooks[0].matchConditions, second);
    const bad = {
      ...webhook,
      matchConditions: [{ name: 'invalid-expression', expression: '... [] bad expression' }],
    };
    const refused = await ask('POST', plural(kind), { body: configuration(kind, 'bad', [bad]) });
    t.match(refused, { code: 422, object: { message: /compilation failed/ } }, refused.text);
  }
  const skipping = [{ name: 'skip', expression: "object.metadata.name != 'skip-me'" }];
  await register(t, 'mutating', [
    {
      rules: rule('configmaps'),
      clientConfig: hooks.clientConfig('/first'),
      matchConditions: skipping,
      ...inNamespace(namespace),
    },
  ]);
  const maps = `/api/v1/namespaces/${namespace}/configmaps`;
  await eventually(
    (name) => ask('POST', maps, configMap(name, { 'mutation-start': 'yes' })),
    ({ object }) => object.data['mutation-stage-1'] === 'yes',
  );
  const skipped = await ask('POST', maps, configMap('skip-me', { 'mutation-start': 'yes' }));
  t.same(skipped.object.data, { 'mutation-start': 'yes' });
});

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

async function define(t: Test, name: string, versions: readonly Json[], more: Json = {}) {
  const group = 'webhook.example.com';
  const body = {
    ...{ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' },
    metadata: { name: `${name}s.${group}` },
    spec: {
      ...{
        group,
        scope: 'Namespaced',
        names: { plural: `${name}s`, singular: name, kind: `E2e-${name}`, listKind: `E2e-${name}List` },
      },
      versions,
      ...more,
    },
  };
  const made = await ask('POST', definitions, { body });
  t.equal(made.code, 201, made.text);
  await until('it is served', async () => (await ask('GET', `/apis/${group}/v1/${name}s`)).code === 200);
  return { path: `${definitions}/${name}s.${group}`, group, kind: `E2e-${name}`, plural: `${name}s` };
}
const version = (name: string, storage: boolean, schema: Json = anything) => ({
  name,
  served: true,
  storage,
  schema: { openAPIV3Schema: schema },
});

await t.test('custom resources: denied, mutated, pruned, and stored at another version', async (t) => {
  const namespace = await makeNamespace('webhook-custom');
  const {
    path,
    group,
    kind,
    plural: resource,
  } = await define(t, 'gadget', [version('v1', true), version('v2', false)]);
  const objects = `/apis/${group}/v1/namespaces/${namespace}/${resource}`;
  const custom = (name: string, data: Json) => ({
    body: { apiVersion: `${group}/v1`, kind, metadata: { name }, data },
  });
  const denying = await register(t, 'validating', [
    {
      rules: rule(resource, ['CREATE', 'UPDATE', 'DELETE'], group),
      clientConfig: hooks.clientConfig('/data'),
    },
  ]);
  const denied = await eventually(
    (name) => ask('POST', objects, custom(name, { 'webhook-e2e-test': 'webhook-disallow' })),
    ({ code }) => code !== 201,
  );
  t.match(denied.object.message, /the object contains unwanted key and value/);
  t.equal(
    (await ask('POST', objects, custom('kept', { 'webhook-e2e-test': 'webhook-nondeletable' }))).code,
    201,
  );
  t.match(
    (await patch(`${objects}/kept`, { data: { 'webhook-e2e-test': 'webhook-disallow' } })).object.message,
    /unwanted/,
  );
  t.match((await ask('DELETE', `${objects}/kept`)).object.message, /unwanted/);
  t.equal((await patch(`${objects}/kept`, { data: { 'webhook-e2e-test': null } })).code, 200);
  t.equal((await ask('DELETE', `${objects}/kept`)).code, 200);
  await ask('DELETE', denying);
  await register(t, 'mutating', [
    { rules: rule(resource, ['CREATE', 'UPDATE'], group), clientConfig: hooks.clientConfig('/first') },
    { rules: rule(resource, ['CREATE', 'UPDATE'], group), clientConfig: hooks.clientConfig('/second') },
  ]);
  const start = { 'mutation-start': 'yes' };
  const mutated = await eventually(
    (name) => ask('POST', objects, custom(name, start)),
    ({ object }) => object.data['mutation-stage-2'] === 'yes',
  );
  t.same(mutated.object.data, { ...start, 'mutation-stage-1': 'yes', 'mutation-stage-2': 'yes' });
  const stored = [
    { op: 'replace', path: '/spec/versions/0/storage', value: false },
    { op: 'replace', path: '/spec/versions/1/storage', value: true },
  ];
  t.equal((await patch(path, stored, 'application/json-patch+json')).code, 200);
  const other = await patch(`${objects}/${mutated.object.metadata.name}`, { data: { dummy: 'test' } });
  t.match(other, { code: 200, object: { data: { dummy: 'test', 'mutation-stage-2': 'yes' } } }, other.text);
  const text = { type: 'string' };
  const schema = {
    type: 'object',
    properties: {
      data: { type: 'object', properties: { 'mutation-start': text, 'mutation-stage-1': text } },
    },
  };
  const pruned = await define(t, 'pruned', [version('v1', true, schema)]);
  await register(t, 'mutating', [
    { rules: rule('pruneds', ['CREATE'], group), clientConfig: hooks.clientConfig('/first') },
    { rules: rule('pruneds', ['CREATE'], group), clientConfig: hooks.clientConfig('/second') },
  ]);
  const place = `/apis/${group}/v1/namespaces/${namespace}/pruneds`;
  const made = await eventually(
    (name) => ask('POST', place, { body: { ...custom(name, start).body, kind: pruned.kind } }),
    ({ object }) => object.data['mutation-stage-1'] === 'yes',
  );
  t.same(made.object.data, { ...start, 'mutation-stage-1': 'yes' });
});

await t.test('definitions are denied', async (t) => {
  await register(t, 'validating', [
    {
      rules: rule('customresourcedefinitions', ['CREATE'], 'apiextensions.k8s.io', '*'),
      clientConfig: hooks.clientConfig('/deny'),
      objectSelector: { matchLabels: { denied: 'yes' } },
    },
  ]);
  const name = 'nos.webhook.example.com';
  const body = {
    ...{ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' },
    metadata: { name, labels: { denied: 'yes' } },
    spec: {
      ...{ group: 'webhook.example.com', scope: 'Namespaced', names: { plural: 'nos', kind: 'No' } },
      versions: [version('v1', true)],
    },
  };
  const denied = await until('it is denied', async () => {
    const reply = await ask('POST', definitions, { body });
    if (reply.code === 201) await ask('DELETE', `${definitions}/${name}`);
    return reply.code === 201 ? null : reply;
  });
  t.match(denied.object.message, /this webhook denies all requests/);
});

await t.test('attaching to a pod is denied', async (t) => {
  const namespace = await makeNamespace('webhook-attach');
  const pods = `/api/v1/namespaces/${namespace}/pods`;
  await ask('POST', pods, pod('p'));
  await register(t, 'validating', [
    {
      rules: rule('pods/attach', ['CONNECT']),
      clientConfig: hooks.clientConfig('/deny'),
      ...inNamespace(namespace),
    },
  ]);
  const denied = await eventually(
    () => ask('POST', `${pods}/p/attach?stdout=true`),
    ({ object }) => /denies all/.test(object.message ?? ''),
  );
  t.match(denied.object.message, /denied the request: this webhook denies all requests/);
});

await t.test('conversion by a webhook, also of lists of both', async (t) => {
  const namespace = await makeNamespace('webhook-conversion');
  const clientConfig = hooks.clientConfig('/convert');
  const conversion = {
    strategy: 'Webhook',
    webhook: { clientConfig, conversionReviewVersions: ['v1', 'v1beta1'] },
  };
  const text = { type: 'string' };
  const first = { type: 'object', properties: { hostPort: text } };
  const second = { type: 'object', properties: { host: text, port: text } };
  const { path, group, kind } = await define(
    t,
    'endpoint',
    [version('v1', true, first), version('v2', false, second)],
    { conversion },
  );
  const objects = (of: string) => `/apis/${group}/${of}/namespaces/${namespace}/endpoints`;
  const one = { apiVersion: `${group}/v1`, kind, metadata: { name: 'one' }, hostPort: 'localhost:8080' };
  t.equal((await ask('POST', objects('v1'), { body: one })).code, 201);
  t.match(await ask('GET', `${objects('v2')}/one`), {
    code: 200,
    object: { apiVersion: `${group}/v2`, host: 'localhost', port: '8080' },
  });
  const stored = [
    { op: 'replace', path: '/spec/versions/0/storage', value: false },
    { op: 'replace', path: '/spec/versions/1/storage', value: true },
  ];
  t.equal((await patch(path, stored, 'application/json-patch+json')).code, 200);
  await until('the other version is stored', async () =>
    (await ask('GET', path)).object.status.storedVersions.includes('v2'),
  );
  const two = { apiVersion: `${group}/v1`, kind, metadata: { name: 'two' }, hostPort: 'localhost:8080' };
  t.equal((await ask('POST', objects('v1'), { body: two })).code, 201);
  const { items } = (await ask('GET', objects('v2'))).object;
  t.match(items, [
    { host: 'localhost', port: '8080' },
    { host: 'localhost', port: '8080' },
  ]);
  t.match((await ask('GET', objects('v1'))).object.items, [
    { hostPort: 'localhost:8080' },
    { hostPort: 'localhost:8080' },
  ]);
});

await t.test('policies: variables, types, and deployments', async (t) => {
  const namespace = await makeNamespace('policies');
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  const deployment = (name: string, replicas: number) => ({
    body: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name },
      spec: { replicas, selector: { matchLabels: { a: 'b' } }, template },
    },
  });
  const deployments = `/apis/apps/v1/namespaces/${namespace}/deployments`;
  for (const [name, spec] of [
    [
      'plain',
      {
        validations: [
          { expression: 'object.spec.replicas > 1' },
          { expression: 'object.spec.replicas <= 100' },
        ],
      },
    ],
    [
      'variables',
      {
        variables: [
          { name: 'replicas', expression: 'object.spec.replicas' },
          { name: 'oddReplicas', expression: 'variables.replicas % 2 == 1' },
        ],
        validations: [
          { expression: 'variables.replicas > 1' },
          { expression: 'variables.oddReplicas', message: 'must be odd' },
        ],
      },
    ],
  ] as const) {
    const matchConstraints = {
      resourceRules: [
        { operations: ['CREATE'], apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments'] },
      ],
      ...inNamespace(namespace),
    };
    const policy = {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name },
    };
    const made = await ask('POST', `${registration}/validatingadmissionpolicies`, {
      body: { ...policy, spec: { failurePolicy: 'Fail', matchConstraints, ...spec } },
    });
    t.equal(made.code, 201, made.text);
    const binding = {
      ...policy,
      kind: 'ValidatingAdmissionPolicyBinding',
      spec: { policyName: name, validationActions: ['Deny'] },
    };
    t.equal(
      (await ask('POST', `${registration}/validatingadmissionpolicybindings`, { body: binding })).code,
      201,
    );
    const denied = await eventually(
      (one) => ask('POST', deployments, deployment(one, 1)),
      ({ code }) => code !== 201,
    );
    t.match(
      denied,
      {
        code: 422,
        object: {
          message: new RegExp(`ValidatingAdmissionPolicy '${name}' with binding '${name}' denied request`),
        },
      },
      denied.text,
    );
    t.equal((await ask('POST', deployments, deployment(`${name}-good`, 3))).code, 201);
    await ask('DELETE', `${registration}/validatingadmissionpolicybindings/${name}`);
    await ask('DELETE', `${registration}/validatingadmissionpolicies/${name}`);
    await eventually(
      (one) => ask('POST', deployments, deployment(one, 1)),
      ({ code }) => code === 201,
    );
  }
});
