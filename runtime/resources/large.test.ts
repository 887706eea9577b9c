/** Objects as large as a request may be are answered, and not for long. */
import t from 'tap';
import { otherStrategies } from './others.ts';
import { filled, made, normalize, patched } from './testing/say.ts';
import { deployment, job } from './testing/workloads.ts';

/** Far less than a request waits, far more than it takes. */
const longestMs = 20_000;
const many = (count: number, make: (index: number) => unknown): unknown[] =>
  Array.from({ length: count }, (_, index) => make(index));
const object = (kind: string, apiVersion: string, rest: object) => ({
  kind,
  apiVersion,
  metadata: { name: 'a' },
  ...rest,
});

const cases: readonly (readonly [resource: string, large: object])[] = [
  [
    'admissionregistration.k8s.io/validatingwebhookconfigurations',
    object('ValidatingWebhookConfiguration', 'admissionregistration.k8s.io/v1', {
      webhooks: [{ name: 'w', rules: [{ resources: many(200_000, (index) => `a/${index}`) }] }],
    }),
  ],
  [
    'batch/jobs',
    patched(job, {
      spec: {
        template: { spec: { containers: many(20_000, (index) => ({ name: `c${index}` })) } },
        podFailurePolicy: { rules: many(20_000, () => ({ onExitCodes: { containerName: 'x' } })) },
      },
    }),
  ],
  [
    'storage.k8s.io/csinodes',
    object('CSINode', 'storage.k8s.io/v1', {
      spec: { drivers: [{ name: 'd', topologyKeys: many(200_000, (index) => `_${index}`) }] },
    }),
  ],
  [
    'certificates.k8s.io/certificatesigningrequests',
    object('CertificateSigningRequest', 'certificates.k8s.io/v1', {
      status: { conditions: many(40_000, (index) => ({ type: `t${index}`, status: 'True' })) },
    }),
  ],
  [
    'discovery.k8s.io/endpointslices',
    object('EndpointSlice', 'discovery.k8s.io/v1', {
      endpoints: many(30_000, (index) => ({ addresses: [], deprecatedTopology: { a: `${index}` } })),
    }),
  ],
  [
    'apps/deployments',
    patched(deployment, {
      spec: {
        selector: { matchLabels: Object.fromEntries(many(80_000, (index) => [`l${index}`, 'x']) as never) },
      },
    }),
  ],
  [
    'networking.k8s.io/networkpolicies',
    object('NetworkPolicy', 'networking.k8s.io/v1', {
      spec: { podSelector: {}, ingress: [{ from: many(80_000, () => ({})) }] },
    }),
  ],
  [
    'rbac.authorization.k8s.io/clusterrolebindings',
    object('ClusterRoleBinding', 'rbac.authorization.k8s.io/v1', {
      subjects: many(60_000, (index) => ({ kind: 'User', name: `u${index}` })),
    }),
  ],
  [
    'flowcontrol.apiserver.k8s.io/flowschemas',
    object('FlowSchema', 'flowcontrol.apiserver.k8s.io/v1', {
      spec: {
        rules: [
          {
            subjects: [],
            nonResourceRules: [{ verbs: ['get'], nonResourceURLs: many(200_000, () => '/*/*') }],
          },
        ],
      },
    }),
  ],
  [
    'storage.k8s.io/storageclasses',
    object('StorageClass', 'storage.k8s.io/v1', {
      allowedTopologies: many(30_000, () => ({ matchLabelExpressions: [{ key: 'k', values: ['v'] }] })),
    }),
  ],
];

for (const [resource, large] of cases) {
  t.test(resource, async (t) => {
    const strategy = otherStrategies[resource]!;
    const started = Date.now();
    const old = normalize({
      ...made(strategy, large),
      ...('status' in large ? { status: large.status } : {}),
    });
    const next = patched(filled(strategy, old), { metadata: { labels: { l: 'm' } } });
    const changed = normalize(strategy.prepareUpdate?.(next, old) ?? next);
    strategy.stamp?.(changed, old, {
      ...{ user: { name: '', uid: '', groups: [], extra: {} }, now: '', subresource: 'status' },
    });
    const errors = [
      ...(strategy.check?.(changed) ?? []),
      ...(strategy.checkCreate?.(changed) ?? []),
      ...(strategy.checkUpdate?.(changed, old) ?? []),
      ...(strategy.checkStatusUpdate?.(changed, old) ?? []),
    ];
    strategy.warn?.(changed, null);
    const size = errors.reduce((sum, { message }) => sum + message.length, 0);
    t.ok(Date.now() - started < longestMs, `${Date.now() - started} ms`);
    t.ok(size < 100_000_000, `${size} characters`);
  });
}
