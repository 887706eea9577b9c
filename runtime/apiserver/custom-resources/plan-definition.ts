/**
 * What becomes of a definition by itself: which of its names it gets, and when it is served. The names of a group's resources and
 * kinds belong to whoever came first. (k8s.io/apiextensions-apiserver/pkg/controller/status, establish) Pure.
 */
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionCondition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionStatus,
} from '../schemas/generated/types/apiextensions-v1.ts';
import { approvalOf } from './api-approval.ts';
import { conditionOf, hasCondition, isTerminating } from './definition.ts';

type Names = Partial<CustomResourceDefinitionNames>;
type Condition = Omit<CustomResourceDefinitionCondition, 'lastTransitionTime'>;

/**
 * @param others all definitions; the one that is planned for may be among them
 * @param now as `metav1.Time`
 * @returns the status that it should have, the same object where it has it already
 */
export function planDefinition(
  definition: CustomResourceDefinition,
  others: readonly CustomResourceDefinition[],
  now: string,
): CustomResourceDefinitionStatus {
  const status = definition.status ?? {};
  if (isTerminating(definition)) return status;
  const { names, conflict } = acceptedNames(definition, others);
  const accepted: Condition = conflict ?? {
    ...{ type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' },
  };
  const named = withCondition(
    { ...status, acceptedNames: names as CustomResourceDefinitionNames },
    accepted,
    now,
  );
  const established = withCondition(named, establishedOf(definition, conflict === null), now);
  const approval = approvalConditionOf(definition);
  const next = approval === null ? established : withCondition(established, approval, now);
  return JSON.stringify(next) === JSON.stringify(status) ? status : next;
}

/** What has been served once stays so: its objects are there. */
function establishedOf(definition: CustomResourceDefinition, isAccepted: boolean): Condition {
  const old = conditionOf(definition, 'Established');
  const type = 'Established';
  if (old?.status === 'True' || isAccepted) {
    const message = 'the initial names have been accepted';
    return { type, status: 'True', reason: 'InitialNamesAccepted', message };
  }
  return { type, status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' };
}

const approvalReasons = {
  ...{ approved: 'ApprovedAnnotation', bypassed: 'UnapprovedAnnotation' },
  ...{ missing: 'MissingAnnotation', invalid: 'InvalidAnnotation' },
} as const;

/** Null: its group needs nobody's approval. */
function approvalConditionOf(definition: CustomResourceDefinition): Condition | null {
  const approval = approvalOf(definition);
  if (approval === null) return null;
  const { state, why: message } = approval;
  const status = state === 'approved' ? 'True' : 'False';
  return { type: 'KubernetesAPIApprovalPolicyConformant', status, reason: approvalReasons[state], message };
}

interface Accepted {
  readonly names: Names;
  readonly conflict: Condition | null;
}

function acceptedNames(
  definition: CustomResourceDefinition,
  others: readonly CustomResourceDefinition[],
): Accepted {
  const { names: wanted, group } = definition.spec;
  const own = definition.status?.acceptedNames ?? ({} as Names);
  const taken = takenIn(others.filter((one) => one.spec.group === group && isOther(one, definition)));
  const conflicts: Condition[] = [];
  const names: { -readonly [Name in keyof Names]: Names[Name] } = { ...own };
  const take = (
    field: 'plural' | 'singular' | 'kind' | 'listKind',
    reason: string,
    used: ReadonlySet<string>,
  ): void => {
    const name = wanted[field] ?? '';
    if (name === own[field] || !used.has(name)) names[field] = name;
    else conflicts.push(conflictOf(reason, [name]));
  };
  take('plural', 'PluralConflict', taken.resources);
  take('singular', 'SingularConflict', taken.resources);
  const short = (wanted.shortNames ?? []).filter(
    (name) => own.shortNames?.includes(name) !== true && taken.resources.has(name),
  );
  if (short.length > 0) conflicts.push(conflictOf('ShortNamesConflict', short));
  else names.shortNames = wanted.shortNames;
  take('kind', 'KindConflict', taken.kinds);
  take('listKind', 'ListKindConflict', taken.kinds);
  names.categories = wanted.categories;
  const known = Object.fromEntries(Object.entries(names).filter(([, value]) => value !== undefined));
  return { names: known, conflict: conflicts.at(-1) ?? null };
}

function isOther(one: CustomResourceDefinition, definition: CustomResourceDefinition): boolean {
  return one.metadata?.name !== definition.metadata?.name;
}

function takenIn(others: readonly CustomResourceDefinition[]) {
  const all = others.map(({ status }) => status?.acceptedNames ?? ({} as Names));
  const present = (names: readonly (string | undefined)[]): ReadonlySet<string> =>
    new Set(names.filter((name) => name !== undefined).filter((name) => name !== ''));
  return {
    resources: present(
      all.flatMap(({ plural, singular, shortNames = [] }) => [plural, singular, ...shortNames]),
    ),
    kinds: present(all.flatMap(({ kind, listKind }) => [kind, listKind])),
  };
}

function conflictOf(reason: string, names: readonly string[]): Condition {
  const words = names.map((name) => `${JSON.stringify(name)} is already in use`);
  const message = words.length === 1 ? (words[0] as string) : `[${words.join(', ')}]`;
  return { type: 'NamesAccepted', status: 'False', reason, message };
}

export function withCondition(
  status: CustomResourceDefinitionStatus,
  condition: Condition,
  now: string,
): CustomResourceDefinitionStatus {
  const conditions = status.conditions ?? [];
  const old = conditions.find(({ type }) => type === condition.type);
  const since = old?.status === condition.status ? (old.lastTransitionTime ?? now) : now;
  const { type, status: value, reason, message } = condition;
  const next = { type, status: value, lastTransitionTime: since, reason, message };
  if (old === undefined) return { ...status, conditions: [...conditions, next] };
  return { ...status, conditions: conditions.map((one) => (one === old ? next : one)) };
}

export const cleanupFinalizer = 'customresourcecleanup.apiextensions.k8s.io';

export type CleanupStep =
  /** Nothing to do: it is not going away, or others have to let go of it first. */
  | { readonly kind: 'none' }
  /** Its objects have to go. */
  | { readonly kind: 'deleteObjects' }
  /** It can go itself. */
  | { readonly kind: 'release'; readonly condition: Condition };

/** @param left how many objects there are of it */
export function planCleanup(definition: CustomResourceDefinition, left: number): CleanupStep {
  const isHeld = definition.metadata?.finalizers?.includes(cleanupFinalizer) === true;
  if (!isTerminating(definition) || !isHeld) return { kind: 'none' };
  const done = (reason: string, message: string): CleanupStep => ({
    kind: 'release',
    condition: { type: 'Terminating', status: 'False', reason, message },
  });
  if (!hasCondition(definition, 'Established'))
    return done('NeverEstablished', 'resource was never established');
  return left > 0 ? { kind: 'deleteObjects' } : done('InstanceDeletionCompleted', 'removed all instances');
}
