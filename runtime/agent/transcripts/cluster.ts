/** Nodes, access and certificates, as kubectl handles them. */
import type { Transcript } from '../testing/transcript.ts';

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
