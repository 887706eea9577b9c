/** How fast an autoscaler goes up and down. (pkg/apis/autoscaling/v2/defaults.go, validation) Pure. */
import type {
  HorizontalPodAutoscalerBehavior,
  HPAScalingPolicy,
  HPAScalingRules,
} from '../../apiserver/schemas/generated/types/api-autoscaling-v2.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { invalidValue, notSupported, required } from '../field-errors.ts';
import { checkOptionalOneOf, inList, when } from '../meta/field-checks.ts';

const longestPeriodSeconds = 1800;
const longestWindowSeconds = 3600;

const percent = { type: 'Percent', value: 100, periodSeconds: 15 };
const usualUp: HPAScalingRules = {
  stabilizationWindowSeconds: 0,
  selectPolicy: 'Max',
  policies: [{ type: 'Pods', value: 4, periodSeconds: 15 }, percent],
};
/** Its window is the controller's own, so that there is none here. */
const usualDown: HPAScalingRules = { selectPolicy: 'Max', policies: [percent] };

export function fillInBehavior(behavior: HorizontalPodAutoscalerBehavior): HorizontalPodAutoscalerBehavior {
  return {
    ...behavior,
    scaleUp: fillInRules(behavior.scaleUp, usualUp),
    scaleDown: fillInRules(behavior.scaleDown, usualDown),
  };
}

function fillInRules(rules: HPAScalingRules | undefined, usual: HPAScalingRules): HPAScalingRules {
  const set = Object.entries(rules ?? {}).filter(([, value]) => value !== undefined && value !== null);
  return { ...usual, ...Object.fromEntries(set) };
}

export function checkBehavior(behavior: HorizontalPodAutoscalerBehavior, field: string): FieldError[] {
  return [
    ...(behavior.scaleUp ? checkRules(behavior.scaleUp, `${field}.scaleUp`) : []),
    ...(behavior.scaleDown ? checkRules(behavior.scaleDown, `${field}.scaleDown`) : []),
  ];
}

function checkRules(rules: HPAScalingRules, field: string): FieldError[] {
  const { stabilizationWindowSeconds: seconds, selectPolicy, policies } = rules;
  const window = `${field}.stabilizationWindowSeconds`;
  const count = (policies ?? []).length;
  return [
    ...when((seconds ?? 0) < 0, invalidValue(window, seconds, 'must be greater than or equal to zero')),
    ...when(
      (seconds ?? 0) > longestWindowSeconds,
      invalidValue(window, seconds, `must be less than or equal to ${longestWindowSeconds}`),
    ),
    ...checkOptionalOneOf(selectPolicy, `${field}.selectPolicy`, ['Disabled', 'Max', 'Min']),
    ...when(count === 0, required(`${field}.policies`, 'must specify at least one Policy')),
    ...inList(policies, `${field}.policies`, checkPolicy),
  ];
}

function checkPolicy(
  { type = '', value = 0, periodSeconds = 0 }: HPAScalingPolicy,
  field: string,
): FieldError[] {
  const period = `${field}.periodSeconds`;
  const types = ['Percent', 'Pods'];
  return [
    ...when(!types.includes(type), notSupported(`${field}.type`, type, types)),
    ...when(value <= 0, invalidValue(`${field}.value`, value, 'must be greater than zero')),
    ...when(periodSeconds <= 0, invalidValue(period, periodSeconds, 'must be greater than zero')),
    ...when(
      periodSeconds > longestPeriodSeconds,
      invalidValue(period, periodSeconds, `must be less than or equal to ${longestPeriodSeconds}`),
    ),
  ];
}
