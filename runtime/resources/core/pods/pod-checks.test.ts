/** What is said of pods that are wrong, part by part. */
import t from 'tap';
import { refusals } from '../../testing/written.ts';
import { pods } from './pods.ts';

type Cases = readonly (readonly [spec: object, expected: readonly string[]])[];

function test(name: string, cases: Cases): void {
  t.test(name, async (t) => {
    for (const [spec, expected] of cases) {
      const metadata = { name: 'web', namespace: 'd' };
      const pod = { kind: 'Pod', apiVersion: 'v1', metadata, spec: { containers: [main], ...spec } };
      t.same(refusals(pods, pod), expected, JSON.stringify(spec).slice(0, 200));
    }
  });
}

const main = { name: 'c', image: 'i' };
const at = 'spec.containers[0]';
const withContainer = (fields: object): object => ({ containers: [{ ...main, ...fields }] });

test('containers', [
  [{}, []],
  [{ containers: [] }, ['spec.containers: Required value']],
  [{ containers: [{ name: 'c' }] }, [`${at}.image: Required value`]],
  [{ containers: [{ image: 'i' }] }, [`${at}.name: Required value`]],
  [
    withContainer({ image: ' i' }),
    [`${at}.image: Invalid value: " i": must not have leading or trailing whitespace`],
  ],
  [{ containers: [main, main] }, ['spec.containers[1].name: Duplicate value: "c"']],
  [
    withContainer({ name: 'C' }),
    [
      `${at}.name: Invalid value: "C": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')`,
    ],
  ],
  [
    withContainer({ imagePullPolicy: 'Often' }),
    [
      `${at}.imagePullPolicy: Unsupported value: "Often": supported values: "Always", "IfNotPresent", "Never"`,
    ],
  ],
  [
    withContainer({ terminationMessagePolicy: 'x' }),
    [
      `${at}.terminationMessagePolicy: Unsupported value: "x": supported values: "File", "FallbackToLogsOnError"`,
    ],
  ],
  [
    withContainer({ restartPolicy: 'Always' }),
    [`${at}.restartPolicy: Forbidden: may not be set for non-init containers`],
  ],
]);

test('containers that start first', [
  [
    {
      initContainers: [
        { ...main, name: 'i', restartPolicy: 'Always', startupProbe: { exec: { command: ['x'] } } },
      ],
    },
    [],
  ],
  [{ initContainers: [main] }, ['spec.initContainers[0].name: Duplicate value: "c"']],
  [
    { initContainers: [{ name: 'i', image: 'i', restartPolicy: 'Never' }] },
    ['spec.initContainers[0].restartPolicy: Unsupported value: "Never": supported values: "Always"'],
  ],
  [
    { initContainers: [{ name: 'i', image: 'i', livenessProbe: { exec: { command: ['x'] } } }] },
    [
      'spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
    ],
  ],
]);

test('ports', [
  [withContainer({ ports: [{ containerPort: 80, name: 'http' }, { containerPort: 81 }] }), []],
  [withContainer({ ports: [{}] }), [`${at}.ports[0].containerPort: Required value`]],
  [
    withContainer({ ports: [{ containerPort: 70000 }] }),
    [`${at}.ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive`],
  ],
  [
    withContainer({
      ports: [
        { containerPort: 1, name: 'a' },
        { containerPort: 2, name: 'a' },
      ],
    }),
    [`${at}.ports[1].name: Duplicate value: "a"`],
  ],
  [
    withContainer({ ports: [{ containerPort: 1, protocol: 'X' }] }),
    [`${at}.ports[0].protocol: Unsupported value: "X": supported values: "SCTP", "TCP", "UDP"`],
  ],
  [
    withContainer({
      ports: [
        { containerPort: 1, hostPort: 8 },
        { containerPort: 2, hostPort: 8 },
      ],
    }),
    [`${at}.ports[1].hostPort: Duplicate value: "TCP//8"`],
  ],
  [
    { hostNetwork: true, ...withContainer({ ports: [{ containerPort: 1, hostPort: 2 }] }) },
    [`${at}.ports[0].hostPort: Invalid value: 2: must match \`containerPort\` when \`hostNetwork\` is true`],
  ],
]);

test('variables', [
  [withContainer({ env: [{ name: '1.A b', value: 'x' }] }), []],
  [withContainer({ env: [{ value: 'x' }] }), [`${at}.env[0].name: Required value`]],
  [
    withContainer({ env: [{ name: 'A=', value: 'x' }] }),
    [
      `${at}.env[0].name: Invalid value: "A=": a valid environment variable name must consist only of printable ASCII characters other than '='`,
    ],
  ],
  [
    withContainer({ env: [{ name: 'A', valueFrom: {} }] }),
    [
      `${at}.env[0].valueFrom: Invalid value: "": must specify one of: \`fieldRef\`, \`resourceFieldRef\`, \`configMapKeyRef\` or \`secretKeyRef\``,
    ],
  ],
  [
    withContainer({
      env: [{ name: 'A', value: 'x', valueFrom: { configMapKeyRef: { name: 'm', key: 'k' } } }],
    }),
    [`${at}.env[0].valueFrom: Invalid value: "": may not be specified when \`value\` is not empty`],
  ],
  [
    withContainer({ env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'spec.odd' } } }] }),
    [
      `${at}.env[0].valueFrom.fieldRef.fieldPath: Invalid value: "spec.odd": error converting fieldPath: field label not supported: spec.odd`,
    ],
  ],
  [
    withContainer({ env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.labels' } } }] }),
    [
      `${at}.env[0].valueFrom.fieldRef.fieldPath: Unsupported value: "metadata.labels": supported values: "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"`,
    ],
  ],
  [
    withContainer({ env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: "metadata.labels['a/b']" } } }] }),
    [],
  ],
  [
    withContainer({
      env: [{ name: 'A', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '2' } } }],
    }),
    [
      `${at}.env[0].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.cpu": only divisor's values 1m and 1 are supported with the cpu resource`,
    ],
  ],
  [
    withContainer({ envFrom: [{}] }),
    [`${at}.envFrom: Invalid value: "": must specify one of: \`configMapRef\` or \`secretRef\``],
  ],
  [withContainer({ envFrom: [{ secretRef: {} }] }), [`${at}.envFrom[0].secretRef.name: Required value`]],
]);

test('resources', [
  [withContainer({ resources: { limits: { cpu: '1', 'example.com/gpu': '2' } } }), []],
  [
    withContainer({ resources: { limits: { cpu: '1' }, requests: { cpu: '2' } } }),
    [`${at}.resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1`],
  ],
  [
    withContainer({
      resources: { limits: { 'example.com/gpu': '2' }, requests: { 'example.com/gpu': '1' } },
    }),
    [`${at}.resources.requests: Invalid value: "1": must be equal to example.com/gpu limit of 2`],
  ],
  [
    withContainer({ resources: { requests: { 'example.com/gpu': '1' } } }),
    [`${at}.resources.limits: Required value: Limit must be set for non overcommitable resources`],
  ],
  [
    withContainer({ resources: { requests: { memory: '-1' } } }),
    [`${at}.resources.requests[memory]: Invalid value: "-1": must be greater than or equal to 0`],
  ],
  [
    withContainer({ resources: { limits: { 'hugepages-2Mi': '4Mi' } } }),
    [`${at}.resources: Forbidden: HugePages require cpu or memory`],
  ],
  [
    withContainer({ resources: { limits: { cpu: '1', 'hugepages-2Mi': '3Mi' } } }),
    // Go looks at limits, then at the requests that they became.
    ['limits', 'requests'].map(
      (list) =>
        `${at}.resources.${list}[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi`,
    ),
  ],
  [
    withContainer({ resources: { requests: { pods: '1' } } }),
    [`${at}.resources.requests[pods]: Invalid value: "pods": must be a standard resource for containers`],
  ],
]);

test('probes and hooks', [
  [withContainer({ livenessProbe: { tcpSocket: { port: 'http' } } }), []],
  [
    withContainer({ livenessProbe: {} }),
    [`${at}.livenessProbe: Required value: must specify a handler type`],
  ],
  [
    withContainer({ livenessProbe: { tcpSocket: { port: 0 } } }),
    [`${at}.livenessProbe.tcpSocket.port: Invalid value: 0: must be between 1 and 65535, inclusive`],
  ],
  [
    withContainer({ livenessProbe: { exec: { command: ['a'] }, grpc: { port: 1 } } }),
    [`${at}.livenessProbe.grpc: Forbidden: may not specify more than 1 handler type`],
  ],
  [
    withContainer({ startupProbe: { exec: { command: ['a'] }, successThreshold: 2 } }),
    [`${at}.startupProbe.successThreshold: Invalid value: 2: must be 1`],
  ],
  [
    withContainer({
      readinessProbe: { exec: {}, initialDelaySeconds: -1, terminationGracePeriodSeconds: 3 },
    }),
    [
      `${at}.readinessProbe.exec.command: Required value`,
      `${at}.readinessProbe.initialDelaySeconds: Invalid value: -1: must be greater than or equal to 0`,
      `${at}.readinessProbe.terminationGracePeriodSeconds: Invalid value: 3: must not be set for readinessProbes`,
    ],
  ],
  [
    withContainer({ lifecycle: { preStop: { sleep: { seconds: 31 } } } }),
    [
      `${at}.lifecycle.preStop.sleep: Invalid value: 31: must be greater than 0 and less than terminationGracePeriodSeconds (30). Enable AllowPodLifecycleSleepActionZeroValue feature gate for zero sleep.`,
    ],
  ],
]);

test('volumes', [
  [{ volumes: [{ name: 'v', emptyDir: {} }] }, []],
  [{ volumes: [{ emptyDir: {} }] }, ['spec.volumes[0].name: Required value']],
  [
    {
      volumes: [
        { name: 'v', emptyDir: {} },
        { name: 'v', emptyDir: {} },
      ],
    },
    ['spec.volumes[1].name: Duplicate value: "v"'],
  ],
  [
    { volumes: [{ name: 'v', emptyDir: {}, hostPath: { path: '/' } }] },
    ['spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type'],
  ],
  [
    { volumes: [{ name: 'v', image: { reference: 'i' } }] },
    ['spec.volumes[0]: Required value: must specify a volume type'],
  ],
  [{ volumes: [{ name: 'v', secret: {} }] }, ['spec.volumes[0].secret.secretName: Required value']],
  [
    { volumes: [{ name: 'v', configMap: { name: 'm', defaultMode: 512 } }] },
    [
      'spec.volumes[0].configMap.defaultMode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive',
    ],
  ],
  [
    { volumes: [{ name: 'v', configMap: { name: 'm', items: [{ key: 'k', path: '../x' }] } }] },
    ['spec.volumes[0].configMap.items[0].path: Invalid value: "../x": must not contain \'..\''],
  ],
  [
    { volumes: [{ name: 'v', hostPath: { path: '/a/../b', type: 'Odd' } }] },
    [
      'spec.volumes[0].hostPath.path: Invalid value: "/a/../b": must not contain \'..\'',
      'spec.volumes[0].hostPath.type: Unsupported value: "Odd": supported values: "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"',
    ],
  ],
  [
    { volumes: [{ name: 'v', nfs: { server: 's', path: 'p' } }] },
    ['spec.volumes[0].nfs.path: Invalid value: "p": must be an absolute path'],
  ],
  [
    {
      serviceAccountName: 's',
      volumes: [
        { name: 'v', projected: { sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 5 } }] } },
      ],
    },
    [
      'spec.volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 5: may not specify a duration less than 10 minutes',
    ],
  ],
  [
    { volumes: [{ name: 'v', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } }] },
    [
      'spec.volumes[0].projected.sources[0].serviceAccountToken: Forbidden: must not be specified when serviceAccountName is not set',
    ],
  ],
  [
    { volumes: [{ name: 'v', downwardAPI: { items: [{ path: 'l' }] } }] },
    ['spec.volumes[0].downwardAPI: Required value: one of fieldRef and resourceFieldRef is required'],
  ],
  [
    {
      volumes: [
        { name: 'v', ephemeral: { volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'] } } } },
      ],
    },
    ['spec.volumes[0].ephemeral.volumeClaimTemplate.spec.resources[storage]: Required value'],
  ],
  [{ volumes: [{ name: 'v', csi: { driver: 'A.example.com' } }] }, []],
]);

test('mounts', [
  [
    {
      volumes: [{ name: 'v', emptyDir: {} }],
      ...withContainer({ volumeMounts: [{ name: 'v', mountPath: '/v' }] }),
    },
    [],
  ],
  [
    withContainer({ volumeMounts: [{ name: 'x', mountPath: '/x' }] }),
    [`${at}.volumeMounts[0].name: Not found: "x"`],
  ],
  [
    {
      volumes: [{ name: 'v', emptyDir: {} }],
      ...withContainer({
        volumeMounts: [
          { name: 'v', mountPath: '/v' },
          { name: 'v', mountPath: '/v', mountPropagation: 'Bidirectional' },
        ],
      }),
    },
    [
      `${at}.volumeMounts[1].mountPath: Invalid value: "/v": must be unique`,
      `${at}.volumeMounts.mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers`,
    ],
  ],
  [
    {
      volumes: [{ name: 'v', emptyDir: {} }],
      ...withContainer({ volumeDevices: [{ name: 'v', devicePath: '/dev/v' }] }),
    },
    [
      `${at}.volumeDevices[0].name: Invalid value: "v": can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode`,
    ],
  ],
]);

test('security', [
  [{ securityContext: { runAsUser: 0, fsGroup: 10, seccompProfile: { type: 'RuntimeDefault' } } }, []],
  [
    { securityContext: { runAsUser: -1 } },
    ['spec.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive'],
  ],
  [
    { securityContext: { seccompProfile: { type: 'Localhost' } } },
    [
      'spec.securityContext.seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost',
    ],
  ],
  [
    { securityContext: { appArmorProfile: { type: 'Odd' } } },
    [
      'spec.securityContext.appArmorProfile.type: Unsupported value: "Odd": supported values: "Localhost", "RuntimeDefault", "Unconfined"',
    ],
  ],
  [
    { hostNetwork: true, securityContext: { sysctls: [{ name: 'net.ipv4.tcp_syncookies', value: '1' }] } },
    [
      'spec.securityContext.sysctls[0].name: Invalid value: "net.ipv4.tcp_syncookies": may not be specified when \'hostNetwork\' is true',
    ],
  ],
  [
    { os: { name: 'linux' }, securityContext: { windowsOptions: {} } },
    ['spec.securityContext.windowsOptions: Forbidden: windows options cannot be set for a linux pod'],
  ],
  [
    { os: { name: 'windows' }, hostPID: true, securityContext: { runAsUser: 1 } },
    [
      'spec.hostPID: Forbidden: cannot be set for a windows pod',
      'spec.securityContext.runAsUser: Forbidden: cannot be set for a windows pod',
    ],
  ],
  [{ os: { name: 'plan9' } }, ['spec.os: Unsupported value: "plan9": supported values: "linux", "windows"']],
]);

const requiredNodes = (term: object): object => ({
  affinity: {
    nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } },
  },
});
const terms =
  'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0]';

test('where a pod runs', [
  [requiredNodes({ matchExpressions: [{ key: 'zone', operator: 'In', values: ['a'] }] }), []],
  [
    requiredNodes({ matchExpressions: [{ key: 'zone', operator: 'Gt', values: ['1', '2'] }] }),
    [
      `${terms}.matchExpressions[0].values: Required value: must be specified single value when \`operator\` is 'Lt' or 'Gt'`,
    ],
  ],
  [
    requiredNodes({ matchFields: [{ key: 'spec.x', operator: 'In', values: ['a'] }] }),
    [`${terms}.matchFields[0].key: Invalid value: "spec.x": not a valid field selector key`],
  ],
  [
    { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: '' }] } } },
    [
      'spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Required value: can not be empty',
      'spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Invalid value: "": name part must be non-empty',
      "spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Invalid value: \"\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    ],
  ],
  [
    { topologySpreadConstraints: [{ maxSkew: 0, topologyKey: 'zone', whenUnsatisfiable: 'Odd' }] },
    [
      'spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero',
      'spec.topologySpreadConstraints[0].whenUnsatisfiable: Unsupported value: "Odd": supported values: "DoNotSchedule", "ScheduleAnyway"',
    ],
  ],
  [
    {
      topologySpreadConstraints: [
        { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway', minDomains: 2 },
        { maxSkew: 2, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway' },
      ],
    },
    [
      'spec.topologySpreadConstraints[0].{topologyKey, whenUnsatisfiable}: Duplicate value: "{zone, ScheduleAnyway}"',
      'spec.topologySpreadConstraints[0].minDomains: Invalid value: 2: can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway',
    ],
  ],
  [{ tolerations: [{ operator: 'Exists' }, { key: 'a', operator: 'Equal', value: 'b' }] }, []],
  [
    { tolerations: [{ operator: 'Equal' }] },
    [
      'spec.tolerations[0].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, which means "match all values and all keys"',
    ],
  ],
  [
    { tolerations: [{ key: 'a', operator: 'Exists', tolerationSeconds: 3 }] },
    [
      'spec.tolerations[0].effect: Invalid value: "": effect must be \'NoExecute\' when `tolerationSeconds` is set',
    ],
  ],
  [{ schedulingGates: [{ name: 'g' }, { name: 'g' }] }, ['spec.schedulingGates[1]: Duplicate value: "g"']],
]);

test('the rest', [
  [
    { restartPolicy: 'Sometimes' },
    ['spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"'],
  ],
  [
    { dnsPolicy: 'Odd' },
    [
      'spec.dnsPolicy: Unsupported value: "Odd": supported values: "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"',
    ],
  ],
  [
    { dnsPolicy: 'None' },
    ['spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None'],
  ],
  [
    { dnsPolicy: 'None', dnsConfig: { nameservers: ['1.1.1.1', 'x'] } },
    [
      'spec.dnsConfig.nameservers[1]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    ],
  ],
  [{ hostAliases: [{ ip: '10.0.0.1', hostnames: ['a.example'] }] }, []],
  [
    { activeDeadlineSeconds: 0 },
    ['spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive'],
  ],
  [
    { overhead: { odd: '1' } },
    [
      'spec.overhead.limits[odd]: Invalid value: "odd": must be a standard resource type or fully qualified',
      'spec.overhead.limits[odd]: Invalid value: "odd": must be a standard resource for containers',
    ],
  ],
]);
