/**
 * What is wrong with a field, in the real server's words. (k8s.io/apimachinery/pkg/util/validation/field/errors.go)
 */
import { stringifyJson } from '../../objects/json-text.ts';
import type { FieldError } from '../../status.ts';

/** Longer values are cut: one may be as large as a request, and stand here often. */
const longestShown = 10_000;

function show(value: unknown): string {
  const text = value === null || value === undefined ? '"null"' : stringifyJson(value as object);
  return text.length > longestShown ? `${text.slice(0, longestShown)}...` : text;
}

/** Go's name for the place that is none. */
function placed(field: string): string {
  return field === '' ? '<nil>' : field;
}

export function invalidAt(field: string, value: unknown, why: string): FieldError {
  const message = `Invalid value: ${show(value)}: ${why}`;
  return { reason: 'FieldValueInvalid', field: placed(field), message };
}

export function requiredAt(field: string, why = ''): FieldError {
  const message = why === '' ? 'Required value' : `Required value: ${why}`;
  return { reason: 'FieldValueRequired', field: placed(field), message };
}

export function forbiddenAt(field: string, why: string): FieldError {
  return { reason: 'FieldValueForbidden', field: placed(field), message: `Forbidden: ${why}` };
}

export function duplicateAt(field: string, value: unknown): FieldError {
  return { reason: 'FieldValueDuplicate', field: placed(field), message: `Duplicate value: ${show(value)}` };
}

export function tooLongAt(field: string, most: number): FieldError {
  const message = `Too long: may not be more than ${most} bytes`;
  return { reason: 'FieldValueTooLong', field: placed(field), message };
}

export function tooManyAt(field: string, count: number, most: number): FieldError {
  const message = `Too many: ${count}: must have at most ${most} items`;
  return { reason: 'FieldValueTooMany', field: placed(field), message };
}

/** @param known those that are allowed */
export function notOneOf(field: string, value: unknown, known: readonly unknown[]): FieldError {
  const words = known.map((one) =>
    JSON.stringify(typeof one === 'string' ? one : stringifyJson(one as object)),
  );
  const message = `Unsupported value: ${show(value)}: supported values: ${words.join(', ')}`;
  return { reason: 'FieldValueNotSupported', field: placed(field), message };
}

/** `spec`, `name` -> `spec.name`. */
export function below(field: string, name: string): string {
  return field === '' ? name : `${field}.${name}`;
}

/** An item of a list, or a key of a map. */
export function within(field: string, key: string | number): string {
  return `${field}[${key}]`;
}
