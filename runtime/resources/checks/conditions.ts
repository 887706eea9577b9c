/** `metav1.Condition`. (k8s.io/apimachinery/pkg/apis/meta/v1/validation) Pure. */

import { labelKey } from '../../apiserver/objects/name-rules.ts';
import type { Condition } from '../../apiserver/schemas/generated/types/meta-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { duplicate, invalidValue, required, tooLong } from '../field-errors.ts';
import { checkName, checkOptionalOneOf, inList } from '../meta/field-checks.ts';
import { repeated } from './fields.ts';

const longestReason = 1024;
const longestMessage = 32 * 1024;
const reasonPattern = /^[A-Za-z](?:[A-Za-z0-9_,:]*[A-Za-z0-9_])?$/;
const reasonWords =
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?')";

export function checkConditions(
  conditions: readonly Condition[] | null | undefined,
  field: string,
): FieldError[] {
  const again = repeated((conditions ?? []).map(({ type }) => type ?? ''));
  return inList(conditions, field, (condition, at, index) => [
    ...(again.has(index) ? [duplicate(`${at}.type`, condition.type)] : []),
    ...checkCondition(condition, at),
  ]);
}

function checkCondition(condition: Condition, field: string): FieldError[] {
  const { type = '', status = '', observedGeneration = 0, reason = '', message = '' } = condition;
  const isBelow = observedGeneration < 0;
  return [
    ...checkName(labelKey, type, `${field}.type`),
    ...checkOptionalOneOf(status, `${field}.status`, ['False', 'True', 'Unknown']),
    ...(isBelow
      ? [
          invalidValue(
            ...([`${field}.observedGeneration`, observedGeneration] as const),
            'must be greater than or equal to zero',
          ),
        ]
      : []),
    ...(condition.lastTransitionTime ? [] : [required(`${field}.lastTransitionTime`, 'must be set')]),
    ...checkReason(reason, `${field}.reason`),
    ...(Buffer.byteLength(message) > longestMessage ? [tooLong(`${field}.message`, longestMessage)] : []),
  ];
}

function checkReason(reason: string, field: string): FieldError[] {
  if (reason === '') return [required(field, 'must be set')];
  const isLong = reason.length > longestReason;
  const isFine = !isLong && reasonPattern.test(reason);
  return [
    ...(isFine || isLong ? [] : [invalidValue(field, reason, reasonWords)]),
    ...(isLong ? [tooLong(field, longestReason)] : []),
  ];
}
