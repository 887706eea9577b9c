/** The kinds whose operations upstream's tests go through, each with what one of it may look like. */
import type { Json } from './open-cluster.ts';

export interface OperatedKind {
  /** Before the resource's name: `/api/v1`, `/apis/GROUP/VERSION`. */
  readonly root: string;
  readonly resource: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** All but name and labels. */
  readonly body: (name: string) => Json;
  /** Made of the label instead of the given name, where the name is not free. */
  readonly nameOf?: (name: string) => string;
  /** What the status may become; absent where there is none, or where others write it at once. */
  readonly status?: Json;
  /** Who writes the status cannot write labels and annotations with it. */
  readonly statusKeepsMetadata?: boolean;
  /** Subresources that discovery has to name. */
  readonly subresources?: readonly string[];
}

const labels = { app: 'conformance' };
const container = { name: 'c', image: 'registry.example/app:1' };
const template = { metadata: { labels }, spec: { containers: [container] } };
const workload = { selector: { matchLabels: labels }, template };
const condition = { type: 'StatusUpdate', status: 'True', reason: 'E2E', message: 'Set by a test' };
const timedCondition = { ...condition, lastTransitionTime: '2024-05-01T10:00:00Z' };
const webhook = {
  ...{ name: 'deny.example.com', sideEffects: 'None', admissionReviewVersions: ['v1'] },
  clientConfig: { url: 'https://127.0.0.1:9/deny' },
  rules: [
    { apiGroups: ['none.example.com'], apiVersions: ['v1'], resources: ['nothings'], operations: ['*'] },
  ],
};

const namespaced = true;
const clusterWide = { namespaced: false };

const core: readonly OperatedKind[] = [
  { resource: 'configmaps', kind: 'ConfigMap', namespaced, body: () => ({ data: { key: 'value' } }) },
  { resource: 'secrets', kind: 'Secret', namespaced, body: () => ({ data: { key: 'dmFsdWU=' } }) },
  {
    resource: 'serviceaccounts',
    kind: 'ServiceAccount',
    namespaced,
    body: () => ({}),
    subresources: ['token'],
  },
  { resource: 'podtemplates', kind: 'PodTemplate', namespaced, body: () => ({ template }) },
  {
    ...{ resource: 'limitranges', kind: 'LimitRange', namespaced },
    body: () => ({ spec: { limits: [{ type: 'Container', max: { cpu: '2' } }] } }),
  },
  {
    ...{ resource: 'resourcequotas', kind: 'ResourceQuota', namespaced, subresources: ['status'] },
    body: () => ({ spec: { hard: { cpu: '500m', memory: '500Mi' } } }),
  },
  {
    ...{ resource: 'endpoints', kind: 'Endpoints', namespaced },
    body: () => ({ subsets: [{ addresses: [{ ip: '10.0.0.24' }], ports: [{ name: 'http', port: 80 }] }] }),
  },
  {
    ...{ resource: 'events', kind: 'Event', namespaced },
    body: () => ({
      involvedObject: { namespace: 'conformance' },
      reason: 'Test',
      message: 'one',
      type: 'Normal',
    }),
  },
  {
    ...{ resource: 'services', kind: 'Service', namespaced, subresources: ['proxy', 'status'] },
    body: () => ({
      spec: { type: 'LoadBalancer', ports: [{ name: 'http', port: 80, targetPort: 80 }], selector: labels },
    }),
    status: {
      loadBalancer: { ingress: [{ ip: '203.0.113.1', ipMode: 'VIP' }] },
      conditions: [timedCondition],
    },
  },
  {
    ...{
      resource: 'pods',
      kind: 'Pod',
      namespaced,
      subresources: ['status', 'binding', 'eviction', 'log', 'exec'],
    },
    body: () => ({ spec: { containers: [container] } }),
    status: { conditions: [{ ...timedCondition, lastProbeTime: null }] },
  },
  {
    ...{ resource: 'replicationcontrollers', kind: 'ReplicationController', namespaced },
    ...{ subresources: ['scale', 'status'], status: { conditions: [timedCondition] } },
    body: () => ({ spec: { replicas: 1, selector: labels, template } }),
  },
  {
    ...{
      resource: 'persistentvolumeclaims',
      kind: 'PersistentVolumeClaim',
      namespaced,
      subresources: ['status'],
    },
    status: { conditions: [timedCondition] },
    body: () => ({ spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } }),
  },
  {
    ...{ resource: 'persistentvolumes', kind: 'PersistentVolume', ...clusterWide, subresources: ['status'] },
    status: { message: 'StatusPatched', reason: 'E2E patchStatus' },
    body: () => ({
      spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/tmp/pv' } },
    }),
  },
  {
    ...{ resource: 'namespaces', kind: 'Namespace', ...clusterWide, subresources: ['status', 'finalize'] },
    status: { conditions: [timedCondition] },
    body: () => ({}),
  },
  {
    ...{ resource: 'nodes', kind: 'Node', ...clusterWide, subresources: ['status', 'proxy'] },
    body: () => ({ spec: { unschedulable: true } }),
  },
].map((kind) => ({ root: '/api/v1', ...kind }));

const apps: readonly OperatedKind[] = [
  {
    ...{ resource: 'controllerrevisions', kind: 'ControllerRevision' },
    body: () => ({ revision: 1, data: { spec: { template } } }),
  },
  {
    ...{ resource: 'daemonsets', kind: 'DaemonSet', subresources: ['status'] },
    body: () => ({ spec: workload }),
    status: { conditions: [timedCondition] },
  },
  {
    ...{ resource: 'deployments', kind: 'Deployment', subresources: ['scale', 'status'] },
    body: () => ({ spec: workload }),
    status: { conditions: [{ ...timedCondition, lastUpdateTime: '2024-05-01T10:00:00Z' }] },
  },
  {
    ...{ resource: 'replicasets', kind: 'ReplicaSet', subresources: ['scale', 'status'] },
    body: () => ({ spec: workload }),
    status: { conditions: [timedCondition] },
  },
  {
    ...{ resource: 'statefulsets', kind: 'StatefulSet', subresources: ['scale', 'status'] },
    body: () => ({ spec: { ...workload, serviceName: 'web' } }),
    status: { conditions: [timedCondition] },
  },
].map((kind) => ({ root: '/apis/apps/v1', namespaced, ...kind }));

const jobTemplate = { spec: { containers: [container], restartPolicy: 'OnFailure' } };
const jobStatus = {
  startTime: '2024-05-01T10:00:00Z',
  conditions: [{ ...timedCondition, lastProbeTime: '2024-05-01T10:00:00Z' }],
};

const others: readonly OperatedKind[] = [
  {
    ...{
      root: '/apis/batch/v1',
      resource: 'cronjobs',
      kind: 'CronJob',
      namespaced,
      subresources: ['status'],
    },
    body: () => ({ spec: { schedule: '*/5 * * * ?', jobTemplate: { spec: { template: jobTemplate } } } }),
    status: { lastScheduleTime: '2024-05-01T10:00:00Z', lastSuccessfulTime: '2024-05-01T10:00:10Z' },
  },
  {
    ...{ root: '/apis/batch/v1', resource: 'jobs', kind: 'Job', namespaced, subresources: ['status'] },
    body: () => ({ spec: { suspend: false, parallelism: 2, completions: 4, template: jobTemplate } }),
    status: jobStatus,
  },
  {
    ...{ root: '/apis/events.k8s.io/v1', resource: 'events', kind: 'Event', namespaced },
    body: () => ({
      ...{
        eventTime: '2024-05-01T10:00:00.000000Z',
        action: 'Do',
        reason: 'Test',
        type: 'Normal',
        note: 'one',
      },
      ...{ reportingController: 'test-controller', reportingInstance: 'test-node' },
      regarding: { namespace: 'conformance', kind: 'Pod', name: 'p' },
    }),
  },
  {
    ...{ root: '/apis/policy/v1', resource: 'poddisruptionbudgets', kind: 'PodDisruptionBudget', namespaced },
    ...{
      subresources: ['status'],
      body: () => ({ spec: { minAvailable: 2, selector: { matchLabels: labels } } }),
    },
    status: {
      ...{ observedGeneration: 1, currentHealthy: 3, desiredHealthy: 2, expectedPods: 3 },
      disruptionsAllowed: 1,
    },
  },
  {
    ...{
      root: '/apis/autoscaling/v2',
      resource: 'horizontalpodautoscalers',
      kind: 'HorizontalPodAutoscaler',
    },
    ...{ namespaced, subresources: ['status'], status: { currentReplicas: 2, desiredReplicas: 3 } },
    body: () => ({
      spec: {
        ...{ maxReplicas: 3, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' } },
        metrics: [
          {
            type: 'Resource',
            resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
          },
        ],
      },
    }),
  },
  {
    ...{ root: '/apis/discovery.k8s.io/v1', resource: 'endpointslices', kind: 'EndpointSlice', namespaced },
    body: () => ({
      ...{ addressType: 'IPv4', ports: [{ name: 'http', port: 80, protocol: 'TCP' }] },
      endpoints: [{ addresses: ['10.1.2.3'], conditions: { ready: true } }],
    }),
  },
  {
    ...{ root: '/apis/networking.k8s.io/v1', resource: 'ingresses', kind: 'Ingress', namespaced },
    ...{ subresources: ['status'], status: { loadBalancer: { ingress: [{ ip: '169.1.1.1' }] } } },
    body: () => ({ spec: { defaultBackend: { service: { name: 'web', port: { number: 80 } } } } }),
  },
  {
    ...{
      root: '/apis/networking.k8s.io/v1',
      resource: 'ingressclasses',
      kind: 'IngressClass',
      ...clusterWide,
    },
    body: () => ({ spec: { controller: 'example.com/controller' } }),
  },
  {
    ...{ root: '/apis/networking.k8s.io/v1', resource: 'networkpolicies', kind: 'NetworkPolicy', namespaced },
    body: () => ({ spec: { podSelector: { matchLabels: labels }, ingress: [{ ports: [{ port: 80 }] }] } }),
  },
  {
    ...{ root: '/apis/coordination.k8s.io/v1', resource: 'leases', kind: 'Lease', namespaced },
    body: () => ({
      spec: { holderIdentity: 'me', leaseDurationSeconds: 30, renewTime: '2024-05-01T10:00:00.000000Z' },
    }),
  },
  {
    ...{ root: '/apis/node.k8s.io/v1', resource: 'runtimeclasses', kind: 'RuntimeClass', ...clusterWide },
    body: () => ({ handler: 'runc' }),
  },
  {
    ...{
      root: '/apis/scheduling.k8s.io/v1',
      resource: 'priorityclasses',
      kind: 'PriorityClass',
      ...clusterWide,
    },
    body: () => ({ value: 5 }),
  },
  {
    ...{ root: '/apis/storage.k8s.io/v1', resource: 'csidrivers', kind: 'CSIDriver', ...clusterWide },
    body: () => ({ spec: { attachRequired: false } }),
  },
  {
    ...{ root: '/apis/storage.k8s.io/v1', resource: 'csinodes', kind: 'CSINode', ...clusterWide },
    body: () => ({
      spec: { drivers: [{ name: 'driver.example.com', nodeID: 'n1', topologyKeys: ['zone'] }] },
    }),
  },
  {
    ...{
      root: '/apis/storage.k8s.io/v1',
      resource: 'csistoragecapacities',
      kind: 'CSIStorageCapacity',
      namespaced,
    },
    body: () => ({ storageClassName: 'fast', capacity: '256Gi' }),
  },
  {
    ...{ root: '/apis/storage.k8s.io/v1', resource: 'storageclasses', kind: 'StorageClass', ...clusterWide },
    body: () => ({ provisioner: 'example.com/disk', reclaimPolicy: 'Delete' }),
  },
  {
    ...{
      root: '/apis/storage.k8s.io/v1',
      resource: 'volumeattachments',
      kind: 'VolumeAttachment',
      ...clusterWide,
      statusKeepsMetadata: true,
    },
    ...{ subresources: ['status'], status: { attached: true } },
    body: () => ({
      spec: { attacher: 'example.com', nodeName: 'n1', source: { persistentVolumeName: 'pv' } },
    }),
  },
  {
    ...{ root: '/apis/rbac.authorization.k8s.io/v1', resource: 'roles', kind: 'Role', namespaced },
    body: () => ({ rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] }),
  },
  {
    ...{
      root: '/apis/rbac.authorization.k8s.io/v1',
      resource: 'rolebindings',
      kind: 'RoleBinding',
      namespaced,
    },
    body: () => ({
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'none' },
      subjects: [{ kind: 'ServiceAccount', name: 'none' }],
    }),
  },
  {
    ...{
      root: '/apis/rbac.authorization.k8s.io/v1',
      resource: 'clusterroles',
      kind: 'ClusterRole',
      ...clusterWide,
    },
    body: () => ({ rules: [{ nonResourceURLs: ['/healthz'], verbs: ['get'] }] }),
  },
  {
    ...{
      root: '/apis/rbac.authorization.k8s.io/v1',
      resource: 'clusterrolebindings',
      kind: 'ClusterRoleBinding',
    },
    ...clusterWide,
    body: () => ({
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'none' },
      subjects: [{ kind: 'User', name: 'nobody' }],
    }),
  },
];

/** In PEM and base64: a key of its own, which nobody has kept, and the name `e2e-example`. */
const request =
  'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIUk1IZ0NBUUF3RmpFVU1CSUdBMVVFQXd3TFpUSmxMV1Y0WVcxd2JHVXdXVEFUQmdjcWhrak9QUUlCQmdncQpoa2pPUFFNQkJ3TkNBQVFrWUFjUHNBVkZaWlZjUVN4bVh4bXd4YVBaTmVMSUNGSVU1QlFUbStjZFp6RGNxQXZLCnRlY29OK1kxRDVsL0V6dGw4YkliblVGU2ZhZ2JmRDBRY3VIMm9BQXdDZ1lJS29aSXpqMEVBd0lEU1FBd1JnSWgKQUxQMW1BVUdkM3M5Rm5UMFFxRVBqeUFqSXZLTjJrd3BYd3E1Q29pakFVbTlBaUVBbDRtdFczZ1FPd0F0bTUrUQpNN2F2VHJObVV6cmRGbUFsNU5jSldMT0prWHM9Ci0tLS0tRU5EIENFUlRJRklDQVRFIFJFUVVFU1QtLS0tLQo=';

const extension: readonly OperatedKind[] = [
  {
    ...{ root: '/apis/certificates.k8s.io/v1', resource: 'certificatesigningrequests' },
    ...{ kind: 'CertificateSigningRequest', subresources: ['status', 'approval'] },
    body: () => ({ spec: { request, signerName: 'example.com/e2e', usages: ['digital signature'] } }),
    status: {
      conditions: [{ ...timedCondition, type: 'StatusUpdate', lastUpdateTime: '2024-05-01T10:00:00Z' }],
    },
  },
  {
    ...{
      root: '/apis/flowcontrol.apiserver.k8s.io/v1',
      resource: 'flowschemas',
      kind: 'FlowSchema',
      statusKeepsMetadata: true,
    },
    ...{ subresources: ['status'], status: { conditions: [{ ...timedCondition, type: 'Dangling' }] } },
    body: () => ({
      spec: {
        ...{ matchingPrecedence: 10_000, priorityLevelConfiguration: { name: 'global-default' } },
        distinguisherMethod: { type: 'ByUser' },
        rules: [
          {
            subjects: [{ kind: 'User', user: { name: 'example-e2e-non-existent-user' } }],
            nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
          },
        ],
      },
    }),
  },
  {
    root: '/apis/flowcontrol.apiserver.k8s.io/v1',
    ...{
      resource: 'prioritylevelconfigurations',
      kind: 'PriorityLevelConfiguration',
      subresources: ['status'],
      statusKeepsMetadata: true,
    },
    status: { conditions: [{ ...timedCondition, type: 'Other' }] },
    body: () => ({
      spec: { type: 'Limited', limited: { nominalConcurrencyShares: 2, limitResponse: { type: 'Reject' } } },
    }),
  },
  {
    ...{
      root: '/apis/admissionregistration.k8s.io/v1',
      resource: 'validatingadmissionpolicies',
      statusKeepsMetadata: true,
    },
    ...{
      kind: 'ValidatingAdmissionPolicy',
      subresources: ['status'],
      status: { conditions: [timedCondition] },
    },
    body: () => ({
      spec: {
        failurePolicy: 'Ignore',
        matchConstraints: {
          resourceRules: [
            {
              operations: ['*'],
              apiGroups: ['none.example.com'],
              apiVersions: ['v1'],
              resources: ['things'],
            },
          ],
        },
        validations: [
          { expression: 'object.spec.replicas <= 100', messageExpression: '"many"', reason: 'Invalid' },
        ],
      },
    }),
  },
  {
    ...{ root: '/apis/admissionregistration.k8s.io/v1', resource: 'validatingadmissionpolicybindings' },
    kind: 'ValidatingAdmissionPolicyBinding',
    body: () => ({ spec: { policyName: 'none', validationActions: ['Deny'] } }),
  },
  {
    ...{ root: '/apis/admissionregistration.k8s.io/v1', resource: 'validatingwebhookconfigurations' },
    ...{ kind: 'ValidatingWebhookConfiguration', body: () => ({ webhooks: [webhook] }) },
  },
  {
    ...{ root: '/apis/admissionregistration.k8s.io/v1', resource: 'mutatingwebhookconfigurations' },
    ...{ kind: 'MutatingWebhookConfiguration', body: () => ({ webhooks: [webhook] }) },
  },
  {
    ...{ root: '/apis/apiextensions.k8s.io/v1', resource: 'customresourcedefinitions' },
    ...{
      kind: 'CustomResourceDefinition',
      subresources: ['status'],
      status: { conditions: [timedCondition] },
    },
    nameOf: (name: string) => `${name.replaceAll('-', '')}s.ops.example.com`,
    body: (name: string) => ({
      spec: {
        ...{ group: 'ops.example.com', scope: 'Namespaced' },
        names: { plural: `${name.replaceAll('-', '')}s`, kind: `Kind${name.replaceAll('-', '')}` },
        versions: [
          { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } },
        ],
      },
    }),
  },
  {
    ...{
      root: '/apis/apiregistration.k8s.io/v1',
      resource: 'apiservices',
      kind: 'APIService',
      statusKeepsMetadata: true,
    },
    ...{ subresources: ['status'], status: { conditions: [timedCondition] } },
    nameOf: (name: string) => `v1.${name}.example.com`,
    body: (name: string) => ({
      spec: {
        ...{ group: `${name}.example.com`, version: 'v1', insecureSkipTLSVerify: true },
        ...{ groupPriorityMinimum: 10, versionPriority: 10 },
        service: { namespace: 'default', name: 'none' },
      },
    }),
  },
].map((kind) => ({ ...clusterWide, ...kind }));

export const operatedKinds: readonly OperatedKind[] = [...core, ...apps, ...others, ...extension];
