import t from 'tap';
import type { JsonObject } from '../../../apiserver/schemas/protobuf/json-value.ts';
import { made } from '../../testing/written.ts';
import { warnOfPodTemplate } from '../pod-template.ts';
import { pods } from './pods.ts';

function warnings(spec: object, metadata: object = {}): readonly string[] {
  const named = { name: 'web', namespace: 'd', ...metadata };
  const pod = { kind: 'Pod', apiVersion: 'v1', metadata: named, spec: { containers: [main], ...spec } };
  return pods.warn!(made(pods, pod), null);
}

const main = { name: 'c', image: 'i' };

t.test('a pod is warned of in the words of the real server', async (t) => {
  for (const [spec, expected] of [
    [{}, []],
    [
      { nodeSelector: { 'beta.kubernetes.io/os': 'linux' } },
      ['spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead'],
    ],
    [
      { volumes: [{ name: 'v', gitRepo: { repository: 'r' } }] },
      ['spec.volumes[0].gitRepo: deprecated in v1.11'],
    ],
    [
      {
        containers: [
          {
            ...main,
            env: [
              { name: 'A', value: '1' },
              { name: 'A', value: '$(A)2' },
              { name: 'A', value: '3' },
            ],
          },
        ],
      },
      ['spec.containers[0].env[2]: hides previous definition of "A", which may be dropped when using apply'],
    ],
    [
      {
        containers: [
          {
            ...main,
            ports: [{ containerPort: 80 }, { containerPort: 80, hostPort: 8 }, { containerPort: 80 }],
          },
        ],
      },
      [
        'spec.containers[0].ports[1]: overlapping port definition with spec.containers[0].ports[0]',
        'spec.containers[0].ports[2]: duplicate port definition with spec.containers[0].ports[0]',
        'spec.containers[0].ports[2]: overlapping port definition with spec.containers[0].ports[1]',
      ],
    ],
    [
      {
        ...{ terminationGracePeriodSeconds: -1, nodeSelector: { 'beta.kubernetes.io/os': 'linux' } },
        affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'z' }] } },
      },
      [
        'spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead',
        'spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1',
        'spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].labelSelector: a null labelSelector results in matching no pod',
      ],
    ],
    [
      { containers: [{ ...main, resources: { requests: { memory: '100m' } } }] },
      [
        'spec.containers[0].resources.requests[memory]: fractional byte value "100m" is invalid, must be an integer',
      ],
    ],
    [
      {
        volumes: [
          {
            name: 'v',
            projected: {
              sources: [
                { serviceAccountToken: { path: 'token' } },
                { configMap: { name: 'm', items: [{ key: 'k', path: 'token' }] } },
              ],
            },
          },
        ],
      },
      [
        'spec.volumes[0].projected.sources.configMap[0]: has duplicated path with ServiceAccountToken "token"',
      ],
    ],
    [
      { imagePullSecrets: [{ name: 's' }, { name: 's' }, {}] },
      [
        'spec.imagePullSecrets[1].name: duplicate name "s"',
        'spec.imagePullSecrets[2].name: invalid empty name ""',
      ],
    ],
    [
      { terminationGracePeriodSeconds: -1 },
      [
        'spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1',
      ],
    ],
    [
      {
        topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' }],
      },
      ['spec.topologySpreadConstraints[0].labelSelector: a null labelSelector results in matching no pod'],
    ],
  ] as const) {
    t.same(warnings(spec), expected, JSON.stringify(spec));
  }
});

t.test('a pod is warned of its name and its annotations', async (t) => {
  t.match(warnings({}, { name: 'a.b' }), [
    /^metadata\.name: this is used in the Pod's hostname, .*a DNS label is recommended: \[must not contain dots\]$/,
  ]);
  t.same(warnings({}, { annotations: { 'seccomp.security.alpha.kubernetes.io/pod': 'unconfined' } }), [
    'metadata.annotations[seccomp.security.alpha.kubernetes.io/pod]: non-functional in v1.27+; use the "seccompProfile" field instead',
  ]);
});

t.test('a template is warned of at its own place', async (t) => {
  const key = 'container.apparmor.security.beta.kubernetes.io/c';
  const template = {
    metadata: { annotations: { [key]: 'unconfined' } },
    spec: { containers: [main], nodeSelector: { 'node-role.kubernetes.io/master': '' } },
  };
  t.same(warnOfPodTemplate(template as JsonObject, 'spec.template'), [
    'spec.template.spec.nodeSelector[node-role.kubernetes.io/master]: use "node-role.kubernetes.io/control-plane" instead',
    `spec.template.metadata.annotations[${key}]: deprecated since v1.30; use the "appArmorProfile" field instead`,
  ]);
});

t.test('an update of a pod is not warned of', async (t) => {
  const pod = made(pods, {
    ...{ kind: 'Pod', apiVersion: 'v1', metadata: { name: 'a.b', namespace: 'd' } },
    spec: { containers: [main] },
  });
  t.same(pods.warn!(pod, pod), []);
});
