/** What of a pod can change once it is there: little, since it runs. (pkg/apis/core/validation, ValidatePodUpdate) Pure. */
import { stringifyJson } from '../../../apiserver/objects/json-text.ts';
import type {
  Container,
  NodeAffinity,
  NodeSelectorTerm,
  PodSpec,
  Toleration,
} from '../../../apiserver/schemas/generated/types/api-core-v1.ts';
import { isSameJson, type JsonValue } from '../../../apiserver/schemas/protobuf/json-value.ts';
import type { FieldError } from '../../../apiserver/status.ts';
import { forbiddenField, invalidShown, invalidValue } from '../../field-errors.ts';
import { describeChanges } from '../../meta/changes.ts';
import { inList, when } from '../../meta/field-checks.ts';
import { showStringMap } from '../../meta/go-syntax.ts';

const changeable = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
].join(',');
const must = 'requiredDuringSchedulingIgnoredDuringExecution';

export function checkPodSpecUpdate(next: PodSpec, old: PodSpec): readonly FieldError[] {
  for (const list of ['containers', 'initContainers'] as const) {
    if ((next[list] ?? []).length !== (old[list] ?? []).length) {
      return [forbiddenField(`spec.${list}`, 'pod updates may not add or remove containers')];
    }
  }
  const deadline = checkDeadline(next, old);
  if (deadline.isFinal) return deadline.errors;
  const allowed = allowChanges(next, old);
  const why = `pod updates may not change fields other than ${changeable}`;
  return [
    ...deadline.errors,
    ...checkTolerationsKept(next.tolerations ?? [], old.tolerations ?? []),
    ...checkGatesKept(next, old),
    ...(isGated(old) ? checkGatedChanges(next, old) : []),
    ...when(!isSame(allowed, old), forbiddenField('spec', `${why}\n${describeChanges(old, allowed)}`)),
  ];
}

function isSame(a: unknown, b: unknown): boolean {
  return isSameJson((a ?? null) as JsonValue, (b ?? null) as JsonValue);
}

function isGated({ schedulingGates }: PodSpec): boolean {
  return (schedulingGates ?? []).length > 0;
}

/** It can come, and it can come nearer. */
function checkDeadline(
  { activeDeadlineSeconds: after }: PodSpec,
  { activeDeadlineSeconds: before }: PodSpec,
): { readonly errors: readonly FieldError[]; readonly isFinal: boolean } {
  const field = 'spec.activeDeadlineSeconds';
  if (after === undefined) {
    const why = 'must not update from a positive integer to nil value';
    return { errors: when(before !== undefined, invalidValue(field, null, why)), isFinal: false };
  }
  if (after < 0 || after > 2147483647) {
    const why = 'must be between 0 and 2147483647, inclusive';
    return { errors: [invalidValue(field, after, why)], isFinal: true };
  }
  const isLater = before !== undefined && before < after;
  const why = 'must be less than or equal to previous value';
  return { errors: when(isLater, invalidValue(field, after, why)), isFinal: isLater };
}

/** The new spec, with what may change as it was. */
function allowChanges(next: PodSpec, old: PodSpec): PodSpec {
  const withImages = (list: 'containers' | 'initContainers'): readonly Container[] | undefined =>
    next[list]?.map((container, index) => {
      const { image: _, ...others } = container;
      const image = old[list]?.[index]?.image;
      return image === undefined ? others : { ...others, image };
    }) ?? next[list];
  const spec: Record<string, unknown> = {
    ...next,
    containers: withImages('containers'),
    initContainers: withImages('initContainers'),
    activeDeadlineSeconds: old.activeDeadlineSeconds,
    schedulingGates: old.schedulingGates,
    tolerations: old.tolerations,
  };
  if ((old.terminationGracePeriodSeconds ?? 0) < 0 && next.terminationGracePeriodSeconds === 1) {
    spec.terminationGracePeriodSeconds = old.terminationGracePeriodSeconds;
  }
  if (isGated(old)) {
    spec.nodeSelector = old.nodeSelector;
    spec.affinity = withNodeAffinity(next, old);
  }
  return Object.fromEntries(
    Object.entries(spec).filter(([, value]) => value !== undefined),
  ) as unknown as PodSpec;
}

function withNodeAffinity({ affinity: after }: PodSpec, { affinity: before }: PodSpec): PodSpec['affinity'] {
  const { nodeAffinity: _, ...others } = after ?? {};
  const nodeAffinity = before?.nodeAffinity;
  const affinity = nodeAffinity === undefined ? others : { ...others, nodeAffinity };
  return before === undefined && Object.keys(affinity).length === 0 ? undefined : affinity;
}

function checkTolerationsKept(
  next: readonly Toleration[],
  old: readonly Toleration[],
): readonly FieldError[] {
  const untimed = ({ tolerationSeconds: _, ...toleration }: Toleration) => toleration;
  // Go wrote both, so that what is the same is the same text.
  const kept = new Set(next.map((toleration) => stringifyJson(untimed(toleration))));
  const isKept = old.every((toleration) => kept.has(stringifyJson(untimed(toleration))));
  const why = 'existing toleration can not be modified except its tolerationSeconds';
  return when(!isKept, forbiddenField('spec.tolerations', why));
}

function checkGatesKept(next: PodSpec, old: PodSpec): readonly FieldError[] {
  const known = new Set((old.schedulingGates ?? []).map(({ name }) => name));
  return inList(next.schedulingGates, 'spec.schedulingGates', ({ name }, at) => {
    const why = `only deletion is allowed, but found new scheduling gate '${name}'`;
    return when(!known.has(name), forbiddenField(`${at}.name`, why));
  });
}

/** As long as a pod waits, where it may run can still be narrowed. */
function checkGatedChanges(next: PodSpec, old: PodSpec): readonly FieldError[] {
  const selector = next.nodeSelector ?? {};
  const isKept = Object.entries(old.nodeSelector ?? {}).every(([key, value]) => selector[key] === value);
  const why = 'only additions to spec.nodeSelector are allowed (no mutations or deletions)';
  return [
    ...when(!isKept, invalidShown('spec.nodeSelector', showStringMap(next.nodeSelector), why)),
    ...checkNodeAffinityKept(next.affinity?.nodeAffinity, old.affinity?.nodeAffinity),
  ];
}

function checkNodeAffinityKept(
  next: NodeAffinity | undefined,
  old: NodeAffinity | undefined,
): readonly FieldError[] {
  const field = `spec.affinity.nodeAffinity.${must}.nodeSelectorTerms`;
  const [after, before] = [next, old].map((affinity) => affinity?.[must]?.nodeSelectorTerms ?? []) as [
    readonly NodeSelectorTerm[],
    readonly NodeSelectorTerm[],
  ];
  if (before.length === 0) return [];
  if (before.length !== after.length) {
    const why = 'no additions/deletions to non-empty NodeSelectorTerms list are allowed';
    return [invalidValue(field, after, why)];
  }
  const why = 'only additions are allowed (no mutations or deletions)';
  return inList(after, field, (term, at, index) =>
    when(!onlyAdds(term, before[index] as NodeSelectorTerm), invalidValue(at, term, why)),
  );
}

function onlyAdds(next: NodeSelectorTerm, old: NodeSelectorTerm): boolean {
  const lists = ['matchExpressions', 'matchFields'] as const;
  // A term without requirements is no node's; one that is added would make it some's.
  const wasEmpty = lists.every((list) => (old[list] ?? []).length === 0);
  if (wasEmpty) return lists.every((list) => (next[list] ?? []).length === 0);
  return lists.every((list) => {
    const before = old[list] ?? [];
    return isSame((next[list] ?? []).slice(0, before.length), before);
  });
}
