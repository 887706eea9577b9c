/** The policies of a node's API as clients meet them: over HTTP, with a real store. */
import t, { type Test } from 'tap';
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
import { openApiAdmission } from './api-admission.ts';

const me = { name: 'me', uid: '', groups: ['system:masters'], extra: {} };

async function open(t: Test) {
  let admission: Access['admission'] = () => noAdmission;
  const authorizer = async () => allowMasters;
  const server = await openServer(t, {
    access: {
      authenticate: async () => ({ kind: 'user', user: me, audiences: [] }),
      authorizer,
      admission: (...by) => admission(...by),
    },
  });
  const { store, ask, faults } = server;
  const groupVersions = builtInGroupVersions;
  const kinds = openKinds({ registry, store, groupVersions, strategyOf, convert: convertStored });
  const opened = openApiAdmission({ store, kinds, surroundings: realSurroundings, authorizer, more: [] });
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
