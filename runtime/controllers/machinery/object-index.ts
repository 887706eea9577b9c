/** Objects that an informer knows, by place and by whatever else somebody looks for them. Pure but for its own memory. */
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { keyOf } from '../client/places.ts';

/** Reads of what an informer knows. The objects are shared: nobody changes them. */
export interface Lister {
  /** @param namespace '' for what is in none. */
  readonly get: (namespace: string, name: string) => ApiObject | null;
  readonly byKey: (key: string) => ApiObject | null;
  readonly all: () => readonly ApiObject[];
  readonly inNamespace: (namespace: string) => readonly ApiObject[];
}

export interface ObjectIndex {
  readonly lister: Lister;
  /** @returns what was there before. */
  readonly put: (object: ApiObject) => ApiObject | null;
  readonly remove: (key: string) => ApiObject | null;
}

export function objectIndex(): ObjectIndex {
  const byKey = new Map<string, ApiObject>();
  const byNamespace = new Map<string, Map<string, ApiObject>>();
  const get = (key: string): ApiObject | null => byKey.get(key) ?? null;
  return {
    lister: {
      get: (namespace, name) => get(keyOf({ metadata: { namespace, name } })),
      byKey: get,
      all: () => [...byKey.values()],
      inNamespace: (namespace) => [...(byNamespace.get(namespace)?.values() ?? [])],
    },
    put: (object) => {
      const key = keyOf(object);
      const before = get(key);
      byKey.set(key, object);
      const { namespace = '' } = object.metadata;
      const others = byNamespace.get(namespace) ?? new Map<string, ApiObject>();
      byNamespace.set(namespace, others.set(key, object));
      return before;
    },
    remove: (key) => {
      const before = get(key);
      if (before === null) return null;
      byKey.delete(key);
      const { namespace = '' } = before.metadata;
      const others = byNamespace.get(namespace);
      others?.delete(key);
      if (others?.size === 0) byNamespace.delete(namespace);
      return before;
    },
  };
}
