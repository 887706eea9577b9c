/** What tokens are bound to, as it is in the store. */
import type { BoundObjects } from '../authentication/bound-objects.ts';
import type { Kinds } from '../handlers/kinds.ts';
import { placeOf } from '../handlers/served-kind.ts';
import { type ApiObject, decodeFromStore } from '../objects/object-bytes.ts';

export function readBoundObjects(kinds: Kinds): BoundObjects {
  return {
    serviceAccount: (namespace, name) => read(kinds, 'serviceaccounts', namespace, name),
    pod: (namespace, name) => read(kinds, 'pods', namespace, name),
    secret: (namespace, name) => read(kinds, 'secrets', namespace, name),
    node: (name) => read(kinds, 'nodes', '', name),
  };
}

async function read(
  kinds: Kinds,
  name: string,
  namespace: string,
  objectName: string,
): Promise<ApiObject | null> {
  const resource = kinds.resource({ group: '', version: 'v1', resource: name });
  // Names come out of tokens: an empty one, or one with a slash, would be another place.
  const isPlace = objectName !== '' && ![namespace, objectName].some((part) => part.includes('/'));
  if (resource === null || !isPlace) return null;
  const kind = kinds.served(resource);
  const stored = await kind.objects.get(placeOf(kind, namespace, objectName));
  return stored === null ? null : decodeFromStore(stored.bytes, stored.revision);
}
