/** Nodes, access and certificates, as kubectl handles them. */
import type { Transcript } from '../testing/transcript.ts';
import { certificateRequest } from './keys.ts';

const node = `apiVersion: v1
kind: Node
metadata: { name: "{ns}-n" }
`;

const accountSecret = `apiVersion: v1
kind: Secret
type: kubernetes.io/service-account-token
metadata: { name: robot-token, namespace: "{ns}", annotations: { kubernetes.io/service-account.name: robot } }
`;

const clusterRole = `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: "{ns}-reader" }
rules: [ { apiGroups: [""], resources: [configmaps], verbs: [get, list] } ]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: "{ns}-reads" }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "{ns}-reader" }
subjects: [ { apiGroup: rbac.authorization.k8s.io, kind: User, name: "{ns}-eve" } ]
`;

const signingRequest = (name: string, signer: string): string => `apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: { name: "{ns}-${name}" }
spec: { request: ${certificateRequest}, signerName: ${signer}, usages: [client auth] }
`;

const podOnNode = (name: string): string => `apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: "{ns}", labels: { app: ${name} } }
spec: { nodeName: "{ns}-d", containers: [ { name: c, image: nginx } ] }
`;

export const nodes: Transcript = {
  name: 'nodes',
  lines: [
    { type: 'apply -f -', input: node, says: /node\/\S+ created/ },
    { type: 'taint node {ns}-n key=value:NoSchedule', says: /node\/\S+ tainted/ },
    { type: 'get node {ns}-n -o jsonpath={.spec.taints[0].key}', says: /^key$/ },
    { type: 'taint node {ns}-n key=value:NoSchedule', code: 1, says: /already has key taint/ },
    { type: 'taint node {ns}-n key-', says: /untainted/ },
    { type: 'cordon {ns}-n', says: /cordoned/ },
    { type: 'get node {ns}-n', says: /SchedulingDisabled/ },
    { type: 'uncordon {ns}-n', says: /uncordoned/ },
    { type: 'label node {ns}-n disk=ssd', says: /labeled/ },
    { type: 'drain {ns}-n --ignore-daemonsets', says: /drained/ },
    { type: 'describe node {ns}-n', says: /Unschedulable:\s+true/ },
    { type: 'delete node {ns}-n', says: /deleted/ },
  ],
};

export const access: Transcript = {
  name: 'who may what',
  lines: [
    { type: 'auth whoami', says: [/Username\s+ada/, /system:masters/] },
    { type: 'auth can-i delete pods', says: /^yes$/m },
    { type: 'auth can-i get configmaps --as={ns}-eve', code: 1, says: /^no$/m },
    { type: 'auth reconcile -f -', input: clusterRole, says: /reconciled/ },
    { type: 'auth can-i get configmaps --as={ns}-eve', says: /^yes$/m, soon: true },
    { type: 'auth can-i create configmaps --as={ns}-eve', code: 1, says: /^no$/m },
    { type: 'auth can-i --list --as={ns}-eve', says: /configmaps\s+\[\]\s+\[\]\s+\[get list\]/ },
    { type: 'get --raw /api/v1/namespaces/default/configmaps --as={ns}-eve', says: /ConfigMapList/ },
    {
      type: 'get --raw /api/v1/namespaces/default/secrets --as={ns}-eve',
      code: 1,
      says: /User "\S+-eve" cannot list resource "secrets" in API group "" in the namespace "default"/,
    },
    { type: 'create namespace {ns}' },
    { type: 'create serviceaccount robot -n {ns}' },
    { type: 'create token robot -n {ns} --duration=10m', says: /^ey/, keep: 'token' },
    {
      type: 'create token robot -n {ns} --duration=1m',
      code: 1,
      says: /may not specify a duration less than 10 minutes/,
    },
    { type: 'apply -f -', input: accountSecret, says: /secret\/robot-token created/ },
    { type: 'get secret robot-token -n {ns} -o jsonpath={.data.token}', says: /^ZXlK/, soon: true },
    { type: 'delete clusterrole/{ns}-reader clusterrolebinding/{ns}-reads', says: /deleted/ },
    { type: 'delete namespace {ns} --wait=false' },
  ],
};

export const draining: Transcript = {
  name: 'draining a node',
  lines: [
    { type: 'create namespace {ns}' },
    { type: 'apply -f -', input: node.replace('{ns}-n', '{ns}-d'), says: /node\/\S+ created/ },
    { type: 'apply -f -', input: podOnNode('guarded'), says: /guarded created/, soon: true },
    { type: 'run free -n {ns} --image=nginx', says: /free created/, soon: true },
    {
      type: 'create --raw /api/v1/namespaces/{ns}/pods/free/binding -f -',
      input:
        '{"apiVersion":"v1","kind":"Binding","metadata":{"name":"free"},"target":{"kind":"Node","name":"{ns}-d"}}',
      says: /"status":"Success"/,
    },
    {
      type: 'get pods -n {ns} --field-selector=spec.nodeName={ns}-d -o name',
      says: /^pod\/free\npod\/guarded\n$/,
    },
    {
      type: 'create --raw /api/v1/namespaces/{ns}/pods/free/binding -f -',
      input:
        '{"apiVersion":"v1","kind":"Binding","metadata":{"name":"free"},"target":{"kind":"Node","name":"other"}}',
      code: 1,
      says: /pod free is already assigned to node "\S+-d"/,
    },
    {
      type: 'patch pod guarded -n {ns} --subresource=status -p \'{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}}\'',
      says: /patched/,
    },
    {
      type: 'create poddisruptionbudget all -n {ns} --selector=app=guarded --min-available=1',
      says: /created/,
    },
    {
      type: 'patch pdb all -n {ns} --subresource=status --type=merge -p \'{"status":{"observedGeneration":1,"currentHealthy":1,"desiredHealthy":1,"expectedPods":1,"disruptionsAllowed":0}}\'',
      says: /patched/,
    },
    {
      type: 'create --raw /api/v1/namespaces/{ns}/pods/guarded/eviction -f -',
      input: '{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"guarded"}}',
      code: 1,
      says: /Cannot evict pod as it would violate the pod's disruption budget/,
    },
    {
      type: 'drain {ns}-d',
      code: 1,
      says: /cannot delete Pods that declare no controller \(use --force to override\)/,
    },
    {
      type: 'drain {ns}-d --force --dry-run=server --pod-selector=run=free',
      says: /evicting pod \S+\/free \(server dry run\)/,
    },
    // Nothing runs on that node that would end the pod: it is deleted, and stays until somebody says that it is gone.
    {
      type: 'drain {ns}-d --force --pod-selector=run=free --timeout=90s',
      begins: /evicting pod/,
      meanwhile: [
        {
          type: 'get pod free -n {ns} -o jsonpath={.metadata.deletionTimestamp}',
          says: /^20\d\d-/,
          soon: true,
        },
        {
          type: 'get pod free -n {ns} -o jsonpath={.status.conditions[?(@.type=="DisruptionTarget")].reason}',
          says: /^EvictionByEvictionAPI$/,
        },
        {
          type: 'delete pod free -n {ns} --grace-period=0 --force',
          says: /pod "free" force deleted/,
          warns: /Immediate deletion does not wait/,
        },
      ],
      says: /node\/\S+-d drained/,
    },
    { type: 'get pods -n {ns} -o name', says: /^pod\/guarded\n$/ },
    { type: 'drain {ns}-d --force --disable-eviction --grace-period=0', says: /node\/\S+-d drained/ },
    { type: 'get pods -n {ns} -o name', says: /^$/ },
    { type: 'uncordon {ns}-d', says: /uncordoned/ },
    { type: 'delete node {ns}-d', says: /deleted/ },
    { type: 'delete namespace {ns} --wait=false' },
  ],
};

export const certificates: Transcript = {
  name: 'certificates and tokens',
  lines: [
    {
      type: 'apply -f -',
      input: `${signingRequest('jane', 'example.com/signer')}---\n${signingRequest('john', 'example.com/signer')}`,
      says: /-jane created\n.*-john created/,
    },
    { type: 'get csr {ns}-jane', says: /-jane\s+\S+\s+example.com\/signer\s+ada\s+<none>\s+Pending/ },
    { type: 'certificate approve {ns}-jane', says: /-jane approved/ },
    { type: 'certificate deny {ns}-john', says: /-john denied/ },
    { type: 'get csr {ns}-jane {ns}-john --no-headers', says: /-jane\s.*\sApproved\n\S+-john\s.*\sDenied\n/ },
    {
      type: 'certificate deny {ns}-jane',
      code: 1,
      says: /certificate signing request "\S+-jane" is already Approved/,
    },
    {
      type: 'describe csr {ns}-jane',
      says: [/Common Name:\s+jane/, /Organization:\s+friends/, /^Status:\s+Approved$/m],
    },
    {
      type: 'patch csr {ns}-jane --subresource=approval --type=merge -p \'{"status":{"conditions":[]}}\'',
      code: 1,
      says: /may not be removed|updates may not remove a condition of type "Approved"/,
    },
    // What was asked for is no more to be changed: it stays as it was.
    {
      type: 'patch csr {ns}-jane --type=merge -p \'{"spec":{"signerName":"example.com/b"}}\'',
      says: /patched/,
    },
    { type: 'get csr {ns}-jane -o jsonpath={.spec.signerName}', says: /^example.com\/signer$/ },
    { type: 'delete csr {ns}-jane {ns}-john', says: /deleted/ },
    { type: 'create namespace {ns}' },
    { type: 'create serviceaccount robot -n {ns}' },
    { type: 'create token robot -n {ns} --audience=shop --duration=15m', says: /^ey/, keep: 'shop' },
    // What is for another audience does not let in here.
    {
      type: 'auth whoami --token={shop} --user=nobody',
      code: 1,
      says: /Unauthorized|must be logged in|does not exist/,
    },
    {
      type: 'create token robot -n {ns} --bound-object-kind=Secret --bound-object-name=none',
      code: 1,
      says: /secrets "none" not found/,
    },
    { type: 'create secret generic tied -n {ns}' },
    { type: 'create token robot -n {ns} --bound-object-kind=Secret --bound-object-name=tied', says: /^ey/ },
    { type: 'create token nobody -n {ns}', code: 1, says: /serviceaccounts "nobody" not found/ },
    { type: 'create role reader -n {ns} --verb=get,list --resource=configmaps' },
    { type: 'create rolebinding reads -n {ns} --role=reader --user=eve' },
    {
      type: 'set subject rolebinding reads -n {ns} --serviceaccount={ns}:robot --group=friends',
      says: /reads subjects updated/,
    },
    {
      type: 'get rolebinding reads -n {ns} -o wide',
      says: /^reads\s+Role\/reader\s+\S+\s+eve\s+friends\s+\S+\/robot$/m,
    },
    {
      type: 'auth can-i list configmaps -n {ns} --as=system:serviceaccount:{ns}:robot',
      says: /^yes$/m,
      soon: true,
    },
    { type: 'auth can-i list configmaps -n {ns} --as=pat --as-group=friends', says: /^yes$/m, soon: true },
    { type: 'auth can-i list configmaps -A --as=eve', code: 1, says: /^no$/m },
    { type: 'auth can-i get /healthz --as=eve', says: /^yes$/m },
    {
      type: 'auth can-i --list -n {ns} --as=eve',
      says: /configmaps\s+\[\]\s+\[\]\s+\[get list\]/,
      soon: true,
    },
    {
      type: 'auth whoami --as=pat --as-group=friends -o jsonpath={.status.userInfo.username}/{.status.userInfo.groups}',
      says: /^pat\/\["friends","system:authenticated"\]$/,
    },
    { type: 'get configmaps -n {ns} --as=eve -o name', says: /^(configmap\/\S+\n)*$/ },
    {
      type: 'create configmap a -n {ns} --as=eve',
      code: 1,
      says: /configmaps is forbidden: User "eve" cannot create resource "configmaps" in API group "" in the namespace "\S+"/,
    },
    {
      type: 'create rolebinding more -n {ns} --clusterrole=admin --user=eve --as=eve',
      code: 1,
      says: /rolebindings.rbac.authorization.k8s.io is forbidden/,
    },
    { type: 'delete namespace {ns} --wait=false' },
  ],
};
