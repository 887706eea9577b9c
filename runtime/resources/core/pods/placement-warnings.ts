/** What is probably not meant about where a pod runs. (pkg/api/pod/warnings.go, pkg/api/node/util.go) Pure. */
import type {
  PodAffinity,
  PodAffinityTerm,
  PodSpec,
} from '../../../apiserver/schemas/generated/types/api-core-v1.ts';
import { oldNodeLabels, warnOfNodeTerm } from '../node-selector.ts';

const must = 'requiredDuringSchedulingIgnoredDuringExecution';
const should = 'preferredDuringSchedulingIgnoredDuringExecution';

export function warnOfPlacement(spec: PodSpec, field: string): readonly string[] {
  const { nodeSelector = {}, affinity, topologySpreadConstraints = [] } = spec;
  const nodes = affinity?.nodeAffinity;
  const at = `${field}.affinity.nodeAffinity`;
  return [
    ...Object.keys(nodeSelector)
      .filter((key) => Object.hasOwn(oldNodeLabels, key))
      .map((key) => `${field}.nodeSelector[${key}]: ${oldNodeLabels[key]}`),
    ...(nodes?.[must]?.nodeSelectorTerms ?? []).flatMap((term, index) =>
      warnOfNodeTerm(term, `${at}.${must}.nodeSelectorTerms[${index}]`),
    ),
    ...(nodes?.[should] ?? []).flatMap(({ preference }, index) =>
      warnOfNodeTerm(preference ?? {}, `${at}.${should}[${index}].preference`),
    ),
    ...topologySpreadConstraints.flatMap(({ topologyKey, labelSelector }, index) => {
      const place = `${field}.topologySpreadConstraints[${index}]`;
      return [
        ...(Object.hasOwn(oldNodeLabels, topologyKey)
          ? [`${place}.topologyKey: ${topologyKey} is ${oldNodeLabels[topologyKey]}`]
          : []),
        ...(labelSelector === undefined ? [matchesNothing(place)] : []),
      ];
    }),
  ];
}

/** Of a selector that is left out; said after everything else. */
export function warnOfPodAffinity({ affinity }: PodSpec, field: string): readonly string[] {
  return [
    ...warnOfPods(affinity?.podAffinity, `${field}.affinity.podAffinity`),
    ...warnOfPods(affinity?.podAntiAffinity, `${field}.affinity.podAntiAffinity`),
  ];
}

function matchesNothing(field: string): string {
  return `${field}.labelSelector: a null labelSelector results in matching no pod`;
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
