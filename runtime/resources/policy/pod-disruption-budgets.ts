/** Pod disruption budgets. (pkg/apis/policy, pkg/registry/policy/poddisruptionbudget) Pure. */
import { pathSegment } from '../../apiserver/objects/name-rules.ts';
import type {
  PodDisruptionBudget,
  PodDisruptionBudgetSpec,
} from '../../apiserver/schemas/generated/types/api-policy-v1.ts';
import type { JsonObject } from '../../apiserver/schemas/protobuf/json-value.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { checkConditions } from '../checks/conditions.ts';
import { nonNegative } from '../checks/fields.ts';
import { goPointer } from '../checks/go-syntax.ts';
import { atMostAll, checkIntOrPercent } from '../checks/int-or-percent.ts';
import { invalidShown } from '../field-errors.ts';
import { kindStrategy } from '../kind.ts';
import { checkOptionalOneOf, when } from '../meta/field-checks.ts';
import { checkLabelSelector } from '../meta/label-selector.ts';

export const podDisruptionBudgets = kindStrategy<PodDisruptionBudget>({
  ...{ name: pathSegment, countsGenerations: true, hasStatus: true, needsVersion: true },
  takesPlainFinalizers: true,
  check: ({ spec }) => checkSpec(spec ?? {}),
  checkStatusUpdate: ({ status }) => [
    ...checkConditions(status?.conditions, 'status.conditions'),
    ...nonNegative(
      status,
      'status',
      ...(['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'] as const),
    ),
  ],
});

function checkSpec(spec: PodDisruptionBudgetSpec): FieldError[] {
  const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy: policy } = spec;
  const isSet = (value: unknown): boolean => value !== undefined && value !== null;
  const both = 'minAvailable and maxUnavailable cannot be both set';
  return [
    ...when(isSet(minAvailable) && isSet(maxUnavailable), invalidShown('spec', showSpec(spec), both)),
    ...checkIntOrPercent(minAvailable, 'spec.minAvailable'),
    ...atMostAll(minAvailable, 'spec.minAvailable'),
    ...checkIntOrPercent(maxUnavailable, 'spec.maxUnavailable'),
    ...atMostAll(maxUnavailable, 'spec.maxUnavailable'),
    ...checkLabelSelector(selector as JsonObject | undefined, 'spec.selector'),
    ...checkOptionalOneOf(policy, 'spec.unhealthyPodEvictionPolicy', ['AlwaysAllow', 'IfHealthyBudget']),
  ];
}

function showSpec(spec: PodDisruptionBudgetSpec): string {
  const fields = [
    `MinAvailable:${goPointer('intstr.IntOrString', spec.minAvailable)}`,
    `Selector:${goPointer('v1.LabelSelector', spec.selector)}`,
    `MaxUnavailable:${goPointer('intstr.IntOrString', spec.maxUnavailable)}`,
    `UnhealthyPodEvictionPolicy:${goPointer('policy.UnhealthyPodEvictionPolicyType', spec.unhealthyPodEvictionPolicy)}`,
  ];
  return `policy.PodDisruptionBudgetSpec{${fields.join(', ')}}`;
}
