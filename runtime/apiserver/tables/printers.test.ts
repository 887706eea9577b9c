/** Cells of the resources, as `kubectl get` shows them. */
import t from 'tap';
import { printerOf } from './printers.ts';

const now = Date.UTC(2026, 0, 1, 1);

/** Without name and age, which all have. */
function cellsOf(group: string, resource: string, fields: object): Readonly<Record<string, unknown>> {
  const printer = printerOf({ group, resource });
  const metadata = { name: 'x', creationTimestamp: '2026-01-01T00:00:00Z' };
  const object = { ...fields, metadata: { ...metadata, ...(fields as { metadata?: object }).metadata } };
  const cells = printer.cells(object, now).map((cell, index) => [printer.columns[index]!.name, cell]);
  const { Name, Age, ...rest } = Object.fromEntries(cells) as Record<string, unknown>;
  t.match(Name, /^x/);
  if (Age !== undefined) t.equal(Age, '60m');
  return rest;
}

const template = {
  spec: {
    containers: [
      { name: 'a', image: 'i:1' },
      { name: 'b', image: 'i:2' },
    ],
  },
};
const selector = {
  matchLabels: { b: '1' },
  matchExpressions: [
    { key: 'c', operator: 'In', values: ['y', 'x'] },
    { key: 'a', operator: 'Exists' },
    { key: 'd', operator: 'DoesNotExist' },
    { key: 'e', operator: 'NotIn', values: ['z'] },
  ],
};

t.test('workloads', async (t) => {
  t.same(
    cellsOf('apps', 'deployments', {
      spec: { replicas: 3, template, selector },
      status: { readyReplicas: 2, updatedReplicas: 1, availableReplicas: 2 },
    }),
    {
      ...{ Ready: '2/3', 'Up-to-date': 1, Available: 2, Containers: 'a,b', Images: 'i:1,i:2' },
      Selector: 'a,b=1,c in (x,y),!d,e notin (z)',
    },
  );
  t.same(cellsOf('apps', 'replicasets', { spec: { replicas: 1 } }), {
    ...{ Desired: 1, Current: 0, Ready: 0, Containers: '', Images: '', Selector: '<none>' },
  });
  t.match(
    cellsOf('apps', 'daemonsets', { spec: { template: { spec: { nodeSelector: { b: '1', a: '2' } } } } }),
    {
      'Node Selector': 'a=2,b=1',
    },
  );
  const ownerReferences = [{ controller: true, apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db' }];
  t.same(cellsOf('apps', 'controllerrevisions', { metadata: { ownerReferences }, revision: 4 }), {
    ...{ Controller: 'statefulset.apps/db', Revision: 4 },
  });
});

t.test('jobs and cron jobs', async (t) => {
  const startTime = '2026-01-01T00:50:00Z';
  const job = (spec: object, status: object): object => cellsOf('batch', 'jobs', { spec, status });
  t.match(job({ completions: 3 }, { succeeded: 1, startTime }), {
    ...{ Status: 'Running', Completions: '1/3', Duration: '10m' },
  });
  const conditions = [{ type: 'Complete', status: 'True' }];
  t.match(job({ parallelism: 2 }, { conditions, startTime, completionTime: '2026-01-01T00:52:00Z' }), {
    ...{ Status: 'Complete', Completions: '0/1 of 2', Duration: '2m' },
  });
  t.match(job({}, { conditions: [{ type: 'Suspended', status: 'True' }] }), {
    ...{ Status: 'Suspended', Completions: '0/1', Duration: '' },
  });
  t.match(
    cellsOf('batch', 'cronjobs', {
      spec: { schedule: '* * * * *', suspend: false },
      status: { active: [{}] },
    }),
    {
      ...{ Schedule: '* * * * *', Timezone: '<none>', Suspend: 'False', Active: 1 },
      'Last Schedule': '<none>',
    },
  );
});

t.test('autoscalers', async (t) => {
  const utilization = { type: 'Resource', resource: { name: 'cpu', target: { averageUtilization: 50 } } };
  const pods = { type: 'Pods', pods: { target: { averageValue: '1k' } } };
  const external = { type: 'External', external: { target: { averageValue: '3' } } };
  const spec = { scaleTargetRef: { kind: 'Deployment', name: 'web' }, minReplicas: 1, maxReplicas: 4 };
  const currentMetrics = [{ type: 'Resource', resource: { current: { averageUtilization: 7 } } }];
  const hpa = (metrics: readonly object[]): object =>
    cellsOf('autoscaling', 'horizontalpodautoscalers', {
      spec: { ...spec, metrics },
      status: { currentReplicas: 2, currentMetrics },
    });
  t.same(hpa([utilization]), {
    ...{ Reference: 'Deployment/web', Targets: 'cpu: 7%/50%', MinPods: '1', MaxPods: 4, Replicas: 2 },
  });
  t.match(hpa([utilization, pods, external]), { Targets: 'cpu: 7%/50%, <unknown>/1k + 1 more...' });
  t.match(hpa([external]), { Targets: '<unknown>/3 (avg)' });
  t.match(hpa([]), { Targets: '<none>' });
});

t.test('services and what leads to them', async (t) => {
  const ports = [
    { port: 80, nodePort: 30080, protocol: 'TCP' },
    { port: 53, protocol: 'UDP' },
  ];
  const service = (spec: object, status: object = {}): object => cellsOf('', 'services', { spec, status });
  t.same(service({ type: 'ClusterIP', clusterIPs: ['10.0.0.1', 'fd::1'], ports, selector: { a: 'b' } }), {
    ...{ Type: 'ClusterIP', 'Cluster-IP': '10.0.0.1', 'External-IP': '<none>' },
    ...{ 'Port(s)': '80:30080/TCP,53/UDP', Selector: 'a=b' },
  });
  t.match(service({ type: 'LoadBalancer' }), { 'External-IP': '<pending>', 'Port(s)': '<none>' });
  const loadBalancer = { ingress: [{ ip: '9.9.9.9' }, { hostname: 'a.org' }] };
  t.match(service({ type: 'LoadBalancer', externalIPs: ['1.1.1.1'] }, { loadBalancer }), {
    'External-IP': '9.9.9.9,a.org,1.1.1.1',
  });
  t.match(service({ type: 'ExternalName', externalName: 'a.org' }), {
    ...{ 'Cluster-IP': '<none>', 'External-IP': 'a.org', Selector: '<none>' },
  });
  const addresses = [{ ip: '10.0.0.1' }, { ip: 'fd::1' }];
  const subsets = [{ addresses, ports: [{ port: 80 }, { port: 81 }] }];
  t.same(cellsOf('', 'endpoints', { subsets }), {
    Endpoints: '10.0.0.1:80,[fd::1]:80,10.0.0.1:81 + 1 more...',
  });
  t.same(cellsOf('', 'endpoints', { subsets: [{ addresses }] }), { Endpoints: '10.0.0.1,fd::1' });
  t.same(cellsOf('', 'endpoints', {}), { Endpoints: '<none>' });
  const slice = {
    addressType: 'IPv4',
    ports: [{ port: 80 }, {}, { name: 'dns' }],
    endpoints: [{ addresses: ['10.0.0.1'] }],
  };
  t.same(cellsOf('discovery.k8s.io', 'endpointslices', slice), {
    ...{ AddressType: 'IPv4', Ports: '80,*,dns', Endpoints: '10.0.0.1' },
  });
  const rules = ['a', 'b', 'c', 'd'].map((host) => ({ host }));
  t.same(
    cellsOf('networking.k8s.io', 'ingresses', { spec: { rules, tls: [{}] }, status: { loadBalancer } }),
    {
      ...{ Class: '<none>', Hosts: 'a,b,c + 1 more...', Address: '9.9.9.9,a.org', Ports: '80, 443' },
    },
  );
  t.match(cellsOf('discovery.k8s.io', 'endpointslices', { endpoints: [{ addresses: [] }] }), {
    ...{ Ports: '<unset>', Endpoints: '<unset>' },
  });
  for (const [hosts, expected] of [
    [['a', '', 'b', 'c'], 'a,b,c'],
    [['a', 'b', 'c', ''], 'a,b,c + 1 more...'],
    [['', ''], '*'],
  ] as const) {
    const spec = { rules: hosts.map((host) => ({ host })) };
    t.match(cellsOf('networking.k8s.io', 'ingresses', { spec }), { Hosts: expected });
  }
  t.match(cellsOf('networking.k8s.io', 'ingresses', {}), { Hosts: '*', Ports: '80' });
});

t.test('nodes', async (t) => {
  const labels = { 'node-role.kubernetes.io/worker': '', 'kubernetes.io/role': 'edge' };
  t.same(
    cellsOf('', 'nodes', {
      metadata: { labels },
      spec: { unschedulable: true },
      status: {
        conditions: [{ type: 'Ready', status: 'Unknown' }],
        addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
        nodeInfo: { kubeletVersion: 'v1.32.0', osImage: 'Trivet' },
      },
    }),
    {
      ...{ Status: 'NotReady,SchedulingDisabled', Roles: 'edge,worker', Version: 'v1.32.0' },
      ...{ 'Internal-IP': '10.0.0.1', 'External-IP': '<none>', 'OS-Image': 'Trivet' },
      ...{ 'Kernel-Version': '<unknown>', 'Container-Runtime': '<unknown>' },
    },
  );
  t.match(cellsOf('', 'nodes', {}), { Status: 'Unknown', Roles: '<none>' });
});

t.test('volumes', async (t) => {
  const modes = ['ReadWriteMany', 'ReadWriteOnce'];
  const claim = (volumeName: string): object =>
    cellsOf('', 'persistentvolumeclaims', {
      spec: { volumeName, storageClassName: 'fast', volumeMode: 'Block' },
      status: { phase: 'Bound', capacity: { storage: '1Gi' }, accessModes: modes },
    });
  t.same(claim('pv'), {
    ...{ Status: 'Bound', Volume: 'pv', Capacity: '1Gi', 'Access Modes': 'RWO,RWX', StorageClass: 'fast' },
    ...{ VolumeAttributesClass: '<unset>', VolumeMode: 'Block' },
  });
  t.match(claim(''), { Capacity: '', 'Access Modes': '' });
  const claimRef = { namespace: 'a', name: 'c' };
  t.match(cellsOf('', 'persistentvolumes', { metadata: { deletionTimestamp: 'x' }, spec: { claimRef } }), {
    ...{ Capacity: '0', Status: 'Terminating', Claim: 'a/c' },
  });
  const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' };
  const [first] = printerOf({ group: 'storage.k8s.io', resource: 'storageclasses' }).cells(
    { metadata: { name: 'fast', annotations } },
    now,
  );
  t.equal(first, 'fast (default)');
  t.match(cellsOf('storage.k8s.io', 'storageclasses', {}), {
    ...{ ReclaimPolicy: 'Delete', VolumeBindingMode: 'Immediate', AllowVolumeExpansion: false },
  });
  t.match(cellsOf('storage.k8s.io', 'csidrivers', { spec: { tokenRequests: [{ audience: 'x' }] } }), {
    ...{ AttachRequired: true, PodInfoOnMount: false, TokenRequests: 'x', Modes: '<none>' },
  });
});

t.test('events, under both names of their fields', async (t) => {
  const subject = { kind: 'Pod', name: 'web', fieldPath: 'spec' };
  const common = { type: 'Normal', reason: 'Started' };
  const core = {
    ...{
      ...common,
      involvedObject: subject,
      message: ' up\n',
      source: { component: 'c', host: 'h' },
      count: 2,
    },
    ...{ firstTimestamp: '2026-01-01T00:30:00Z', lastTimestamp: '2026-01-01T00:50:00Z' },
  };
  const expected = {
    ...{ 'Last Seen': '10m', Type: 'Normal', Reason: 'Started', Object: 'pod/web', Subobject: 'spec' },
    ...{ Source: 'c, h', Message: 'up', 'First Seen': '30m', Count: 2 },
  };
  t.same(cellsOf('', 'events', core), expected);
  const own = {
    ...{ ...common, regarding: subject, note: 'up', deprecatedSource: core.source, deprecatedCount: 2 },
    deprecatedFirstTimestamp: core.firstTimestamp,
    deprecatedLastTimestamp: core.lastTimestamp,
  };
  t.same(cellsOf('events.k8s.io', 'events', own), expected);
  const series = { count: 9, lastObservedTime: '2026-01-01T00:59:00.000000Z' };
  const eventTime = '2026-01-01T00:00:00.000000Z';
  t.match(cellsOf('', 'events', { eventTime, series, reportingComponent: 'k' }), {
    ...{ 'Last Seen': '60s', 'First Seen': '60m', Count: 9, Source: 'k' },
  });
  t.match(cellsOf('', 'events', { eventTime }), { 'Last Seen': '60m', Count: 1 });
});

t.test('access, quotas and rules', async (t) => {
  t.same(cellsOf('', 'configmaps', { data: { a: '' }, binaryData: { b: '' } }), { Data: 2 });
  t.same(cellsOf('', 'secrets', { type: 'Opaque', data: { a: '' } }), { Type: 'Opaque', Data: 1 });
  const status = { hard: { pods: '4', 'limits.cpu': '2', cpu: '1' }, used: { cpu: '500m' } };
  t.same(cellsOf('', 'resourcequotas', { status }), {
    Request: 'cpu: 500m/1, pods: 0/4',
    Limit: 'limits.cpu: 0/2',
  });
  const subjects = [
    { kind: 'User', name: 'u' },
    { kind: 'ServiceAccount', namespace: 'a', name: 's' },
    { kind: 'User', name: 'v' },
  ];
  const roleRef = { kind: 'Role', name: 'r' };
  t.same(cellsOf('rbac.authorization.k8s.io', 'rolebindings', { roleRef, subjects }), {
    ...{ Role: 'Role/r', Users: 'u, v', Groups: '', ServiceAccounts: 'a/s' },
  });
  const csr = {
    spec: { username: 'u', expirationSeconds: 3600 },
    status: { conditions: [{ type: 'Approved' }], certificate: 'x' },
  };
  t.same(cellsOf('certificates.k8s.io', 'certificatesigningrequests', csr), {
    ...{ SignerName: '<none>', Requestor: 'u', RequestedDuration: '60m', Condition: 'Approved,Issued' },
  });
  t.same(cellsOf('policy', 'poddisruptionbudgets', { spec: { minAvailable: '50%' } }), {
    ...{ 'Min Available': '50%', 'Max Unavailable': 'N/A', 'Allowed Disruptions': 0 },
  });
  t.match(cellsOf('policy', 'poddisruptionbudgets', { spec: { maxUnavailable: 0 } }), {
    'Max Unavailable': '0',
  });
  const conditions = [{ type: 'Available', status: 'False', reason: 'MissingEndpoints' }];
  const service = { namespace: 'a', name: 's' };
  t.same(cellsOf('apiregistration.k8s.io', 'apiservices', { spec: { service }, status: { conditions } }), {
    ...{ Service: 'a/s', Available: 'False (MissingEndpoints)' },
  });
  t.match(
    cellsOf('flowcontrol.apiserver.k8s.io', 'prioritylevelconfigurations', {
      spec: { limited: { nominalConcurrencyShares: 0 } },
    }),
    {
      ...{ NominalConcurrencyShares: 0, Queues: '<none>' },
    },
  );
  t.match(
    cellsOf('admissionregistration.k8s.io', 'validatingadmissionpolicybindings', {
      spec: { paramRef: { name: 'p' } },
    }),
    {
      ParamRef: '*/p',
    },
  );
  t.same(cellsOf('rbac.authorization.k8s.io', 'roles', {}), { 'Created At': '2026-01-01T00:00:00Z' });
});

t.test('a label that is no text is left out', async (t) => {
  const labels = { 'node-role.kubernetes.io/x': { toString: 1 }, 'node-role.kubernetes.io/y': '' };
  t.match(cellsOf('', 'nodes', { metadata: { labels } }), { Roles: 'y' });
});
