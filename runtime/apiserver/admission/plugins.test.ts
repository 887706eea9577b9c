import t from 'tap';
import { certificateApproval, certificateSigning, certificateSubjectRestriction } from './certificates.ts';
import { defaultIngressClass, defaultStorageClass } from './default-classes.ts';
import { limitRanger } from './limit-ranger.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { nodeRestriction } from './node-restriction.ts';
import type { Asked, Plugin } from './plugin.ts';
import { priority } from './priority.ts';
import { runtimeClass } from './runtime-class.ts';
import { serviceAccount } from './service-account.ts';
import {
  defaultTolerationSeconds,
  protectVolumes,
  refuseClaimResize,
  taintNewNodes,
} from './small-plugins.ts';
import { ask, readsOf, refusal } from './testing/ask.ts';

const container = (more: object = {}) => ({ name: 'c', image: 'i', ...more });
const pod = (spec: object = {}, metadata: object = {}) => ({
  metadata,
  spec: { containers: [container()], ...spec },
});
const mutated = async (plugin: Plugin, asked: Asked) =>
  (await plugin.mutate?.(asked)) as unknown as { metadata: object; spec: Record<string, unknown> };
const said = (plugin: Plugin, asked: Asked) => {
  const run = async (): Promise<void> => {
    await plugin.mutate?.(asked);
    await plugin.validate?.(asked);
  };
  return refusal(run());
};

t.test('namespaceLifecycle lets nothing be made where there is no namespace', async (t) => {
  const plugin = namespaceLifecycle(
    readsOf({ 'namespaces d': {}, 'namespaces gone': { status: { phase: 'Terminating' } } }),
  );
  t.equal(await said(plugin, ask('pods', pod())), '');
  t.equal(await said(plugin, ask('pods', pod(), { namespace: 'no' })), 'namespaces "no" not found');
  t.equal(await said(plugin, ask('pods', null, { namespace: 'no', operation: 'DELETE' })), '');
  t.equal(await said(plugin, ask('pods', pod(), { namespace: 'gone', operation: 'UPDATE' })), '');
  await t.rejects(plugin.mutate?.(ask('pods', pod(), { namespace: 'gone' })) as Promise<unknown>, {
    message:
      'pods "x" is forbidden: unable to create new content in namespace gone because it is being terminated',
    details: {
      causes: [
        {
          reason: 'NamespaceTerminating',
          message: 'namespace gone is being terminated',
          field: 'metadata.namespace',
        },
      ],
    },
  });
  for (const name of ['default', 'kube-system', 'kube-public']) {
    t.equal(
      await said(plugin, ask('namespaces', null, { name, namespace: name, operation: 'DELETE' })),
      `namespaces "${name}" is forbidden: this namespace may not be deleted`,
    );
  }
  t.equal(await said(plugin, ask('namespaces', { metadata: { name: 'new' } }, { namespace: 'new' })), '');
  t.equal(
    await said(plugin, ask('localsubjectaccessreviews.authorization.k8s.io', {}, { namespace: 'no' })),
    '',
  );
});

t.test('serviceAccount fills in account, token and secrets for images', async (t) => {
  let waits = 0;
  const reads = readsOf({
    'serviceAccounts d/default': { imagePullSecrets: [{ name: 'pull' }] },
    'serviceAccounts d/quiet': { automountServiceAccountToken: false },
    'serviceAccounts d/strict': {
      metadata: { name: 'strict', annotations: { 'kubernetes.io/enforce-mountable-secrets': 'true' } },
      secrets: [{ name: 'mine' }],
    },
  });
  const plugin = serviceAccount({
    ...{ reads, makeSuffix: () => 'abcde' },
    wait: async () => {
      waits += 1;
    },
  });
  const mount = {
    ...{ name: 'kube-api-access-abcde', readOnly: true },
    mountPath: '/var/run/secrets/kubernetes.io/serviceaccount',
  };
  const filled = await mutated(plugin, ask('pods', pod({ initContainers: [container({ name: 'i' })] })));
  t.match(filled.spec, {
    ...{ serviceAccountName: 'default', serviceAccount: 'default', imagePullSecrets: [{ name: 'pull' }] },
    containers: [{ volumeMounts: [mount] }],
    initContainers: [{ volumeMounts: [mount] }],
    volumes: [{ name: 'kube-api-access-abcde', projected: { defaultMode: 420 } }],
  });
  const again = await mutated(plugin, ask('pods', filled));
  t.same(again, filled, 'once is enough');
  t.notOk('volumes' in (await mutated(plugin, ask('pods', pod({ serviceAccountName: 'quiet' })))).spec);
  t.notOk(
    'volumes' in (await mutated(plugin, ask('pods', pod({ automountServiceAccountToken: false })))).spec,
  );
  t.equal(
    await said(plugin, ask('pods', pod({ serviceAccountName: 'no' }))),
    'pods "x" is forbidden: error looking up service account d/no: serviceaccount "no" not found',
  );
  t.equal(waits, 0);
  t.match(await said(plugin, ask('pods', pod(), { namespace: 'e' })), /serviceaccount "default" not found/);
  t.equal(waits, 9, 'the account of a new namespace may be late');
  const mirror = { annotations: { 'kubernetes.io/config.mirror': 'x' } };
  t.equal(await said(plugin, ask('pods', pod({}, mirror))), '');
  t.equal(
    await said(plugin, ask('pods', pod({ serviceAccountName: 'default' }, mirror))),
    'pods "x" is forbidden: a mirror pod may not reference service accounts',
  );
  const secret = (name: string) => ({
    serviceAccountName: 'strict',
    volumes: [{ name: 'v', secret: { secretName: name } }],
  });
  t.equal(await said(plugin, ask('pods', pod(secret('mine')))), '');
  t.equal(
    await said(plugin, ask('pods', pod(secret('other')))),
    'pods "x" is forbidden: volume with secret.secretName="other" is not allowed because service account strict does not reference that secret',
  );
});

t.test('limitRanger fills in, and holds to its bounds', async (t) => {
  const range = (limits: readonly object[]) =>
    limitRanger(readsOf({ 'limitRanges d/l': { spec: { limits } } }));
  const filling = range([
    { type: 'Container', default: { cpu: '1' }, defaultRequest: { cpu: '500m', memory: '1Gi' } },
  ]);
  const filled = await mutated(filling, ask('pods', pod()));
  t.match(filled, {
    metadata: {
      annotations: {
        'kubernetes.io/limit-ranger':
          'LimitRanger plugin set: cpu, memory request for container c; cpu limit for container c',
      },
    },
    spec: { containers: [{ resources: { limits: { cpu: '1' }, requests: { cpu: '500m', memory: '1Gi' } } }] },
  });
  const asking = (requests: object, limits: object) =>
    pod({ containers: [container({ resources: { requests, limits } })] });
  const table: readonly (readonly [object, object, string])[] = [
    [{ min: { cpu: '1' } }, asking({}, {}), 'minimum cpu usage per Container is 1.  No request is specified'],
    [
      { min: { cpu: '1' } },
      asking({ cpu: '500m' }, {}),
      'minimum cpu usage per Container is 1, but request is 500m',
    ],
    [
      { min: { cpu: '1' } },
      asking({ cpu: '1' }, { cpu: '0.5' }),
      'minimum cpu usage per Container is 1, but limit is 0.5',
    ],
    [{ max: { cpu: '1' } }, asking({}, {}), 'maximum cpu usage per Container is 1.  No limit is specified'],
    [{ max: { cpu: '1' } }, asking({}, { cpu: '2' }), 'maximum cpu usage per Container is 1, but limit is 2'],
    [
      { max: { cpu: '1' } },
      asking({ cpu: '2' }, { cpu: '1' }),
      'maximum cpu usage per Container is 1, but request is 2',
    ],
    [{ max: { cpu: '1' } }, asking({ cpu: '1' }, { cpu: '1000m' }), ''],
    [
      { maxLimitRequestRatio: { cpu: '2' } },
      asking({ cpu: '1' }, { cpu: '3' }),
      'cpu max limit to request ratio per Container is 2, but provided ratio is 3.000000',
    ],
    [
      { max: { cpu: '1', memory: '1' } },
      asking({}, {}),
      '[maximum cpu usage per Container is 1.  No limit is specified, maximum memory usage per Container is 1.  No limit is specified]',
    ],
  ];
  for (const [limit, object, why] of table) {
    const expected = why === '' ? '' : `pods "x" is forbidden: ${why}`;
    t.equal(await said(range([{ type: 'Container', ...limit }]), ask('pods', object)), expected);
  }
  const two = pod({
    containers: ['a', 'b'].map((name) => container({ name, resources: { limits: { cpu: '600m' } } })),
  });
  t.equal(
    await said(range([{ type: 'Pod', max: { cpu: '1' } }]), ask('pods', two)),
    'pods "x" is forbidden: maximum cpu usage per Pod is 1, but limit is 1200m',
  );
  const claim = { metadata: {}, spec: { resources: { requests: { storage: '5Gi' } } } };
  const ofClaims = range([{ type: 'PersistentVolumeClaim', max: { storage: '1Gi' } }]);
  t.equal(
    await said(ofClaims, ask('persistentvolumeclaims', claim)),
    'persistentvolumeclaims "x" is forbidden: maximum storage usage per PersistentVolumeClaim is 1Gi, but request is 5Gi',
  );
});

t.test('priority resolves classes', async (t) => {
  const reads = readsOf({
    'priorityClasses high': { value: 100, preemptionPolicy: 'Never' },
    'priorityClasses usual': { value: 5, globalDefault: true, preemptionPolicy: 'PreemptLowerPriority' },
  });
  const plugin = priority(reads);
  t.match((await mutated(priority(readsOf({})), ask('pods', pod()))).spec, {
    ...{ priority: 0, preemptionPolicy: 'PreemptLowerPriority', priorityClassName: undefined },
  });
  t.match((await mutated(plugin, ask('pods', pod()))).spec, { priority: 5, priorityClassName: 'usual' });
  t.match((await mutated(plugin, ask('pods', pod({ priorityClassName: 'high' })))).spec, {
    ...{ priority: 100, preemptionPolicy: 'Never' },
  });
  t.equal(
    await said(plugin, ask('pods', pod({ priorityClassName: 'no' }))),
    'pods "x" is forbidden: no PriorityClass with name no was found',
  );
  t.match(
    await said(plugin, ask('pods', pod({ priorityClassName: 'high', priority: 7 }))),
    /the integer value of priority \(7\) must not be provided in pod spec; priority admission controller computed 100/,
  );
  const old = pod({ priority: 9 }) as unknown as Asked['old'];
  t.match((await mutated(plugin, ask('pods', pod(), { operation: 'UPDATE', old }))).spec, { priority: 9 });
  t.equal(
    await said(plugin, ask('priorityclasses.scheduling.k8s.io', { metadata: {}, globalDefault: true })),
    'priorityclasses.scheduling.k8s.io "x" is forbidden: PriorityClass usual is already marked as default. Only one default can exist',
  );
});

t.test('default classes: the newest that is marked', async (t) => {
  const marked = (key: string, creationTimestamp: string) => ({
    metadata: { creationTimestamp, annotations: { [key]: 'true' } },
  });
  const storage = 'storageclass.kubernetes.io/is-default-class';
  const ingress = 'ingressclass.kubernetes.io/is-default-class';
  const reads = readsOf({
    'storageClasses old': marked(storage, '2024-01-01T00:00:00Z'),
    'storageClasses new': marked(storage, '2025-01-01T00:00:00Z'),
    'storageClasses other': { metadata: {} },
    'ingressClasses i': marked(ingress, '2024-01-01T00:00:00Z'),
  });
  const claims = defaultStorageClass(reads);
  t.match((await mutated(claims, ask('persistentvolumeclaims', { spec: {} }))).spec, {
    storageClassName: 'new',
  });
  t.same((await mutated(claims, ask('persistentvolumeclaims', { spec: { storageClassName: '' } }))).spec, {
    storageClassName: '',
  });
  t.match(
    (await mutated(defaultIngressClass(reads), ask('ingresses.networking.k8s.io', { spec: {} }))).spec,
    {
      ingressClassName: 'i',
    },
  );
});

t.test('small policies', async (t) => {
  const tolerant = await mutated(defaultTolerationSeconds, ask('pods', pod()));
  t.same(
    (tolerant.spec.tolerations as { key: string; tolerationSeconds: number }[]).map((one) => [
      one.key,
      one.tolerationSeconds,
    ]),
    [
      ['node.kubernetes.io/not-ready', 300],
      ['node.kubernetes.io/unreachable', 300],
    ],
  );
  const all = ask('pods', pod({ tolerations: [{ operator: 'Exists' }] }));
  t.equal(await defaultTolerationSeconds.mutate?.(all), all.object);
  t.same((await mutated(taintNewNodes, ask('nodes', { spec: {} }))).spec, {
    taints: [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }],
  });
  t.match((await mutated(protectVolumes, ask('persistentvolumes', {}))).metadata, {
    finalizers: ['kubernetes.io/pv-protection'],
  });
  const sized = (storage: string, more: object = {}) =>
    ({
      metadata: {},
      spec: { storageClassName: 's', resources: { requests: { storage } } },
      ...more,
    }) as unknown as Asked['old'] & object;
  const resize = (old: Asked['old'], next: object, allow: boolean) =>
    said(
      refuseClaimResize(readsOf({ 'storageClasses s': { allowVolumeExpansion: allow } })),
      ask('persistentvolumeclaims', next, { operation: 'UPDATE', old }),
    );
  const bound = sized('1Gi', { status: { phase: 'Bound' } });
  t.match(await resize(bound, sized('2Gi'), false), /only dynamically provisioned pvc can be resized/);
  t.equal(await resize(bound, sized('2Gi'), true), '');
  t.equal(await resize(bound, sized('1Gi'), false), '');
  t.match(
    await resize(sized('1Gi'), sized('2Gi'), true),
    /Only bound persistent volume claims can be expanded/,
  );
});

t.test('runtimeClass adds overhead and place', async (t) => {
  const plugin = runtimeClass(
    readsOf({
      'runtimeClasses r': { overhead: { podFixed: { cpu: '1' } }, scheduling: { nodeSelector: { a: 'b' } } },
    }),
  );
  t.match((await mutated(plugin, ask('pods', pod({ runtimeClassName: 'r' })))).spec, {
    ...{ overhead: { cpu: '1' }, nodeSelector: { a: 'b' } },
  });
  t.equal(
    await said(plugin, ask('pods', pod({ runtimeClassName: 'no' }))),
    'pods "x" is forbidden: pod rejected: RuntimeClass "no" not found',
  );
  t.match(
    await said(plugin, ask('pods', pod({ runtimeClassName: 'r', nodeSelector: { a: 'c' } }))),
    /conflict: runtimeClass/,
  );
  t.match(
    await said(plugin, ask('pods', pod({ overhead: { cpu: '1' } }))),
    /Pod Overhead set without corresponding RuntimeClass defined Overhead/,
  );
});

t.test('nodeRestriction keeps a node to itself', async (t) => {
  const user = { name: 'system:node:n', uid: '', groups: ['system:nodes'], extra: {} };
  const plugin = nodeRestriction(
    readsOf({
      'nodes n': { metadata: { uid: 'u' } },
      'pods d/p': { metadata: { uid: 'pu' }, spec: { nodeName: 'm' } },
    }),
  );
  const node = (labels: object, more: object = {}) =>
    ({ metadata: { name: 'n', labels }, spec: more }) as unknown as Asked['old'] & object;
  const bound = (uid: string) => ({
    spec: { boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'p', uid } },
  });
  const owner = { apiVersion: 'v1', kind: 'Node', name: 'n', uid: 'u', controller: true };
  const mirror = (more: object = {}) =>
    pod(
      { nodeName: 'n', ...more },
      { annotations: { 'kubernetes.io/config.mirror': 'x' }, ownerReferences: [owner] },
    );
  const table: readonly (readonly [Asked, RegExp])[] = [
    [ask('nodes', node({ 'kubernetes.io/hostname': 'n', 'example.com/x': 'y' }), { user }), /^$/],
    [
      ask('nodes', node({ 'node-restriction.kubernetes.io/x': 'y' }), { user }),
      /is not allowed to set the following labels: node-restriction/,
    ],
    [
      ask('nodes', node({ 'node-role.kubernetes.io/x': '' }), { user, operation: 'UPDATE', old: node({}) }),
      /is not allowed to modify labels: node-role/,
    ],
    [
      ask('nodes', node({}, { taints: [] }), {
        user,
        operation: 'UPDATE',
        old: node({}, { taints: [{ key: 'a' }] }),
      }),
      /is not allowed to modify taints/,
    ],
    [
      ask('nodes', node({}), { user, name: 'm', operation: 'UPDATE', old: node({}) }),
      /node "n" is not allowed to modify node "m"/,
    ],
    [ask('pods', pod({ nodeName: 'n' }), { user }), /can only create mirror pods/],
    [ask('pods', mirror(), { user }), /^$/],
    [
      ask('pods', mirror({ serviceAccountName: 'a' }), { user }),
      /can not create pods that reference a service account/,
    ],
    [
      ask('pods', null, {
        user,
        operation: 'DELETE',
        old: pod({ nodeName: 'm' }) as unknown as Asked['old'],
      }),
      /can only delete pods with spec.nodeName set to itself/,
    ],
    [ask('serviceaccounts/token', bound('pu'), { user }), /bound to a pod scheduled on a different node/],
    [ask('serviceaccounts/token', { spec: {} }, { user }), /node requested token not bound to a pod/],
    [ask('serviceaccounts/token', bound('other'), { user }), /does not match the UID in record/],
    [
      ask('leases.coordination.k8s.io', { metadata: { name: 'n' } }, { user, namespace: 'kube-node-lease' }),
      /^$/,
    ],
    [
      ask('leases.coordination.k8s.io', { metadata: { name: 'm' } }, { user, namespace: 'kube-node-lease' }),
      /with the same name/,
    ],
    [ask('secrets', {}, { user }), /^$/],
    [ask('nodes', node({ 'node-restriction.kubernetes.io/x': 'y' })), /^$/],
  ];
  for (const [asked, expected] of table) t.match(await said(plugin, asked), expected, String(expected));
});

t.test('certificates: approval, signing and subjects', async (t) => {
  const csr = 'certificatesigningrequests.certificates.k8s.io';
  const old = { metadata: {}, spec: { signerName: 'example.com/s' } } as unknown as Asked['old'] & object;
  const allowing = (name: string) => async () => (attributes: { kind: string }) => ({
    ...{ isAllowed: (attributes as { name?: string }).name === name, reason: '' },
  });
  const update = (part: string, next: object) => ask(`${csr}/${part}`, next, { operation: 'UPDATE', old });
  t.equal(
    await said(certificateApproval(allowing('')), update('approval', old)),
    'certificatesigningrequests.certificates.k8s.io "x" is forbidden: user not permitted to approve requests with signerName "example.com/s"',
  );
  for (const name of ['example.com/s', 'example.com/*']) {
    t.equal(await said(certificateApproval(allowing(name)), update('approval', old)), '');
  }
  t.equal(await said(certificateSigning(allowing('')), update('status', old)), '', 'nothing is signed');
  t.match(
    await said(certificateSigning(allowing('')), update('status', { ...old, status: { certificate: 'AA' } })),
    /user not permitted to sign requests/,
  );
  const request = (organization: string) => {
    const tlv = (tag: number, ...content: (number | Buffer)[]) => {
      const all = Buffer.concat(content.map((one) => (typeof one === 'number' ? Buffer.from([one]) : one)));
      return Buffer.concat([Buffer.from([tag, all.length]), all]);
    };
    const value = tlv(0x0c, Buffer.from(organization));
    const name = tlv(0x30, tlv(0x31, tlv(0x30, tlv(0x06, 0x55, 0x04, 0x0a), value)));
    const body = tlv(0x30, tlv(0x30, tlv(0x02, 0), name)).toString('base64');
    const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${body}\n-----END CERTIFICATE REQUEST-----\n`;
    const spec = {
      signerName: 'kubernetes.io/kube-apiserver-client',
      request: Buffer.from(pem).toString('base64'),
    };
    return ask(csr, { metadata: {}, spec });
  };
  t.equal(await said(certificateSubjectRestriction, request('people')), '');
  t.match(
    await said(certificateSubjectRestriction, request('system:masters')),
    /with system:masters group is not allowed/,
  );
});
