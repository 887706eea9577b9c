/** What becomes of a job when one of its pods fails. (pkg/apis/batch/validation/validation.go) Pure. */

import { labelKey } from '../../apiserver/objects/name-rules.ts';
import type {
  JobSpec,
  PodFailurePolicy,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyOnPodConditionsPattern,
  PodFailurePolicyRule,
} from '../../apiserver/schemas/generated/types/api-batch-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { repeated } from '../checks/fields.ts';
import { goNumbers, invalidAsWhole } from '../checks/go-syntax.ts';
import { duplicate, invalidShown, invalidValue, notSupported, required, tooMany } from '../field-errors.ts';
import { checkName, inList } from '../meta/field-checks.ts';

const mostRules = 20;
const mostExitCodes = 255;
const mostPatterns = 20;
const actions = ['Count', 'FailIndex', 'FailJob', 'Ignore'];
const operators = ['In', 'NotIn'];
const statuses = ['False', 'True', 'Unknown'];

export function checkFailurePolicy(policy: PodFailurePolicy, spec: JobSpec, field: string): FieldError[] {
  const rules = policy.rules ?? [];
  const { containers, initContainers } = spec.template?.spec ?? {};
  const names = new Set([...(containers ?? []), ...(initContainers ?? [])].map(({ name }) => name));
  const hasIndexLimit = (spec.backoffLimitPerIndex ?? null) !== null;
  return [
    ...(rules.length > mostRules ? [tooMany(`${field}.rules`, rules.length, mostRules)] : []),
    ...inList(rules, `${field}.rules`, (rule, at) => checkRule(rule, names, hasIndexLimit, at)),
  ];
}

function checkRule(
  rule: PodFailurePolicyRule,
  containers: ReadonlySet<string>,
  hasIndexLimit: boolean,
  field: string,
): FieldError[] {
  const { onExitCodes: codes } = rule;
  const patterns = rule.onPodConditions ?? [];
  const both = 'specifying both OnExitCodes and OnPodConditions is not supported';
  const none = 'specifying one of OnExitCodes and OnPodConditions is required';
  const atPatterns = `${field}.onPodConditions`;
  return [
    ...checkAction(rule.action ?? '', hasIndexLimit, `${field}.action`),
    ...(codes ? checkExitCodes(codes, containers, `${field}.onExitCodes`) : []),
    ...(patterns.length > mostPatterns ? [tooMany(atPatterns, patterns.length, mostPatterns)] : []),
    ...inList(patterns, atPatterns, checkPattern),
    ...(codes && patterns.length > 0 ? [invalidAsWhole(field, both)] : []),
    ...(codes || patterns.length > 0 ? [] : [invalidAsWhole(field, none)]),
  ];
}

function checkAction(action: string, hasIndexLimit: boolean, field: string): FieldError[] {
  if (action !== 'FailIndex') return requiredWord(action, actions, field);
  return hasIndexLimit ? [] : [invalidValue(field, action, 'requires the backoffLimitPerIndex to be set')];
}

function checkPattern(pattern: PodFailurePolicyOnPodConditionsPattern, field: string): FieldError[] {
  return [
    ...checkName(labelKey, pattern.type ?? '', `${field}.type`),
    ...requiredWord(pattern.status ?? '', statuses, `${field}.status`),
  ];
}

function checkExitCodes(
  { operator, containerName, values }: PodFailurePolicyOnExitCodesRequirement,
  containers: ReadonlySet<string>,
  field: string,
): FieldError[] {
  const codes = values ?? [];
  const [at, shown] = [`${field}.values`, goNumbers('int32', values)];
  const again = repeated(codes);
  const isUnknown = (containerName ?? null) !== null && !containers.has(containerName!);
  const unknown = 'must be one of the container or initContainer names in the pod template';
  return [
    ...requiredWord(operator ?? '', operators, `${field}.operator`),
    ...(isUnknown ? [invalidValue(`${field}.containerName`, containerName, unknown)] : []),
    ...(codes.length === 0 ? [invalidShown(at, shown, 'at least one value is required')] : []),
    ...(codes.length > mostExitCodes ? [tooMany(at, codes.length, mostExitCodes)] : []),
    ...inList(codes, at, (code, each, index) => [
      ...(operator === 'In' && code === 0
        ? [invalidValue(each, code, 'must not be 0 for the In operator')]
        : []),
      ...(again.has(index) ? [duplicate(each, code)] : []),
    ]),
    ...(codes.some((code, index) => index > 0 && codes[index - 1]! > code)
      ? [invalidShown(at, shown, 'must be ordered')]
      : []),
  ];
}

function requiredWord(word: string, known: readonly string[], field: string): FieldError[] {
  if (word === '') {
    const list = known.map((each) => JSON.stringify(each)).join(' ');
    return [required(field, `valid values: [${list}]`)];
  }
  return known.includes(word) ? [] : [notSupported(field, word, known)];
}
