/** The checks that most fields need, in the real server's words. Each gives what is wrong, and nothing where all is well. Pure. */
import type { NameRule } from '../../apiserver/objects/name-rules.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { duplicate, invalidValue, notSupported, required } from '../field-errors.ts';

/** The errors where the condition holds, and none otherwise. */
export function when(condition: boolean, ...errors: readonly FieldError[]): readonly FieldError[] {
  return condition ? errors : [];
}

/** Checks each item of a list at its own place. */
export function inList<T>(
  items: readonly T[] | null | undefined,
  field: string,
  check: (item: T, field: string, index: number) => readonly FieldError[],
): FieldError[] {
  return (items ?? []).flatMap((item, index) => check(item, `${field}[${index}]`, index));
}

/** Each value but the first of its kind. @param place of an item, behind the list's own field */
export function checkUnique<T>(
  items: readonly T[] | null | undefined,
  field: string,
  keyOf: (item: T) => string,
  place = '',
): FieldError[] {
  const seen = new Set<string>();
  return inList(items, field, (item, at) => {
    const key = keyOf(item);
    if (seen.has(key)) return [duplicate(`${at}${place}`, key)];
    seen.add(key);
    return [];
  });
}

export function checkFilled(
  value: string | null | undefined,
  field: string,
  why = '',
): readonly FieldError[] {
  return when((value ?? '') === '', required(field, why));
}

export function checkName(rule: NameRule, value: string | undefined, field: string): FieldError[] {
  return rule(value ?? '').map((why) => invalidValue(field, value ?? '', why));
}

export function checkFilledName(
  rule: NameRule,
  value: string | undefined,
  field: string,
): readonly FieldError[] {
  return (value ?? '') === '' ? [required(field)] : checkName(rule, value, field);
}

export function checkOptionalName(rule: NameRule, value: string | undefined, field: string): FieldError[] {
  return (value ?? '') === '' ? [] : checkName(rule, value, field);
}

/** @param known as they are to be listed */
export function checkOneOf(
  value: string | null | undefined,
  field: string,
  known: readonly string[],
): readonly FieldError[] {
  return when(!known.includes(value ?? ''), notSupported(field, value ?? '', known));
}

/** Where nothing at all is another fault. */
export function checkFilledOneOf(
  value: string | null | undefined,
  field: string,
  known: readonly string[],
): readonly FieldError[] {
  return (value ?? '') === '' ? [required(field)] : checkOneOf(value, field, known);
}

/** Absent is well. */
export function checkOptionalOneOf(
  value: string | null | undefined,
  field: string,
  known: readonly string[],
): readonly FieldError[] {
  return value === undefined || value === null ? [] : checkOneOf(value, field, known);
}

type Whole = number | bigint | null | undefined;

export function checkNotNegative(value: Whole, field: string): readonly FieldError[] {
  return when((value ?? 0) < 0, invalidValue(field, value, 'must be greater than or equal to 0'));
}

/** Absent is well. */
export function checkRange(value: Whole, field: string, least: number, most: number): readonly FieldError[] {
  if (value === undefined || value === null || (value >= least && value <= most)) return [];
  return [invalidValue(field, value, `must be between ${least} and ${most}, inclusive`)];
}

export function checkPort(value: Whole, field: string): readonly FieldError[] {
  return checkRange(value ?? 0, field, 1, 65535);
}

/** Of a user or group; absent is well. */
export function checkUserId(value: Whole, field: string): readonly FieldError[] {
  return checkRange(value, field, 0, 2147483647);
}

/** Permissions of a file; absent is well. */
export function checkFileMode(value: number | undefined, field: string): readonly FieldError[] {
  const why = 'must be a number between 0 and 0777 (octal), both inclusive';
  return when(value !== undefined && (value < 0 || value > 511), invalidValue(field, value, why));
}
