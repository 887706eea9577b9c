/**
 * What is wrong with a field, in the words of the real server, since people search for them.
 * (k8s.io/apimachinery/pkg/util/validation/field/errors.go) Pure.
 */
import { stringifyJson } from '../apiserver/objects/json-text.ts';
import type { FieldError } from '../apiserver/status.ts';

export function required(field: string, why = ''): FieldError {
  return { reason: 'FieldValueRequired', field, message: `Required value${why === '' ? '' : `: ${why}`}` };
}

export function invalidValue(field: string, value: unknown, why: string): FieldError {
  return { reason: 'FieldValueInvalid', field, message: `Invalid value: ${show(value)}: ${why}` };
}

/** A name that stands for nothing that is there. */
export function notFoundValue(field: string, value: unknown, why = ''): FieldError {
  const message = `Not found: ${show(value)}${why === '' ? '' : `: ${why}`}`;
  return { reason: 'FieldValueNotFound', field, message };
}

/** For a value that Go writes in its own syntax. @param shown as it does */
export function invalidShown(field: string, shown: string, why: string): FieldError {
  return { reason: 'FieldValueInvalid', field, message: `Invalid value: ${cut(shown)}: ${why}` };
}

/** @param known sorted, as they are to be listed */
export function notSupported(field: string, value: unknown, known: readonly string[]): FieldError {
  const list = known.map((word) => JSON.stringify(word)).join(', ');
  return {
    ...{ reason: 'FieldValueNotSupported', field },
    message: `Unsupported value: ${show(value)}: supported values: ${list}`,
  };
}

export function duplicate(field: string, value: unknown): FieldError {
  return { reason: 'FieldValueDuplicate', field, message: `Duplicate value: ${show(value)}` };
}

export function forbiddenField(field: string, why: string): FieldError {
  return { reason: 'FieldValueForbidden', field, message: `Forbidden: ${why}` };
}

export function tooLong(field: string, mostBytes: number): FieldError {
  return {
    ...{ reason: 'FieldValueTooLong', field },
    message: `Too long: may not be more than ${mostBytes} bytes`,
  };
}

export function tooMany(field: string, count: number, most: number): FieldError {
  const message = `Too many: ${count}: must have at most ${most} items`;
  return { reason: 'FieldValueTooMany', field, message };
}

/** More than anybody reads; a value can be as large as a request, and be shown once for each of its parts. */
const longestShown = 10_000;

function show(value: unknown): string {
  return cut(stringifyJson(value ?? null));
}

function cut(text: string): string {
  return text.length > longestShown ? `${text.slice(0, longestShown)}...` : text;
}
