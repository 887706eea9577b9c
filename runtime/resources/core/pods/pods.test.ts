import t from 'tap';
import { filledIn, made, refusals, sentences, written } from '../../testing/written.ts';
import { pods } from './pods.ts';

const metadata = { name: 'web', namespace: 'd', creationTimestamp: '2026-01-01T00:00:00Z' };
const main = { name: 'c', image: 'nginx' };

function pod(spec: object = {}, more: object = {}): object {
  return {
    ...{ kind: 'Pod', apiVersion: 'v1', metadata: { ...metadata, ...more } },
    spec: { containers: [main], ...spec },
  };
}

t.test('a pod of one image becomes what the real server makes of it', async (t) => {
  t.same(made(pods, pod()), {
    ...{ kind: 'Pod', apiVersion: 'v1', metadata },
    spec: {
      containers: [
        {
          ...{ name: 'c', image: 'nginx', resources: {}, terminationMessagePath: '/dev/termination-log' },
          ...{ terminationMessagePolicy: 'File', imagePullPolicy: 'Always' },
        },
      ],
      ...{ restartPolicy: 'Always', terminationGracePeriodSeconds: 30, dnsPolicy: 'ClusterFirst' },
      ...{ securityContext: {}, schedulerName: 'default-scheduler', enableServiceLinks: true },
    },
    status: { phase: 'Pending', qosClass: 'BestEffort' },
  });
});

t.test('every part of a pod is filled in', async (t) => {
  const probe = { httpGet: { port: 80 } };
  const filled = filledIn(
    pods,
    pod({
      ...{ serviceAccount: 'old', hostNetwork: true, overhead: { cpu: '1.0005' } },
      containers: [
        {
          ...main,
          ports: [{ containerPort: 80 }],
          env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
          resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m' } },
          livenessProbe: probe,
          lifecycle: { preStop: { httpGet: { port: 'http' } } },
        },
      ],
      volumes: [
        { name: 'e' },
        { name: 's', secret: { secretName: 's' } },
        { name: 't', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } },
        { name: 'h', hostPath: { path: '/' } },
        { name: 'r', rbd: { monitors: ['m'], image: 'i' } },
        { name: 'c', ephemeral: { volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'] } } } },
      ],
    }),
  );
  t.match(filled.spec, {
    ...{ serviceAccount: 'old', serviceAccountName: 'old', overhead: { cpu: '1001m' } },
    containers: [
      {
        ports: [{ containerPort: 80, hostPort: 80, protocol: 'TCP' }],
        env: [{ valueFrom: { fieldRef: { apiVersion: 'v1' } } }],
        resources: { requests: { cpu: '500m', memory: '1Gi' } },
        livenessProbe: {
          httpGet: { path: '/', scheme: 'HTTP' },
          ...{ timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 },
        },
        lifecycle: { preStop: { httpGet: { path: '/', scheme: 'HTTP' } } },
      },
    ],
    volumes: [
      { emptyDir: {} },
      { secret: { defaultMode: 420 } },
      { projected: { defaultMode: 420, sources: [{ serviceAccountToken: { expirationSeconds: 3600 } }] } },
      { hostPath: { type: '' } },
      { rbd: { pool: 'rbd', user: 'admin', keyring: '/etc/ceph/keyring' } },
      { ephemeral: { volumeClaimTemplate: { spec: { volumeMode: 'Filesystem' } } } },
    ],
  });
});

t.test('what belongs to features that are off is left out', async (t) => {
  const filled = filledIn(
    pods,
    pod({
      ...{ hostUsers: false, resources: { limits: { cpu: '1' } }, resourceClaims: [{ name: 'r' }] },
      containers: [{ ...main, resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'NotRequired' }] }],
      securityContext: { supplementalGroupsPolicy: 'Strict' },
    }),
  );
  t.notMatch(filled.spec, { hostUsers: false });
  t.same(
    Object.keys(filled.spec as object).filter((name) => name.startsWith('resource')),
    [],
  );
  t.same((filled.spec as { securityContext: object }).securityContext, {});
});

t.test('a pod with gates waits to be scheduled', async (t) => {
  t.match(made(pods, pod({ schedulingGates: [{ name: 'example.com/g' }] })).status, {
    conditions: [
      {
        type: 'PodScheduled',
        status: 'False',
        reason: 'SchedulingGated',
        lastTransitionTime: metadata.creationTimestamp,
      },
    ],
  });
});

t.test('keys of labels become expressions of what the pod has there', async (t) => {
  const term = { topologyKey: 'zone', labelSelector: {}, matchLabelKeys: ['app', 'absent'] };
  const affinity = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } };
  const labels = { app: 'web' };
  t.match(made(pods, pod({ affinity }, { labels })).spec, {
    affinity: {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { labelSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['web'] }] } },
        ],
      },
    },
  });
});

t.test('AppArmor is said as an annotation and as a field', async (t) => {
  const key = 'container.apparmor.security.beta.kubernetes.io/c';
  const securityContext = { appArmorProfile: { type: 'RuntimeDefault' } };
  t.match(made(pods, pod({ securityContext })).metadata, { annotations: { [key]: 'runtime/default' } });
  t.match(made(pods, pod({}, { annotations: { [key]: 'localhost/p' } })).spec, {
    containers: [{ securityContext: { appArmorProfile: { type: 'Localhost', localhostProfile: 'p' } } }],
  });
});

t.test('an update of status leaves the class of the pod as it was', async (t) => {
  const old = made(pods, pod());
  const next = { ...old, status: { phase: 'Running', resize: 'Proposed' } };
  t.same(written(pods.prepareStatusUpdate!(next, old)).status, { phase: 'Running', qosClass: 'BestEffort' });
});

t.test('the address of a pod is the first of its addresses', async (t) => {
  const filled = (status: object) => written(pods.fillIn!(written({ ...pod(), status }))).status;
  t.same(filled({ podIP: '10.0.0.1' }), { podIP: '10.0.0.1', podIPs: [{ ip: '10.0.0.1' }] });
  t.match(filled({ podIPs: [{ ip: '10.0.0.1' }] }), { podIP: '10.0.0.1' });
  t.match(filled({ podIP: '10.0.0.2', podIPs: [{ ip: '10.0.0.1' }] }), { podIPs: [{ ip: '10.0.0.2' }] });
});

t.test('new pods are refused for what only a running one can have', async (t) => {
  t.same(refusals(pods, pod({ nodeName: 'n', schedulingGates: [{ name: 'g' }] })), [
    'spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared',
  ]);
  t.same(refusals(pods, pod({ ephemeralContainers: [{ name: 'e', image: 'i' }] })), [
    'spec.ephemeralContainers: Forbidden: cannot be set on create',
  ]);
});

t.test('annotations of pods are refused in the words of the real server', async (t) => {
  for (const [annotations, expected] of [
    [{ 'controller.kubernetes.io/pod-deletion-cost': '-10' }, []],
    [
      { 'controller.kubernetes.io/pod-deletion-cost': '+1' },
      [
        'metadata.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: "+1": must be a 32bit integer',
      ],
    ],
    [
      { 'kubernetes.io/config.mirror': 'x' },
      [
        'metadata.annotations[kubernetes.io/config.mirror]: Invalid value: "x": must set spec.nodeName if mirror pod annotation is set',
      ],
    ],
    [
      { 'container.apparmor.security.beta.kubernetes.io/x': 'odd' },
      [
        'metadata.annotations[container.apparmor.security.beta.kubernetes.io/x]: Invalid value: "x": container not found',
        'metadata.annotations[container.apparmor.security.beta.kubernetes.io/x]: Invalid value: "odd": invalid AppArmor profile name: "odd"',
      ],
    ],
    [
      { 'seccomp.security.alpha.kubernetes.io/pod': 'odd' },
      [
        'metadata.annotations.seccomp.security.alpha.kubernetes.io/pod: Invalid value: "odd": must be a valid seccomp profile',
      ],
    ],
  ] as const) {
    t.same(refusals(pods, pod({}, { annotations })), expected);
  }
});

t.test('what a kubelet says of a pod is checked', async (t) => {
  const old = made(pods, pod({ restartPolicy: 'Never' }));
  const terminated = { name: 'c', state: { terminated: { exitCode: 1 } } };
  const running = { name: 'c', state: { running: {} } };
  const check = (status: object, before: object = {}) =>
    sentences(
      pods.checkStatusUpdate?.(
        { ...old, status: { qosClass: 'BestEffort', ...status } },
        { ...old, status: { qosClass: 'BestEffort', ...before } },
      ),
    );
  t.same(check({ hostIP: '10.0.0.1', hostIPs: [{ ip: '10.0.0.1' }], podIPs: [{ ip: '10.1.0.1' }] }), []);
  t.same(check({ qosClass: 'Burstable' }), [
    'status.qosClass: Invalid value: "Burstable": field is immutable',
  ]);
  t.same(check({ hostIP: '10.0.0.1', hostIPs: [{ ip: '10.0.0.2' }] }), [
    'status.hostIPs[0].ip: Invalid value: "10.0.0.2": must be equal to `hostIP`',
  ]);
  t.same(check({ containerStatuses: [running] }, { containerStatuses: [terminated] }), [
    'status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state',
  ]);
});

t.test('a pod as large as a request can be is answered as fast as it is read', async (t) => {
  const many = <T>(make: (index: number) => T): readonly T[] =>
    Array.from({ length: 40_000 }, (_, index) => make(index));
  const container = {
    ...main,
    ports: many((index) => ({ containerPort: 1 + (index % 2) })),
    env: many(() => ({ name: 'A', value: '1' })),
    volumeMounts: many((index) => ({ name: `v${index}`, mountPath: `/m${index}` })),
    volumeDevices: many((index) => ({ name: `w${index}`, devicePath: `/d${index}` })),
  };
  const topologySpreadConstraints = many((index) => ({ maxSkew: 1, topologyKey: `k${index}` }));
  const hostAliases = many((index) => ({ ip: `10.0.${index >> 8}.${index & 255}` }));
  const large = made(pods, pod({ containers: [container], topologySpreadConstraints, hostAliases }));
  // Were each compared with each other, this would not end before the test does.
  t.ok((pods.check?.(large) ?? []).length > 0);
  t.ok((pods.warn?.(large, null) ?? []).length > 0);
  t.ok((pods.checkUpdate?.(large, large) ?? []).length === 0);
});
