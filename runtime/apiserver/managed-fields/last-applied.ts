/**
 * From client-side apply to server-side apply: `kubectl` takes over without conflict what its own annotation says that it
 * applied before. (k8s.io/apimachinery/pkg/util/managedfields/internal/lastappliedmanager.go)
 */
import { isObject, type JsonObject } from '../schemas/protobuf/json-value.ts';
import { difference, emptySet, type FieldSet, isEmptySet, union } from './field-set.ts';
import { compareObjects, fieldsOf } from './object-fields.ts';
import type { Conflict } from './ownership.ts';
import type { Shape } from './shape.ts';

const annotation = 'kubectl.kubernetes.io/last-applied-configuration';

/** The conflicts that stay when this manager applies onto this object. */
export function withoutLastApplied(
  { shape, apiVersion }: { readonly shape: Shape; readonly apiVersion: string },
  live: JsonObject,
  manager: string,
  conflicts: readonly Conflict[],
): readonly Conflict[] {
  if (manager !== 'kubectl') return conflicts;
  const lastApplied = readLastApplied(live);
  if (lastApplied?.apiVersion !== apiVersion) return conflicts;
  const allowed = unchangedFields(shape, lastApplied, live);
  return conflicts
    .map(({ owner, fields }) => ({ owner, fields: difference(fields, allowed) }))
    .filter(({ fields }) => !isEmptySet(fields));
}

/** What somebody changed since is not of who applied it. */
function unchangedFields(shape: Shape, lastApplied: JsonObject, live: JsonObject): FieldSet {
  const { added, modified, removed } = compareObjects(shape, lastApplied, live);
  return difference(fieldsOf(shape, lastApplied), [added, modified, removed].reduce(union, emptySet));
}

function readLastApplied({ metadata }: JsonObject): JsonObject | null {
  const annotations = isObject(metadata) ? metadata.annotations : undefined;
  const text = isObject(annotations) ? annotations[annotation] : undefined;
  if (typeof text !== 'string') return null;
  try {
    const read: unknown = JSON.parse(text);
    return isObject(read) ? read : null;
  } catch {
    return null;
  }
}
