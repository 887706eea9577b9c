/** What is wrong with `metav1.LabelSelector`. (k8s.io/apimachinery/pkg/apis/meta/v1/validation) Pure. */
import { labelKey, labelValueOf } from '../../apiserver/objects/name-rules.ts';
import type { JsonObject } from '../../apiserver/schemas/protobuf/json-value.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { forbiddenField, invalidValue, required, tooLong } from '../field-errors.ts';

interface SelectorRequirement {
  readonly key?: string;
  readonly operator?: string;
  readonly values?: readonly string[];
}

/** @param selector null or undefined: there is none, and that is fine. */
export function checkLabelSelector(selector: JsonObject | null | undefined, field: string): FieldError[] {
  const { matchLabels, matchExpressions } = (selector ?? {}) as {
    matchLabels?: Readonly<Record<string, string>> | null;
    matchExpressions?: readonly SelectorRequirement[] | null;
  };
  return [
    ...checkLabels(matchLabels ?? {}, `${field}.matchLabels`),
    ...(matchExpressions ?? []).flatMap((requirement, index) =>
      checkRequirement(requirement, `${field}.matchExpressions[${index}]`),
    ),
  ];
}

export function checkLabels(labels: Readonly<Record<string, string>>, field: string): FieldError[] {
  return Object.entries(labels).flatMap(([key, value]) => [
    ...labelKey(key).map((why) => invalidValue(field, key, why)),
    ...labelValueOf(value).map((why) => invalidValue(field, value, why)),
  ]);
}

function checkRequirement(requirement: SelectorRequirement, field: string): FieldError[] {
  const { key = '', operator = '', values } = requirement;
  return [
    ...checkOperator(operator, values ?? [], field),
    ...labelKey(key).map((why) => invalidValue(`${field}.key`, key, why)),
    ...(values ?? []).flatMap((value, index) =>
      labelValueOf(value).map((why) => invalidValue(`${field}.values[${index}]`, value, why)),
    ),
  ];
}

function checkOperator(operator: string, values: readonly string[], field: string): FieldError[] {
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (values.length > 0) return [];
      return [required(`${field}.values`, "must be specified when `operator` is 'In' or 'NotIn'")];
    case 'Exists':
    case 'DoesNotExist':
      if (values.length === 0) return [];
      return [
        forbiddenField(
          `${field}.values`,
          "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
        ),
      ];
    default:
      return [invalidValue(`${field}.operator`, operator, 'not a valid selector operator')];
  }
}

const mostAnnotationBytes = 256 * 1024;

export function checkAnnotations(annotations: Readonly<Record<string, string>>, field: string): FieldError[] {
  const size = Object.entries(annotations).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  );
  return [
    ...Object.keys(annotations).flatMap((key) =>
      labelKey(key.toLowerCase()).map((why) => invalidValue(field, key, why)),
    ),
    ...(size > mostAnnotationBytes ? [tooLong(field, mostAnnotationBytes)] : []),
  ];
}
