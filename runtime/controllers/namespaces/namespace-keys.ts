/** What controllers that give every namespace something have in common. Pure. */
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { stringAt } from '../../apiserver/objects/read-path.ts';

/** A namespace stands for itself. */
export function namespaceKeys({ metadata }: ApiObject): readonly string[] {
  return [metadata.name ?? ''];
}

/** Nothing can be made in one that is being deleted. */
export function isActive(namespace: ApiObject): boolean {
  return (
    stringAt(namespace, 'status', 'phase') !== 'Terminating' &&
    stringAt(namespace.metadata, 'deletionTimestamp') === ''
  );
}
