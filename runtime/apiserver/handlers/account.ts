/**
 * Who owns what after a write: managed fields by the rules of the kind, which say what a write cannot set and therefore belongs to
 * nobody who sends it. (k8s.io/apiserver/pkg/endpoints/handlers/fieldmanager)
 */
import { applyManaged, updateManaged } from '../managed-fields/managed-fields.ts';
import type { Settable } from '../managed-fields/ownership.ts';
import { settableOnly, settableWithout } from '../managed-fields/settable.ts';
import type { ApiObject } from '../objects/object-bytes.ts';
import { isObject, isSameJson, type JsonObject, type JsonValue } from '../schemas/protobuf/json-value.ts';
import type { ServedKind, Strategy } from './served-kind.ts';

export interface Accounting {
  readonly manager: string;
  /** '' where it is the object itself. */
  readonly subresource: string;
  /** As `metav1.Time`. */
  readonly time: string;
}

/** @param live null: it is made */
export function accountUpdate(
  { managed, strategy }: ServedKind,
  live: ApiObject | null,
  next: ApiObject,
  accounting: Accounting,
): ApiObject {
  const writer = { ...accounting, settable: settableBy(strategy, accounting.subresource) };
  return updateManaged(managed, live as JsonObject | null, next as JsonObject, writer) as ApiObject;
}

/** @throws ApiError for conflicts, and for what cannot be applied */
export function accountApply(
  { managed, strategy }: ServedKind,
  live: ApiObject | null,
  applied: ApiObject,
  accounting: Accounting & { readonly force: boolean },
): ApiObject {
  const writer = { ...accounting, settable: settableBy(strategy, accounting.subresource) };
  return applyManaged(managed, live as JsonObject | null, applied as JsonObject, writer) as ApiObject;
}

function settableBy({ hasStatus, resets, parts }: Strategy, subresource: string): Settable {
  const only = parts?.[subresource]?.writesOnly;
  if (only !== undefined) return settableOnly(only);
  return settableWithout(resets?.[subresource] ?? (hasStatus ? (usual[subresource] ?? []) : []));
}

/** Where status is written by itself. */
const usual: Readonly<Record<string, readonly string[]>> = { '': ['status'], status: ['spec'] };

/**
 * What has changed in nothing but the times of its managed fields keeps the old ones, and so its version.
 * (fieldmanager/equality.go, IgnoreManagedFieldsTimestampsTransformer)
 */
export function withoutNewTimes(next: ApiObject, old: ApiObject): ApiObject {
  const [before, after] = [entriesOf(old), entriesOf(next)];
  if (before.length !== after.length || isSameJson(after, before)) return next;
  if (!isSameJson(after.map(withoutTime), before.map(withoutTime))) return next;
  const kept = { ...next, metadata: { ...next.metadata, managedFields: old.metadata.managedFields } };
  return isSameJson(kept as JsonObject, old as JsonObject) ? kept : next;
}

function entriesOf({ metadata: { managedFields } }: ApiObject): JsonValue[] {
  return Array.isArray(managedFields) ? (managedFields as JsonValue[]) : [];
}

function withoutTime(entry: JsonValue): JsonValue {
  if (!isObject(entry)) return entry;
  const { time: _, ...others } = entry;
  return others;
}
