/** `metav1.LabelSelector`, held against labels and written in one line. (k8s.io/apimachinery/pkg/apis/meta/v1/helpers.go) Pure. */

import type { LabelSelector } from '../../apiserver/schemas/generated/types/meta-v1.ts';
import type { JsonObject } from '../../apiserver/schemas/protobuf/json-value.ts';
import { compareAsBytes } from '../../apiserver/schemas/protobuf/json-value.ts';
import { matchesLabels, type Requirement } from '../../apiserver/selectors/label-selector.ts';
import { checkLabelSelector } from '../meta/label-selector.ts';

type Selector = LabelSelector | null | undefined;
type Labels = Readonly<Record<string, string>> | null | undefined;

const operators = { In: 'in', NotIn: 'notIn', Exists: 'exists', DoesNotExist: 'doesNotExist' } as const;

/** Nothing selects nothing, and an empty selector everything. Null: it is not valid. */
export function selects(selector: Selector, labels: Labels): boolean | null {
  if (!selector) return false;
  if (!isValid(selector)) return null;
  return matchesLabels(requirementsOf(selector), labels ?? {});
}

/** An empty one selects everything. */
export function isEmptySelector(selector: Selector): boolean {
  const { matchLabels, matchExpressions } = selector ?? {};
  return Object.keys(matchLabels ?? {}).length + (matchExpressions ?? []).length === 0;
}

/** `app=web,tier in (a,b),!canary`, sorted by key; '' for one that selects nothing or everything, or is not valid. */
export function formatSelector(selector: Selector): string {
  if (!selector || !isValid(selector)) return '';
  const equals = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => ({
    ...{ key, text: `${key}=${value}` },
  }));
  const others = (selector.matchExpressions ?? []).map(({ key, operator, values }) => ({
    ...{ key, text: formatRequirement(key, operator, values ?? []) },
  }));
  return [...equals, ...others]
    .sort((a, b) => compareAsBytes(a.key, b.key))
    .map(({ text }) => text)
    .join(',');
}

function formatRequirement(key: string, operator: string, values: readonly string[]): string {
  if (operator === 'Exists') return key;
  if (operator === 'DoesNotExist') return `!${key}`;
  return `${key} ${operator.toLowerCase()} (${values.toSorted(compareAsBytes).join(',')})`;
}

function isValid(selector: LabelSelector): boolean {
  return checkLabelSelector(selector as JsonObject, '').length === 0;
}

function requirementsOf({ matchLabels, matchExpressions }: LabelSelector): Requirement[] {
  return [
    ...Object.entries(matchLabels ?? {}).map(
      ([key, value]) => ({ key, operator: 'in', values: [value] }) as const,
    ),
    ...(matchExpressions ?? []).map(({ key, operator, values }) => ({
      ...{ key, operator: operators[operator as keyof typeof operators], values: values ?? [] },
    })),
  ];
}
