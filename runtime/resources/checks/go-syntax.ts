/**
 * Values as the real server 1.32 shows them in its sentences: text and numbers plainly, structures in Go's own syntax
 * (`%#v`). (k8s.io/apimachinery/pkg/util/validation/field/errors.go, ErrorBody) Pure.
 */

import { stringifyJson } from '../../apiserver/objects/json-text.ts';
import type { LabelSelector } from '../../apiserver/schemas/generated/types/meta-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { showStringMap, showStrings } from '../meta/go-syntax.ts';

/** Where the value says nothing, and is left out. */
export function invalidAsWhole(field: string, why: string): FieldError {
  return { reason: 'FieldValueInvalid', field, message: `Invalid value: ${why}` };
}

export function notSupportedGo(field: string, shown: string, known: readonly string[]): FieldError {
  const list = known.map((word) => JSON.stringify(word)).join(', ');
  const message = `Unsupported value: ${shown}: supported values: ${list}`;
  return { reason: 'FieldValueNotSupported', field, message };
}

/** A scalar, or what has no words of its own here. A pointer to nothing is the word null. */
export function goText(value: unknown): string {
  return value === undefined || value === null ? '"null"' : stringifyJson(value);
}

export function goSelector(selector: LabelSelector | null | undefined): string {
  if (!selector) return '"null"';
  const { matchLabels, matchExpressions } = selector;
  const type = 'v1.LabelSelectorRequirement';
  const expressions = matchExpressions
    ? `[]${type}{${matchExpressions.map(({ key, operator, values }) => `${type}{Key:${goText(key)}, Operator:${goText(operator)}, Values:${showStrings(values)}}`).join(', ')}}`
    : `[]${type}(nil)`;
  return `v1.LabelSelector{MatchLabels:${showStringMap(matchLabels)}, MatchExpressions:${expressions}}`;
}

export function goIntOrString(value: unknown): string {
  const isText = typeof value === 'string';
  const [number, text] = isText ? [0, value] : [value ?? 0, ''];
  return `intstr.IntOrString{Type:${isText ? 1 : 0}, IntVal:${number}, StrVal:${JSON.stringify(text)}}`;
}

export function goNumbers(type: string, values: readonly number[] | null | undefined): string {
  return values ? `[]${type}{${values.join(', ')}}` : `[]${type}(nil)`;
}

/** `2026-01-01T00:00:01Z` as Go prints a time. */
export function goTime(time: string): string {
  return `${time.replace('T', ' ').replace(/Z$/, '')} +0000 UTC`;
}

/** An address, where something is there: nobody can foresee which. */
export function goPointer(type: string, value: unknown): string {
  return `(*${type})(${value === undefined || value === null ? 'nil' : '0xc000000000'})`;
}

const scales: Readonly<Record<string, number>> = {
  ...{ n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 },
};

/** A quantity of few digits in a decimal unit; others as they were written. */
export function goQuantity(quantity: string): string {
  const [, digits = '', unit = ''] = /^(-?\d{1,18})([numkMGTPE]?)$/.exec(quantity) ?? [];
  if (digits === '') return JSON.stringify(quantity);
  const isZero = Number(digits) === 0;
  const amount = `resource.int64Amount{value:${Number(digits)}, scale:${isZero ? 0 : scales[unit]}}`;
  const rest = `d:resource.infDecAmount{Dec:(*inf.Dec)(nil)}, s:${JSON.stringify(quantity)}, Format:"DecimalSI"`;
  return `resource.Quantity{i:${amount}, ${rest}}`;
}
