/** Reads out of the store: what policies ask for again and again is followed, from the first time on. */

import { type ReadResource, type Reads, readResources } from '../apiserver/admission/reads.ts';
import type { Kinds } from '../apiserver/handlers/kinds.ts';
import { type ApiObject, decodeFromStore } from '../apiserver/objects/object-bytes.ts';
import { type Mirror, mirrorObjects } from '../apiserver/storage/mirror.ts';
import { ObjectStore } from '../apiserver/storage/object-store.ts';
import type { Store } from '../datastore/store.ts';

export interface StoredReads extends Reads {
  readonly close: () => void;
}

interface Followed {
  readonly mirror: Mirror;
  /** By `NAMESPACE/NAME`. */
  readonly objects: Map<string, ApiObject>;
  readonly stored: ObjectStore;
}

/** There are too many of them, and one is asked for once in a while. */
const notFollowed: ReadonlySet<ReadResource> = new Set(['pods', 'nodes']);

export function readStored(store: Store, kinds: Kinds): StoredReads {
  const followed = new Map<ReadResource, Followed>();
  const storedAt = (resource: ReadResource): ObjectStore =>
    new ObjectStore({ store, prefix: prefixOf(kinds, resource) });
  const follow = async (resource: ReadResource): Promise<Followed> => {
    const known = followed.get(resource) ?? begin(store, prefixOf(kinds, resource));
    followed.set(resource, known);
    await known.mirror.ready;
    return known;
  };
  return {
    get: async (resource, namespace, name) => {
      if (name === '' || name.includes('/')) return null;
      const place = namespace === '' ? name : `${namespace}/${name}`;
      const source = notFollowed.has(resource) ? null : await follow(resource);
      const known = source?.objects.get(place);
      if (known !== undefined) return known;
      const found = await (source?.stored ?? storedAt(resource)).get(place);
      return found === null ? null : decodeFromStore(found.bytes, found.revision);
    },
    list: async (resource, namespace) => {
      const below = namespace === '' ? '' : `${namespace}/`;
      if (notFollowed.has(resource)) {
        const { items } = await storedAt(resource).list(below, { kind: 'newest', limit: 0 });
        return items.map(({ bytes, revision }) => decodeFromStore(bytes, revision));
      }
      const { objects } = await follow(resource);
      const places = [...objects.keys()].filter((place) => place.startsWith(below)).sort();
      return places.map((place) => objects.get(place) as ApiObject);
    },
    close: () => {
      for (const { mirror } of followed.values()) mirror.close();
    },
  };
}

function begin(store: Store, prefix: string): Followed {
  const objects = new Map<string, ApiObject>();
  const placeOf = ({ metadata: { namespace = '', name = '' } }: ApiObject): string =>
    namespace === '' ? name : `${namespace}/${name}`;
  const mirror = mirrorObjects(store, prefix, {
    onPut: (object) => void objects.set(placeOf(object), object),
    onRemove: (object) => void objects.delete(placeOf(object)),
  });
  return { mirror, objects, stored: new ObjectStore({ store, prefix }) };
}

function prefixOf(kinds: Kinds, resource: ReadResource): string {
  const storage = kinds.resource(readResources[resource])?.storage;
  if (storage === undefined || storage === null) throw new Error(`${resource} is not served`);
  return storage.prefix;
}
