/** Which fields a write can set, by the paths of those that it cannot, or alone can. (rest.ResetFieldsStrategy) Pure. */
import { fieldElement } from './element.ts';
import { differenceWithBelow, type FieldSet, intersectionWithBelow, setOf } from './field-set.ts';
import type { Settable } from './ownership.ts';

/** @param paths such as `metadata.labels`, each with all below it */
export function settableWithout(paths: readonly string[]): Settable {
  const kept = fieldsAt(paths);
  return (fields) => differenceWithBelow(fields, kept);
}

/** @param paths such as `spec.ephemeralContainers`, each with all below it */
export function settableOnly(paths: readonly string[]): Settable {
  const own = fieldsAt(paths);
  return (fields) => intersectionWithBelow(fields, own);
}

function fieldsAt(paths: readonly string[]): FieldSet {
  return setOf(paths.map((path) => path.split('.').map(fieldElement)));
}
