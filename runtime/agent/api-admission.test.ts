/** The policies of a node's API as clients meet them: over HTTP, with a real store. */
import t, { type Test } from 'tap';
import { answering, patching, type Review, serveHooks } from '../apiserver/admission/testing/serve-hooks.ts';
import { allowMasters } from '../apiserver/authorization/authorizer.ts';
import { noAdmission } from '../apiserver/handlers/admission.ts';
import { openKinds } from '../apiserver/handlers/kinds.ts';
import { realSurroundings } from '../apiserver/handlers/surroundings.ts';
import { registry } from '../apiserver/handlers/testing/open-kind.ts';
import type { Access } from '../apiserver/http/api-server.ts';
import { openServer } from '../apiserver/http/testing/open-server.ts';
import { builtInGroupVersions } from '../apiserver/resources/built-in.ts';
import { convertStored } from '../resources/convert.ts';
import { strategyOf } from '../resources/strategies.ts';
import { subresources } from '../subresources/all.ts';
import { openApiAdmission } from './api-admission.ts';

const me = { name: 'me', uid: '', groups: ['system:masters'], extra: {} };

async function open(t: Test) {
  let admission: Access['admission'] = () => noAdmission;
  const authorizer = async () => allowMasters;
  const server = await openServer(t, {
    special: subresources,
    access: {
      authenticate: async () => ({ kind: 'user', user: me, audiences: [] }),
      authorizer,
      admission: (...by) => admission(...by),
    },
  });
  const { store, ask, faults } = server;
  const groupVersions = builtInGroupVersions;
  const kinds = openKinds({ registry, store, groupVersions, strategyOf, convert: convertStored });
  const opened = openApiAdmission({
    registry,
    store,
    kinds,
    surroundings: realSurroundings,
    authorizer,
    more: [],
  });
  t.teardown(opened.close);
  admission = opened.admission;
  const send = async (method: string, path: string, body?: object) => {
    const headers = { 'content-type': 'application/json' };
    const reply = await ask(method, path, body === undefined ? {} : { body, headers });
    const { warning } = reply.headers;
    return { code: reply.code, object: JSON.parse(reply.text) as Record<string, unknown>, warning };
  };
  return { send, faults };
}

const named = (kind: string, name: string, more: object = {}, apiVersion = 'v1') => ({
  ...{ kind, apiVersion, metadata: { name } },
  ...more,
});
const pod = (name: string, requests: object = {}) =>
  named('Pod', name, { spec: { containers: [{ name: 'c', image: 'i', resources: { requests } }] } });

t.test('a pod gets all that the policies give', async (t) => {
  const { send, faults } = await open(t);
  const inNamespace = '/api/v1/namespaces/shop';
  t.match(await send('POST', `${inNamespace}/pods`, pod('p')), {
    code: 404,
    object: {
      message: 'namespaces "shop" not found',
      reason: 'NotFound',
      details: { name: 'shop', kind: 'namespaces' },
    },
  });
  t.match(await send('POST', '/api/v1/namespaces', named('Namespace', 'shop')), { code: 201 });
  t.match(await send('POST', `${inNamespace}/serviceaccounts`, named('ServiceAccount', 'default')), {
    code: 201,
  });
  const limits = [{ type: 'Container', defaultRequest: { cpu: '100m' } }];
  t.match(await send('POST', `${inNamespace}/limitranges`, named('LimitRange', 'l', { spec: { limits } })), {
    code: 201,
  });
  const hard = { pods: '1', 'requests.cpu': '1' };
  t.match(
    await send('POST', `${inNamespace}/resourcequotas`, named('ResourceQuota', 'q', { spec: { hard } })),
    { code: 201 },
  );
  const counted = named('ResourceQuota', 'q', {
    spec: { hard },
    status: { hard, used: { pods: '0', 'requests.cpu': '0' } },
  });
  t.match(await send('PUT', `${inNamespace}/resourcequotas/q/status`, counted), { code: 200 });
  // What is new is known to the policies a moment later.
  let made = await send('POST', `${inNamespace}/pods?dryRun=All`, pod('p', { cpu: '2' }));
  for (let tries = 0; made.code === 201 && tries < 1_000; tries += 1) {
    made = await send('POST', `${inNamespace}/pods?dryRun=All`, pod('p', { cpu: '2' }));
  }
  t.match(made, {
    code: 403,
    object: {
      message:
        'pods "p" is forbidden: exceeded quota: q, requested: requests.cpu=2, used: requests.cpu=0, limited: requests.cpu=1',
    },
  });
  t.match(await send('POST', `${inNamespace}/pods`, pod('p')), {
    code: 201,
    object: {
      metadata: {
        annotations: { 'kubernetes.io/limit-ranger': 'LimitRanger plugin set: cpu request for container c' },
      },
      spec: {
        serviceAccountName: 'default',
        priority: 0,
        preemptionPolicy: 'PreemptLowerPriority',
        containers: [{ resources: { requests: { cpu: '100m' } } }],
        volumes: [
          {
            name: /^kube-api-access-/,
            projected: { sources: [{ serviceAccountToken: { path: 'token' } }, {}, {}] },
          },
        ],
        tolerations: [{ key: 'node.kubernetes.io/not-ready' }, { key: 'node.kubernetes.io/unreachable' }],
      },
    },
  });
  t.match(await send('POST', `${inNamespace}/pods`, pod('two')), {
    code: 403,
    object: { message: /exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1/ },
  });
  t.match(await send('GET', `${inNamespace}/resourcequotas/q`), {
    object: { status: { used: { pods: '1', 'requests.cpu': '100m' } } },
  });
  t.match(await send('DELETE', '/api/v1/namespaces/default'), { code: 404 });
  t.same(faults, []);
});

t.test('a policy in CEL refuses, and is not asked about itself', async (t) => {
  const { send, faults } = await open(t);
  const base = '/apis/admissionregistration.k8s.io/v1';
  t.match(await send('POST', '/api/v1/namespaces', named('Namespace', 'd')), { code: 201 });
  const policy = {
    matchConstraints: {
      resourceRules: [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*'] }],
    },
    validations: [{ expression: 'object.metadata.name != "no"', message: 'not that name' }],
  };
  const version = 'admissionregistration.k8s.io/v1';
  const path = `${base}/validatingadmissionpolicies`;
  t.match(await send('POST', path, named('ValidatingAdmissionPolicy', 'no', { spec: policy }, version)), {
    code: 201,
  });
  const binding = { policyName: 'no', validationActions: ['Deny'] };
  const bound = named('ValidatingAdmissionPolicyBinding', 'no', { spec: binding }, version);
  t.match(await send('POST', `${path.replace('policies', 'policybindings')}`, bound), { code: 201 });
  const make = () => send('POST', '/api/v1/namespaces/d/configmaps?dryRun=All', named('ConfigMap', 'no'));
  let refused = await make();
  for (let tries = 0; refused.code === 201 && tries < 1_000; tries += 1) refused = await make();
  t.match(refused, {
    code: 422,
    object: {
      reason: 'Invalid',
      message: `configmaps "no" is forbidden: ValidatingAdmissionPolicy 'no' with binding 'no' denied request: not that name`,
    },
  });
  t.match(await send('POST', '/api/v1/namespaces/d/configmaps', named('ConfigMap', 'yes')), { code: 201 });
  t.match(await send('DELETE', `${path}/no`), { code: 200 });
  t.same(faults, []);
});

const deployment = named(
  'Deployment',
  'web',
  {
    spec: {
      ...{ replicas: 1, selector: { matchLabels: { app: 'web' } } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    },
  },
  'apps/v1',
);
const hooksPath = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations';
const policiesPath = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies';

function requestsOf(seen: readonly Review[]) {
  return seen.map(({ request: { operation, kind, resource, subResource = '', name, object } }) => ({
    ...{ operation, kind, resource, subResource, name, object },
  }));
}

t.test('what is made on a subresource, and a connection, are shown to webhooks', async (t) => {
  const { send, faults } = await open(t);
  const { seen, url, caBundle } = await serveHooks(t, {
    '/bind': patching({ op: 'replace', path: '/target/name', value: 'n2' }),
    '/see': answering({ warnings: ['seen'] }),
  });
  const inNamespace = '/api/v1/namespaces/shop';
  await send('POST', '/api/v1/namespaces', named('Namespace', 'shop'));
  t.equal(
    (await send('POST', '/api/v1/namespaces/shop/serviceaccounts', named('ServiceAccount', 'default'))).code,
    201,
  );
  for (const name of ['a', 'b']) t.equal((await send('POST', `${inNamespace}/pods`, pod(name))).code, 201);
  const hook = (path: string, resources: readonly string[], apiGroups: readonly string[]) => ({
    ...{ name: `${path}.example.com`, admissionReviewVersions: ['v1'], sideEffects: 'None' },
    clientConfig: { url: url(`/${path}`), caBundle },
    rules: [{ operations: ['*'], apiGroups, apiVersions: ['*'], resources }],
  });
  const webhooks = [
    hook('bind', ['pods/binding', 'bindings'], ['']),
    hook('see', ['pods/eviction', 'pods/exec', 'deployments/scale'], ['', 'apps']),
  ];
  const configuration = named(
    'MutatingWebhookConfiguration',
    'm',
    { webhooks },
    'admissionregistration.k8s.io/v1',
  );
  t.equal((await send('POST', hooksPath, configuration)).code, 201);
  const binding = (name: string) => named('Binding', name, { target: { kind: 'Node', name: 'n1' } });
  t.equal((await send('POST', `${inNamespace}/pods/a/binding?fieldManager=me`, binding('a'))).code, 201);
  t.match(await send('GET', `${inNamespace}/pods/a`), { object: { spec: { nodeName: 'n2' } } });
  t.equal((await send('POST', `${inNamespace}/bindings`, binding('b'))).code, 201);
  t.match(await send('GET', `${inNamespace}/pods/b`), { object: { spec: { nodeName: 'n2' } } });
  t.match(seen[0]?.request.options, { kind: 'CreateOptions', fieldManager: 'me' });
  t.same(Object.keys(seen[1]?.request.options as object).sort(), ['apiVersion', 'kind'], 'as it was sent');
  const exec = `${inNamespace}/pods/a/exec?command=sh&command=-c&stdin=1&tty=false&container=c`;
  const refused = await send('POST', exec);
  t.match(refused, { code: 503, object: { message: /nothing can be run in a pod/ } });
  const eviction = named('Eviction', 'a', {}, 'policy/v1');
  t.match(await send('POST', `${inNamespace}/pods/a/eviction`, eviction), { code: 201, warning: /seen/ });
  await send('POST', '/apis/apps/v1/namespaces/shop/deployments', deployment);
  const merged = named('Scale', 'web', { spec: { replicas: 3 } }, 'autoscaling/v1');
  const scaled = await send('PUT', '/apis/apps/v1/namespaces/shop/deployments/web/scale', merged);
  t.match(scaled, { code: 200, warning: /seen/, object: { kind: 'Scale', spec: { replicas: 3 } } });
  const pods = { group: '', version: 'v1', resource: 'pods' };
  t.match(requestsOf(seen), [
    { operation: 'CREATE', kind: { kind: 'Binding' }, resource: pods, subResource: 'binding', name: 'a' },
    {
      operation: 'CREATE',
      kind: { kind: 'Binding' },
      resource: { resource: 'bindings' },
      subResource: '',
      name: 'b',
    },
    {
      ...{
        operation: 'CONNECT',
        kind: { kind: 'PodExecOptions' },
        resource: pods,
        subResource: 'exec',
        name: 'a',
      },
      object: { kind: 'PodExecOptions', command: ['sh', '-c'], stdin: true, tty: false, container: 'c' },
    },
    { operation: 'CREATE', kind: { group: 'policy', kind: 'Eviction' }, subResource: 'eviction', name: 'a' },
    {
      ...{ operation: 'UPDATE', kind: { kind: 'Scale' }, subResource: 'scale' },
      object: { kind: 'Scale', spec: { replicas: 3 } },
    },
  ]);
  t.equal(seen.length, 5, 'the deletion of an eviction is no other request');
  t.same(faults, []);
});

t.test('expressions refuse what is made on a subresource, and a connection', async (t) => {
  const { send, faults } = await open(t);
  const inNamespace = '/api/v1/namespaces/shop';
  await send('POST', '/api/v1/namespaces', named('Namespace', 'shop'));
  await send('POST', `${inNamespace}/serviceaccounts`, named('ServiceAccount', 'default'));
  await send('POST', `${inNamespace}/pods`, pod('a'));
  const resourceRules = [
    {
      operations: ['*'],
      apiGroups: [''],
      apiVersions: ['v1'],
      resources: ['pods/eviction', 'pods/exec', 'pods/binding'],
    },
  ];
  const expression = `request.operation == 'CONNECT' ? !object.stdin : object.metadata.name != 'a'`;
  const spec = { matchConstraints: { resourceRules }, validations: [{ expression, message: 'not so' }] };
  const apiVersion = 'admissionregistration.k8s.io/v1';
  await send('POST', policiesPath, named('ValidatingAdmissionPolicy', 'p', { spec }, apiVersion));
  const bound = { spec: { policyName: 'p', validationActions: ['Deny'] } };
  t.equal(
    (
      await send(
        'POST',
        `${policiesPath.slice(0, -'policies'.length)}policybindings`,
        named('ValidatingAdmissionPolicyBinding', 'p', bound, apiVersion),
      )
    ).code,
    201,
  );
  for (const [path, body] of [
    ['binding', named('Binding', 'a', { target: { kind: 'Node', name: 'n1' } })],
    ['eviction', named('Eviction', 'a', {}, 'policy/v1')],
    ['exec?stdin=true', undefined],
  ] as const) {
    const answer = await send('POST', `${inNamespace}/pods/a/${path}`, body);
    t.match(
      answer,
      { code: 422, object: { message: /^pods "a" is forbidden: Validat.* denied request: not so$/ } },
      path,
    );
  }
  t.notOk(((await send('GET', `${inNamespace}/pods/a`)).object.spec as { nodeName?: string }).nodeName);
  t.equal(
    (await send('POST', `${inNamespace}/pods/a/exec?stdin=false`)).code,
    503,
    'it is only refused what it is about',
  );
  t.same(faults, []);
});
