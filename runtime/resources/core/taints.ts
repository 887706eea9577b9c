/** Taints of nodes, and what tolerates them. (pkg/apis/core/validation) Pure. */
import { labelKey, labelValueOf } from '../../apiserver/objects/name-rules.ts';
import type { Taint, Toleration } from '../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { invalidValue } from '../field-errors.ts';
import { checkFilledOneOf, checkName, checkOneOf, inList, when } from '../meta/field-checks.ts';

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

export function checkTaints(taints: readonly Taint[] | undefined, field: string): readonly FieldError[] {
  const seen = new Set<string>();
  return inList(taints, field, (taint, at) => {
    const { key, value = '', effect } = taint;
    const pair = `${key}\0${effect}`;
    const isRepeated = seen.has(pair);
    seen.add(pair);
    const why = labelValueOf(value);
    return [
      ...checkName(labelKey, key, `${at}.key`),
      ...when(why.length > 0, invalidValue(`${at}.value`, value, why.join(';'))),
      ...checkFilledOneOf(effect, `${at}.effect`, effects),
      ...when(isRepeated, {
        ...{ reason: 'FieldValueDuplicate', field: at },
        message: `Duplicate value: ${showTaint(taint)}: taints must be unique by key and effect pair`,
      }),
    ];
  });
}

export function checkTolerations(
  tolerations: readonly Toleration[] | undefined,
  field: string,
): readonly FieldError[] {
  return inList(tolerations, field, checkToleration);
}

function checkToleration(toleration: Toleration, field: string): readonly FieldError[] {
  const { key = '', operator = '', effect = '', tolerationSeconds } = toleration;
  return [
    ...(key === '' ? [] : checkName(labelKey, key, `${field}.key`)),
    ...when(
      key === '' && operator !== 'Exists',
      invalidValue(
        `${field}.operator`,
        operator,
        'operator must be Exists when `key` is empty, which means "match all values and all keys"',
      ),
    ),
    ...when(
      tolerationSeconds !== undefined && effect !== 'NoExecute',
      invalidValue(`${field}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"),
    ),
    ...checkOperator(toleration, `${field}.operator`),
    ...(effect === '' ? [] : checkOneOf(effect, `${field}.effect`, effects)),
  ];
}

function checkOperator({ operator = '', value = '' }: Toleration, field: string): readonly FieldError[] {
  if (operator === '' || operator === 'Equal') {
    const why = labelValueOf(value);
    return when(why.length > 0, invalidValue(field, value, why.join(';')));
  }
  if (operator !== 'Exists') return checkOneOf(operator, field, ['Equal', 'Exists']);
  return when(value !== '', invalidValue(field, value, "value must be empty when `operator` is 'Exists'"));
}

function showTaint({ key, value = '', effect }: Taint): string {
  const words = [key, value, effect].map((word) => JSON.stringify(word));
  return `core.Taint{Key:${words[0]}, Value:${words[1]}, Effect:${words[2]}, TimeAdded:<nil>}`;
}
