/** What is probably not meant about where a pod runs. (pkg/api/pod/warnings.go, pkg/api/node/util.go) Pure. */
import type {
  NodeSelectorTerm,
  PodAffinity,
  PodAffinityTerm,
  PodSpec,
} from '../../../apiserver/schemas/generated/types/api-core-v1.ts';

const must = 'requiredDuringSchedulingIgnoredDuringExecution';
const should = 'preferredDuringSchedulingIgnoredDuringExecution';

const oldLabels: Readonly<Record<string, string>> = {
  'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
  'failure-domain.beta.kubernetes.io/region':
    'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  'failure-domain.beta.kubernetes.io/zone':
    'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  'beta.kubernetes.io/instance-type':
    'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
  'app.kubernetes.io/created-by': 'deprecated since v1.9',
  'scheduler.alpha.kubernetes.io/preferAvoidPods':
    'deprecated since v1.22; use Taints and Tolerations instead',
  'node-role.kubernetes.io/master': 'use "node-role.kubernetes.io/control-plane" instead',
};

export function warnOfPlacement(spec: PodSpec, field: string): readonly string[] {
  const { nodeSelector = {}, affinity, topologySpreadConstraints = [] } = spec;
  const nodes = affinity?.nodeAffinity;
  const at = `${field}.affinity.nodeAffinity`;
  return [
    ...Object.keys(nodeSelector)
      .filter((key) => Object.hasOwn(oldLabels, key))
      .map((key) => `${field}.nodeSelector[${key}]: ${oldLabels[key]}`),
    ...(nodes?.[must]?.nodeSelectorTerms ?? []).flatMap((term, index) =>
      warnOfTerm(term, `${at}.${must}.nodeSelectorTerms[${index}]`),
    ),
    ...(nodes?.[should] ?? []).flatMap(({ preference }, index) =>
      warnOfTerm(preference ?? {}, `${at}.${should}[${index}].preference`),
    ),
    ...topologySpreadConstraints.flatMap(({ topologyKey, labelSelector }, index) => {
      const place = `${field}.topologySpreadConstraints[${index}]`;
      return [
        ...(Object.hasOwn(oldLabels, topologyKey)
          ? [`${place}.topologyKey: ${topologyKey} is ${oldLabels[topologyKey]}`]
          : []),
        ...(labelSelector === undefined ? [matchesNothing(place)] : []),
      ];
    }),
    ...warnOfPods(affinity?.podAffinity, `${field}.affinity.podAffinity`),
    ...warnOfPods(affinity?.podAntiAffinity, `${field}.affinity.podAntiAffinity`),
  ];
}

function matchesNothing(field: string): string {
  return `${field}.labelSelector: a null labelSelector results in matching no pod`;
}

function warnOfTerm({ matchExpressions = [] }: NodeSelectorTerm, field: string): readonly string[] {
  return matchExpressions.flatMap(({ key }, index) =>
    Object.hasOwn(oldLabels, key)
      ? [`${field}.matchExpressions[${index}].key: ${key} is ${oldLabels[key]}`]
      : [],
  );
}

function warnOfPods(affinity: PodAffinity | undefined, field: string): readonly string[] {
  const warnOf = (term: PodAffinityTerm | undefined, at: string): readonly string[] =>
    term?.labelSelector === undefined ? [matchesNothing(at)] : [];
  return [
    ...(affinity?.[must] ?? []).flatMap((term, index) => warnOf(term, `${field}.${must}[${index}]`)),
    ...(affinity?.[should] ?? []).flatMap(({ podAffinityTerm }, index) =>
      warnOf(podAffinityTerm, `${field}.${should}[${index}].podAffinityTerm`),
    ),
  ];
}
