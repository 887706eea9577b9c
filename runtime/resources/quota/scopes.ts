/** Which objects a quota counts at all. (k8s.io/apiserver/pkg/quota/v1/generic/evaluator.go) Pure. */
import type {
  Pod,
  ResourceQuotaSpec,
  ScopedResourceSelectorRequirement,
} from '../../apiserver/schemas/generated/types/api-core-v1.ts';
import { qosClassOf } from '../core/pods/qos-class.ts';
import type { CountedResource } from './usage.ts';

/** All scopes have to fit; only pods have any. */
export function isInScopes(of: CountedResource, object: unknown, spec: ResourceQuotaSpec): boolean {
  const wanted: readonly ScopedResourceSelectorRequirement[] = [
    ...(spec.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' })),
    ...(spec.scopeSelector?.matchExpressions ?? []),
  ];
  if (wanted.length === 0) return true;
  if (of.group !== '' || of.resource !== 'pods') return false;
  return wanted.every((requirement) => fits(object as Pod, requirement));
}

function fits({ spec }: Pod, requirement: ScopedResourceSelectorRequirement): boolean {
  if (spec === undefined) return false;
  switch (requirement.scopeName) {
    case 'Terminating':
      return spec.activeDeadlineSeconds !== undefined;
    case 'NotTerminating':
      return spec.activeDeadlineSeconds === undefined;
    case 'BestEffort':
      return qosClassOf(spec) === 'BestEffort';
    case 'NotBestEffort':
      return qosClassOf(spec) !== 'BestEffort';
    case 'PriorityClass':
      return fitsClass(spec.priorityClassName ?? '', requirement);
    case 'CrossNamespacePodAffinity':
      return reachesOut(spec);
    default:
      return false;
  }
}

function fitsClass(name: string, { operator, values = [] }: ScopedResourceSelectorRequirement): boolean {
  switch (operator) {
    case 'In':
      return name !== '' && values.includes(name);
    case 'NotIn':
      return !values.includes(name);
    case 'Exists':
      return name !== '';
    case 'DoesNotExist':
      return name === '';
    default:
      return false;
  }
}

/** Whether a pod wants to be near, or far from, pods of other namespaces. */
function reachesOut({ affinity }: NonNullable<Pod['spec']>): boolean {
  const { podAffinity, podAntiAffinity } = affinity ?? {};
  return [podAffinity, podAntiAffinity].some((one) =>
    [
      ...(one?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
      ...(one?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(
        ({ podAffinityTerm }) => podAffinityTerm,
      ),
    ].some((term) => (term?.namespaces ?? []).length > 0 || term?.namespaceSelector !== undefined),
  );
}
