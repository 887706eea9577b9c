/**
 * How a field is merged when several write it (server-side apply), from what its type says: the same rules by which
 * Kubernetes makes the schema of structured merge out of OpenAPI.
 */
import type { ApiField } from './registry.ts';

export type MergeRule =
  /** Owned and replaced as a whole. */
  | { readonly kind: 'atomic' }
  /** Each of its fields or keys has owners of its own. */
  | { readonly kind: 'granular' }
  /** A list in which each value has owners of its own. */
  | { readonly kind: 'set' }
  /** A list of objects that are told apart by these fields. */
  | { readonly kind: 'associative'; readonly keys: readonly string[] };

export function mergeRule(field: ApiField): MergeRule {
  if (field.shape === 'list') return listRule(field);
  if (field.shape === 'map') return { kind: field.mapType === 'atomic' ? 'atomic' : 'granular' };
  // Among types with an encoding of their own only the set of fields is an object to Kubernetes; embedded JSON is one value.
  if (field.of.kind === 'special') return { kind: field.of.special === 'fields' ? 'granular' : 'atomic' };
  if (field.of.kind === 'scalar') return { kind: 'atomic' };
  return { kind: field.mapType === 'atomic' || field.of.type.isAtomic ? 'atomic' : 'granular' };
}

/** Older lists say only how strategic merge patch treats them. */
function listRule({ listType, listMapKeys, patchStrategy, patchMergeKey }: ApiField): MergeRule {
  if (listType === 'map') return { kind: 'associative', keys: listMapKeys ?? [] };
  if (listType !== undefined) return { kind: listType };
  if (patchStrategy === undefined || !patchStrategy.split(',').includes('merge')) return { kind: 'atomic' };
  return patchMergeKey === undefined ? { kind: 'set' } : { kind: 'associative', keys: [patchMergeKey] };
}
