/** Rules beside `meta/field-checks.ts` that fields of many kinds have in common. (k8s.io/apimachinery/pkg/api/validation) Pure. */
import { isSameJson, type JsonValue } from '../../apiserver/schemas/protobuf/json-value.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { invalidShown, invalidValue } from '../field-errors.ts';
import { goText } from './go-syntax.ts';

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

/** @param show the new value in Go's syntax, where it is no scalar */
export function immutable(
  next: unknown,
  old: unknown,
  field: string,
  show: (value: unknown) => string = goText,
): FieldError[] {
  return isSame(next, old) ? [] : [invalidShown(field, show(next), 'field is immutable')];
}

/** What is absent is the same as null: Go writes neither. */
export function isSame(next: unknown, old: unknown): boolean {
  return isSameJson((next ?? null) as JsonValue, (old ?? null) as JsonValue);
}

/** The places of what stands in the list before them already. */
export function repeated<T>(items: readonly T[]): ReadonlySet<number> {
  const seen = new Set<T>();
  const again = new Set<number>();
  for (const [index, item] of items.entries()) {
    if (seen.has(item)) again.add(index);
    seen.add(item);
  }
  return again;
}
