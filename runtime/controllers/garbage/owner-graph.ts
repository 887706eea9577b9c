/**
 * Who is owned by whom, of all objects of the cluster, and which of them have to be looked at when one changes.
 * (pkg/controller/garbagecollector/graph_builder.go) An owner that is not there yet needs no place here: what refers to it is looked
 * at, and the server is asked. No clock, no requests: its memory is all it has.
 */
import { isDeepStrictEqual } from 'node:util';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { isSet, listAt, stringsAt } from '../../apiserver/objects/read-path.ts';
import type { OwnerReference } from '../../apiserver/schemas/generated/types/meta-v1.ts';
import type { DiscoveredResource } from '../client/discover.ts';

export interface GraphNode {
  readonly of: DiscoveredResource;
  /** Metadata alone. */
  readonly object: ApiObject;
}

export interface OwnerGraph {
  readonly node: (uid: string) => GraphNode | null;
  /** What says that this is its owner. */
  readonly dependents: (uid: string) => readonly GraphNode[];
  /** @returns the UIDs of what has to be looked at */
  readonly put: (node: GraphNode) => readonly string[];
  readonly remove: (uid: string) => readonly string[];
}

export const foreground = 'foregroundDeletion';
export const orphan = 'orphan';

export function ownersOf({ metadata }: ApiObject): readonly OwnerReference[] {
  return listAt(metadata, 'ownerReferences') as readonly OwnerReference[];
}

export function isDeleted({ metadata }: ApiObject): boolean {
  return isSet(metadata, 'deletionTimestamp');
}

/** It is deleted, and waits because of that finalizer. */
export function waitsFor(object: ApiObject, finalizer: string): boolean {
  return isDeleted(object) && stringsAt(object.metadata, 'finalizers').includes(finalizer);
}

/** Whether an object is the one that a reference means, and may be: of its kind and name, and not of another namespace. */
export function isMeant(reference: OwnerReference, owner: GraphNode, dependent: ApiObject): boolean {
  const { namespace = '', name, uid } = owner.object.metadata;
  const slash = (reference.apiVersion ?? '').indexOf('/');
  const group = slash < 0 ? '' : (reference.apiVersion as string).slice(0, slash);
  return (
    reference.uid === uid &&
    reference.name === name &&
    reference.kind === owner.of.kind &&
    group === owner.of.group &&
    (namespace === '' || namespace === dependent.metadata.namespace)
  );
}

export function ownerGraph(): OwnerGraph {
  const nodes = new Map<string, GraphNode>();
  const dependents = new Map<string, Set<string>>();
  const node = (uid: string): GraphNode | null => nodes.get(uid) ?? null;
  const unlink = (uid: string, owner: string): void => {
    const set = dependents.get(owner);
    set?.delete(uid);
    if (set?.size === 0) dependents.delete(owner);
  };
  const dependentsOf = (uid: string): readonly GraphNode[] =>
    [...(dependents.get(uid) ?? [])].flatMap((one) => nodes.get(one) ?? []);
  /** Those that wait for the end of what they own. */
  const waiting = (uids: readonly string[]): readonly string[] =>
    uids.filter((uid) => {
      const owner = nodes.get(uid);
      return owner !== undefined && waitsFor(owner.object, foreground);
    });
  return {
    ...{ node, dependents: dependentsOf },
    put: (next) => {
      const uid = next.object.metadata.uid ?? '';
      const before = node(uid);
      nodes.set(uid, next);
      const [old, now] = [before === null ? [] : uidsOf(before.object), uidsOf(next.object)];
      for (const owner of old) if (!now.includes(owner)) unlink(uid, owner);
      for (const owner of now) dependents.set(owner, (dependents.get(owner) ?? new Set()).add(uid));
      const isChanged = before === null || !isDeepStrictEqual(stateOf(before.object), stateOf(next.object));
      const self = isChanged && needsLook(next, node) ? [uid] : [];
      const mistaken =
        before === null ? dependentsOf(uid).filter(({ object }) => !isMeantBy(object, next)) : [];
      return [
        ...self,
        ...waiting([...old, ...now]),
        ...mistaken.map(({ object }) => object.metadata.uid ?? ''),
      ];
    },
    remove: (uid) => {
      const before = node(uid);
      nodes.delete(uid);
      const owners = before === null ? [] : uidsOf(before.object);
      for (const owner of owners) unlink(uid, owner);
      return [...(dependents.get(uid) ?? []), ...waiting(owners)];
    },
  };
}

/** Not whether the owners are there: only what can be seen here. */
export function needsLook({ object }: GraphNode, node: OwnerGraph['node']): boolean {
  if (isDeleted(object)) return waitsFor(object, orphan) || waitsFor(object, foreground);
  return ownersOf(object).some((reference) => {
    const owner = node(reference.uid ?? '');
    return owner === null || !isMeant(reference, owner, object) || waitsFor(owner.object, foreground);
  });
}

function isMeantBy(dependent: ApiObject, owner: GraphNode): boolean {
  return ownersOf(dependent).some((reference) => isMeant(reference, owner, dependent));
}

function uidsOf(object: ApiObject): readonly string[] {
  return ownersOf(object).map(({ uid = '' }) => uid);
}

/** Of what a change may make a difference here. */
function stateOf(object: ApiObject) {
  return [ownersOf(object), isDeleted(object), stringsAt(object.metadata, 'finalizers')];
}
