/** Whether a webhook, or a policy, is about a request. (k8s.io/apiserver/pkg/admission/plugin/webhook/predicates) Pure. */
import type { Resource } from '../../resources/resource.ts';
import {
  type LabelSelector,
  type Labels,
  matchesLabels,
  type Requirement,
} from '../../selectors/label-selector.ts';
import type { Asked } from '../plugin.ts';

export interface Rule {
  readonly operations?: readonly string[] | undefined;
  readonly apiGroups?: readonly string[] | undefined;
  readonly apiVersions?: readonly string[] | undefined;
  readonly resources?: readonly string[] | undefined;
  readonly resourceNames?: readonly string[] | undefined;
  readonly scope?: string | undefined;
}

/**
 * In which version of its resource the request is meant: its own, or another one with `Equivalent`.
 * @param equivalents the same objects in other versions
 * @returns null where no rule is about it
 */
export function matchRules(
  rules: readonly Rule[],
  asked: Asked,
  equivalents: readonly Resource[],
): Resource | null {
  const isOwn = rules.some((rule) => fits(rule, asked, asked.resource));
  if (isOwn) return asked.resource;
  return equivalents.find((other) => rules.some((rule) => fits(rule, asked, other))) ?? null;
}

function fits(rule: Rule, asked: Asked, { group, version, resource, namespaced }: Resource): boolean {
  const has = (list: readonly string[] | undefined, value: string): boolean =>
    list?.some((one) => one === '*' || one === value) === true;
  const scope = rule.scope ?? '*';
  // A namespace is in none, though its path is.
  const isWithin = namespaced;
  return (
    has(rule.operations, asked.operation) &&
    has(rule.apiGroups, group) &&
    has(rule.apiVersions, version) &&
    (scope === '*' || (scope === 'Namespaced') === isWithin) &&
    (rule.resources ?? []).some((one) => fitsResource(one, resource, asked.subresource)) &&
    ((rule.resourceNames ?? []).length === 0 || rule.resourceNames?.includes(asked.name) === true)
  );
}

/** `pods` is without its subresources; a star behind the slash is all of them, one before it all resources. */
function fitsResource(pattern: string, resource: string, subresource: string): boolean {
  const [plural = '', sub = ''] = pattern.split('/');
  return (plural === '*' || plural === resource) && (sub === '*' || sub === subresource);
}

/** What nobody may stand before: or a broken one could not be taken away. */
export function isExempt({ resource: { group, resource } }: Asked): boolean {
  return group === 'admissionregistration.k8s.io' && exempt.has(resource);
}

const exempt: ReadonlySet<string> = new Set([
  ...['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'],
  ...['validatingadmissionpolicies', 'validatingadmissionpolicybindings'],
]);

/** `metav1.LabelSelector`; none and an empty one select everything. */
export function matchesSelector(selector: unknown, labels: Labels): boolean {
  return matchesLabels(readSelector(selector), labels);
}

const operators: Readonly<Record<string, Requirement['operator']>> = {
  ...{ In: 'in', NotIn: 'notIn', Exists: 'exists', DoesNotExist: 'doesNotExist' },
};

function readSelector(selector: unknown): LabelSelector {
  const { matchLabels = {}, matchExpressions = [] } = (selector ?? {}) as {
    readonly matchLabels?: Labels;
    readonly matchExpressions?: readonly { key: string; operator: string; values?: readonly string[] }[];
  };
  return [
    ...Object.entries(matchLabels).map(([key, value]) => ({ key, operator: 'in' as const, values: [value] })),
    ...matchExpressions.map(({ key, operator, values = [] }) => ({
      ...{ key, values },
      operator: operators[operator] ?? 'exists',
    })),
  ];
}
