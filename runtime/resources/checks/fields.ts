/** Rules that fields of many kinds have in common. (k8s.io/apimachinery/pkg/api/validation) Pure. */
import type { NameRule } from '../../apiserver/objects/name-rules.ts';
import { isSameJson, type JsonValue } from '../../apiserver/schemas/protobuf/json-value.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { invalidValue, notSupported, required } from '../field-errors.ts';
import { goText, invalidGo } from './go-syntax.ts';

/** None of these fields is below zero; one that is not there is fine. */
export function nonNegative<T extends object>(
  object: T | null | undefined,
  field: string,
  ...names: readonly (keyof T & string)[]
): FieldError[] {
  return names.flatMap((name) => notBelowZero(object?.[name], `${field}.${name}`));
}

export function notBelowZero(value: unknown, field: string): FieldError[] {
  const isBelow = (typeof value === 'number' || typeof value === 'bigint') && value < 0;
  return isBelow ? [invalidValue(field, value, 'must be greater than or equal to 0')] : [];
}

/** What the rule says, about this field. */
export function named(rule: NameRule, value: string, field: string): FieldError[] {
  return rule(value).map((why) => invalidValue(field, value, why));
}

/** As `named`, of a field that has to be there. */
export function requiredName(
  rule: NameRule,
  value: string | null | undefined,
  field: string,
  why = '',
): FieldError[] {
  return (value ?? '') === '' ? [required(field, why)] : named(rule, value as string, field);
}

export function checkEach<T>(
  items: readonly T[] | null | undefined,
  field: string,
  check: (item: T, field: string, index: number) => readonly FieldError[],
): FieldError[] {
  return (items ?? []).flatMap((item, index) => check(item, `${field}[${index}]`, index));
}

/** One of the words; one that is not there is fine. @param known in the order in which they are to be listed */
export function oneOf(value: unknown, field: string, known: readonly string[]): FieldError[] {
  if (value === undefined || value === null || known.includes(value as string)) return [];
  return [notSupported(field, value, known)];
}

/** @param show the new value in Go's syntax, where it is no scalar */
export function immutable(
  next: unknown,
  old: unknown,
  field: string,
  show: (value: unknown) => string = goText,
): FieldError[] {
  if (isSame(next, old)) return [];
  return [invalidGo(field, show(next), 'field is immutable')];
}

/** What is absent is the same as null: Go writes neither. */
export function isSame(next: unknown, old: unknown): boolean {
  return isSameJson((next ?? null) as JsonValue, (old ?? null) as JsonValue);
}

/** What stands in the list more than once; the first time is fine. */
export function repeated<T>(items: readonly T[]): ReadonlySet<number> {
  const seen = new Set<T>();
  const again = new Set<number>();
  for (const [index, item] of items.entries()) {
    if (seen.has(item)) again.add(index);
    seen.add(item);
  }
  return again;
}
