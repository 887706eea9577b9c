import t from 'tap';
import { filled, made, patched, saidOfChange, saidOfNew, saidOfStatus } from '../testing/say.ts';
import { daemonSet, deployment, replicaSet, statefulSet } from '../testing/workloads.ts';
import { controllerRevisions } from './controller-revisions.ts';
import { daemonSets } from './daemon-sets.ts';
import { deployments } from './deployments.ts';
import { replicaSets } from './replica-sets.ts';
import { statefulSets } from './stateful-sets.ts';

const kinds = {
  Deployment: deployments,
  ReplicaSet: replicaSets,
  DaemonSet: daemonSets,
  StatefulSet: statefulSets,
};
const samples = {
  Deployment: deployment,
  ReplicaSet: replicaSet,
  DaemonSet: daemonSet,
  StatefulSet: statefulSet,
};
type Kind = keyof typeof kinds;

t.test('small objects are well', async (t) => {
  for (const kind of Object.keys(kinds) as Kind[]) t.same(saidOfNew(kinds[kind], samples[kind]), [], kind);
});

t.test('a deployment is filled in', async (t) => {
  t.match(filled(deployments, deployment).spec, {
    replicas: 1,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
    template: { spec: { restartPolicy: 'Always' } },
  });
  const recreated = filled(deployments, patched(deployment, { spec: { strategy: { type: 'Recreate' } } }));
  t.same((recreated.spec as { strategy: object }).strategy, { type: 'Recreate' });
});

t.test('a daemon set is filled in', async (t) => {
  t.match(made(daemonSets, daemonSet), {
    metadata: { annotations: { 'deprecated.daemonset.template.generation': '1' } },
    spec: {
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
      revisionHistoryLimit: 10,
    },
  });
});

t.test('a stateful set is filled in', async (t) => {
  const spec = { volumeClaimTemplates: [{ metadata: { name: 'v' }, spec: { resources: {} } }] };
  t.match(filled(statefulSets, patched(statefulSet, { spec })).spec, {
    replicas: 1,
    podManagementPolicy: 'OrderedReady',
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
    revisionHistoryLimit: 10,
    persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
    volumeClaimTemplates: [{ spec: { volumeMode: 'Filesystem' }, status: { phase: 'Pending' } }],
  });
});

t.test('what the template of a daemon set was is counted', async (t) => {
  const old = made(daemonSets, daemonSet);
  const next = patched(old, { spec: { template: { metadata: { labels: { app: 'a', b: 'c' } } } } });
  const generation = 'deprecated.daemonset.template.generation';
  const annotationsOf = (object: object): object =>
    (object as { metadata: { annotations: object } }).metadata.annotations;
  t.same(annotationsOf(daemonSets.prepareUpdate!(next, old)), { [generation]: '2' });
  const lied = patched(old, { metadata: { annotations: { [generation]: '7' } } });
  t.same(annotationsOf(daemonSets.prepareUpdate!(lied, old)), { [generation]: '1' });
});

t.test('annotations of a deployment count as what is wanted', async (t) => {
  const old = { ...made(deployments, deployment), metadata: { name: 'a', generation: 4 } };
  const next = patched(old, { metadata: { annotations: { a: 'b' } } });
  t.equal(deployments.prepareUpdate?.(next, old).metadata.generation, 5);
  t.equal(deployments.prepareUpdate?.(old, old).metadata.generation, 4);
});

const differ = `spec.template.metadata.labels: Invalid value: map[string]string{"app":"b"}: \`selector\` does not match template \`labels\``;
const otherLabels = { template: { metadata: { labels: { app: 'b' } } } };
const negative = 'must be greater than or equal to 0';

const cases: readonly (readonly [kind: Kind, spec: object, ...said: readonly string[]])[] = [
  ['Deployment', otherLabels, differ],
  ['ReplicaSet', otherLabels, differ],
  ['DaemonSet', otherLabels, differ],
  ['StatefulSet', otherLabels, differ],
  ['Deployment', { replicas: -1 }, `spec.replicas: Invalid value: -1: ${negative}`],
  ['StatefulSet', { replicas: -1 }, `spec.replicas: Invalid value: -1: ${negative}`],
  [
    'Deployment',
    { selector: { matchLabels: null } },
    'spec.selector: Invalid value: v1.LabelSelector{MatchLabels:map[string]string(nil), MatchExpressions:[]v1.LabelSelectorRequirement(nil)}: empty selector is invalid for deployment',
  ],
  ['Deployment', { selector: null }, 'spec.selector: Required value', differ.replace('"b"', '"a"')],
  [
    'Deployment',
    { strategy: { type: 'Fast' } },
    'spec.strategy: Unsupported value: apps.DeploymentStrategy{Type:"Fast", RollingUpdate:(*apps.RollingUpdateDeployment)(nil)}: supported values: "Recreate", "RollingUpdate"',
  ],
  [
    'Deployment',
    { strategy: { type: 'Recreate', rollingUpdate: {} } },
    "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'",
  ],
  [
    'Deployment',
    { strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: '0%' } } },
    'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: intstr.IntOrString{Type:0, IntVal:0, StrVal:""}: may not be 0 when `maxSurge` is 0',
  ],
  [
    'Deployment',
    { strategy: { rollingUpdate: { maxUnavailable: '150%', maxSurge: 'x' } } },
    "spec.strategy.rollingUpdate.maxSurge: Invalid value: intstr.IntOrString{Type:1, IntVal:0, StrVal:\"x\"}: a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
    'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: intstr.IntOrString{Type:1, IntVal:0, StrVal:"150%"}: must not be greater than 100%',
  ],
  [
    'Deployment',
    { progressDeadlineSeconds: 5, minReadySeconds: 5 },
    'spec.progressDeadlineSeconds: Invalid value: 5: must be greater than minReadySeconds',
  ],
  [
    'Deployment',
    { template: { spec: { restartPolicy: 'Never', activeDeadlineSeconds: 5 } } },
    'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
    'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported',
  ],
  [
    'DaemonSet',
    { updateStrategy: { rollingUpdate: { maxUnavailable: 0 } } },
    'spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0',
  ],
  [
    'DaemonSet',
    { updateStrategy: { rollingUpdate: { maxSurge: 1 } } },
    'spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: intstr.IntOrString{Type:0, IntVal:1, StrVal:""}: may not be set when maxUnavailable is non-zero',
  ],
  [
    'StatefulSet',
    { podManagementPolicy: 'All', updateStrategy: { type: 'OnDelete', rollingUpdate: { partition: 1 } } },
    "spec.podManagementPolicy: Invalid value: \"All\": must be 'OrderedReady' or 'Parallel'",
    "spec.updateStrategy.rollingUpdate: Invalid value: apps.RollingUpdateStatefulSetStrategy{Partition:1, MaxUnavailable:(*intstr.IntOrString)(nil)}: only allowed for updateStrategy 'RollingUpdate'",
  ],
  [
    'StatefulSet',
    { persistentVolumeClaimRetentionPolicy: { whenScaled: 'Keep' } },
    'spec.persistentVolumeClaimRetentionPolicy.whenScaled: Unsupported value: "Keep": supported values: "Retain", "Delete"',
  ],
];

for (const [kind, spec, ...said] of cases) {
  t.test(`${kind} with ${JSON.stringify(spec)}`, async (t) => {
    t.same(saidOfNew(kinds[kind], patched(samples[kind], { spec })), said);
  });
}

t.test('selectors do not change', async (t) => {
  const spec = { selector: { matchLabels: { app: 'b' } }, ...otherLabels };
  const said = [
    'spec.selector: Invalid value: v1.LabelSelector{MatchLabels:map[string]string{"app":"b"}, MatchExpressions:[]v1.LabelSelectorRequirement(nil)}: field is immutable',
  ];
  t.same(saidOfChange(deployments, deployment, { spec }), said);
  t.same(saidOfChange(replicaSets, replicaSet, { spec }), said);
  t.same(saidOfChange(daemonSets, daemonSet, { spec }), said);
});

t.test('of a stateful set little changes', async (t) => {
  t.same(saidOfChange(statefulSets, statefulSet, { spec: { replicas: 3, minReadySeconds: 1 } }), []);
  t.same(saidOfChange(statefulSets, statefulSet, { spec: { serviceName: 'other' } }), [
    "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
  ]);
});

t.test('counts in a status fit together', async (t) => {
  const old = { replicas: 1, collisionCount: 2 };
  const next = { replicas: 1, readyReplicas: 2, availableReplicas: 1, collisionCount: 1 };
  const said = [
    'status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas',
    'status.collisionCount: Invalid value: 1: cannot be decremented',
  ];
  t.same(saidOfStatus(deployments, deployment, old, next), said);
  t.same(saidOfStatus(statefulSets, statefulSet, old, next), said);
  t.same(saidOfStatus(replicaSets, replicaSet, {}, { replicas: 2, availableReplicas: 1 }), [
    'status.availableReplicas: Invalid value: 1: cannot be greater than readyReplicas',
  ]);
  t.same(saidOfStatus(daemonSets, daemonSet, {}, { numberReady: -1 }), [
    `status.numberReady: Invalid value: -1: ${negative}`,
  ]);
});

t.test('a controller revision holds data that stays', async (t) => {
  const revision = {
    kind: 'ControllerRevision',
    apiVersion: 'apps/v1',
    metadata: { name: 'r' },
    data: { a: 1 },
    revision: 1,
  };
  t.same(saidOfNew(controllerRevisions, revision), []);
  t.same(saidOfNew(controllerRevisions, { ...revision, data: undefined, revision: -1 }), [
    'data: Required value: data is mandatory',
    `revision: Invalid value: -1: ${negative}`,
  ]);
  t.same(saidOfChange(controllerRevisions, revision, { data: { a: 2 } }), [
    'data: Invalid value: {"a":2}: field is immutable',
  ]);
});

t.test('a name that is no host name is warned of', async (t) => {
  const warned = deployments.warn?.(
    patched(made(deployments, deployment), { metadata: { name: 'a.b' } }),
    null,
  );
  t.match(
    warned?.[0],
    /^metadata\.name: this is used in Pod names and hostnames, .*; a DNS label is recommended: \[must not contain dots\]/,
  );
  const kept = patched(made(statefulSets, statefulSet), { spec: { revisionHistoryLimit: -1 } });
  t.match(statefulSets.warn?.(kept, null).at(-1), /^spec\.revisionHistoryLimit: a negative value/);
});
