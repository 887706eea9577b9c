/**
 * The flow schemas and priority levels that the server makes for itself. The mandatory ones are always there and as they
 * are; the suggested ones may be changed or done without. (k8s.io/apiserver/pkg/apis/flowcontrol/bootstrap/default.go) Pure.
 */
import type {
  FlowSchema,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  PriorityLevelConfiguration,
  ResourcePolicyRule,
  Subject,
} from '../../apiserver/schemas/generated/types/api-flowcontrol-v1.ts';

const apiVersion = 'flowcontrol.apiserver.k8s.io/v1';

const exempt: PriorityLevelConfiguration = {
  ...{ kind: 'PriorityLevelConfiguration', apiVersion, metadata: metadataOf('exempt') },
  spec: { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } },
};

export const mandatoryPriorityLevels: readonly PriorityLevelConfiguration[] = [
  level('catch-all', 5, 0, null),
  exempt,
];

/** Name, shares, lendable percent, queues and hand size. */
export const suggestedPriorityLevels: readonly PriorityLevelConfiguration[] = [
  level('system', 30, 33, [64, 6]),
  level('node-high', 40, 25, [64, 6]),
  level('leader-election', 10, 0, [16, 4]),
  level('workload-high', 40, 50, [128, 6]),
  level('workload-low', 100, 90, [128, 6]),
  level('global-default', 20, 50, [128, 6]),
];

const [nodes, managers, scheduler] = [
  groups('system:nodes'),
  users('system:kube-controller-manager'),
  users('system:kube-scheduler'),
];
const everyone = groups('system:unauthenticated', 'system:authenticated');
const leaderVerbs = ['get', 'create', 'update'];
const leases = resources(leaderVerbs, 'coordination.k8s.io', ['leases'], false);
const all = { resourceRules: [resources(['*'], '*', ['*'], true)], nonResourceRules: [paths(['*'], '*')] };

export const mandatoryFlowSchemas: readonly FlowSchema[] = [
  schema('exempt', 'exempt', 1, null, { subjects: groups('system:masters'), ...all }),
  schema('catch-all', 'catch-all', 10_000, 'ByUser', { subjects: everyone, ...all }),
];

/** Name, priority level, precedence, by what flows differ. */
export const suggestedFlowSchemas: readonly FlowSchema[] = [
  schema('system-nodes', 'system', 500, 'ByUser', { subjects: nodes, ...all }),
  schema('system-node-high', 'node-high', 400, 'ByUser', {
    subjects: nodes,
    resourceRules: [
      resources(['*'], '', ['nodes', 'nodes/status'], true),
      resources(['*'], 'coordination.k8s.io', ['leases'], false),
    ],
  }),
  schema('probes', 'exempt', 2, null, {
    subjects: everyone,
    nonResourceRules: [paths(['get'], '/healthz', '/readyz', '/livez')],
  }),
  schema('system-leader-election', 'leader-election', 100, 'ByUser', {
    subjects: [...managers, ...scheduler, ...serviceAccounts('*')],
    resourceRules: [leases],
  }),
  schema('endpoint-controller', 'workload-high', 150, 'ByUser', {
    subjects: [...managers, ...serviceAccounts('endpoint-controller', 'endpointslicemirroring-controller')],
    resourceRules: [resources(leaderVerbs, '', ['endpoints'], false)],
  }),
  schema('workload-leader-election', 'leader-election', 200, 'ByUser', {
    subjects: serviceAccounts('*'),
    resourceRules: [resources(leaderVerbs, '', ['endpoints', 'configmaps'], false), leases],
  }),
  schema('kube-controller-manager', 'workload-high', 800, 'ByNamespace', { subjects: managers, ...all }),
  schema('kube-scheduler', 'workload-high', 800, 'ByNamespace', { subjects: scheduler, ...all }),
  schema('kube-system-service-accounts', 'workload-high', 900, 'ByNamespace', {
    ...{ subjects: serviceAccounts('*'), ...all },
  }),
  schema('service-accounts', 'workload-low', 9000, 'ByUser', {
    ...{ subjects: groups('system:serviceaccounts'), ...all },
  }),
  schema('global-default', 'global-default', 9900, 'ByUser', { subjects: everyone, ...all }),
];

/** The server keeps what it made up to date, unless somebody says otherwise here. */
function metadataOf(name: string) {
  return { name, annotations: { 'apf.kubernetes.io/autoupdate-spec': 'true' } };
}

/** @param queuing how many queues, and how many of them one flow may use; null: too much is refused. */
function level(
  name: string,
  nominalConcurrencyShares: number,
  lendablePercent: number,
  queuing: readonly [queues: number, handSize: number] | null,
): PriorityLevelConfiguration {
  const limitResponse =
    queuing === null
      ? { type: 'Reject' }
      : { type: 'Queue', queuing: { queues: queuing[0], handSize: queuing[1], queueLengthLimit: 50 } };
  return {
    ...{ kind: 'PriorityLevelConfiguration', apiVersion, metadata: metadataOf(name) },
    spec: { type: 'Limited', limited: { nominalConcurrencyShares, limitResponse, lendablePercent } },
  };
}

function schema(
  name: string,
  priorityLevel: string,
  matchingPrecedence: number,
  distinguisher: 'ByUser' | 'ByNamespace' | null,
  rules: PolicyRulesWithSubjects,
): FlowSchema {
  return {
    ...{ kind: 'FlowSchema', apiVersion, metadata: metadataOf(name) },
    spec: {
      priorityLevelConfiguration: { name: priorityLevel },
      matchingPrecedence,
      ...(distinguisher === null ? {} : { distinguisherMethod: { type: distinguisher } }),
      rules: [rules],
    },
  };
}

function groups(...names: readonly string[]): readonly Subject[] {
  return names.map((name) => ({ kind: 'Group', group: { name } }));
}

function users(...names: readonly string[]): readonly Subject[] {
  return names.map((name) => ({ kind: 'User', user: { name } }));
}

/** Of the cluster's own programs. */
function serviceAccounts(...names: readonly string[]): readonly Subject[] {
  const namespace = 'kube-system';
  return names.map((name) => ({ kind: 'ServiceAccount', serviceAccount: { name, namespace } }));
}

function resources(
  verbs: readonly string[],
  group: string,
  resources: readonly string[],
  clusterScope: boolean,
): ResourcePolicyRule {
  const scope = clusterScope ? { clusterScope } : {};
  return { verbs, apiGroups: [group], resources, ...scope, namespaces: ['*'] };
}

function paths(verbs: readonly string[], ...nonResourceURLs: readonly string[]): NonResourcePolicyRule {
  return { verbs, nonResourceURLs };
}
