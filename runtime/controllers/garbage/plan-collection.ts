/**
 * What becomes of an object by what owns it and what it owns: it goes when its last owner is gone, it goes after what it owns where
 * the deletion was to be seen to the end, or it lets what it owns go free. (pkg/controller/garbagecollector) Pure.
 */
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { stringsAt } from '../../apiserver/objects/read-path.ts';
import type { OwnerReference } from '../../apiserver/schemas/generated/types/meta-v1.ts';
import { placeIn, type ResourceName } from '../client/places.ts';
import type { Write } from '../client/writes.ts';
import { foreground, type GraphNode, isDeleted, orphan, ownersOf, waitsFor } from './owner-graph.ts';

export interface OwnerState {
  readonly reference: OwnerReference;
  /**
   * 'waiting': it waits until what it owns is gone. 'impossible': what is in no namespace cannot be owned by what is in one, and it
   * is nobody's guess what is meant.
   */
  readonly state: 'there' | 'gone' | 'waiting' | 'impossible';
}

export interface ObservedItem {
  readonly node: GraphNode;
  /** As the server has it now; null where it is gone. */
  readonly live: ApiObject | null;
  /** Of the owners that `live` names. */
  readonly owners: readonly OwnerState[];
  readonly dependents: readonly GraphNode[];
}

export type CollectionAction = Write | { readonly kind: 'look'; readonly uids: readonly string[] };

export function planCollection(observed: ObservedItem): readonly CollectionAction[] {
  const { node, live, owners, dependents } = observed;
  if (live === null || live.metadata.uid !== node.object.metadata.uid) return [];
  if (waitsFor(live, orphan)) return setFree(node.of, live, dependents);
  if (waitsFor(live, foreground)) return awaitDependents(node.of, live, dependents);
  if (isDeleted(live) || owners.length === 0 || owners.some(({ state }) => state === 'impossible')) return [];
  const left = owners.filter(({ state }) => state === 'there');
  if (left.length === owners.length) return [];
  // An owner that waits must not wait for what has another owner.
  if (left.length > 0)
    return [
      ownerPatch(
        node.of,
        live,
        left.map(({ reference }) => reference),
      ),
    ];
  const isAwaited = owners.some(({ state }) => state === 'waiting');
  return isAwaited && dependents.length > 0
    ? removeInForeground(node.of, live, dependents)
    : [removeNow(node.of, live)];
}

function setFree(of: ResourceName, live: ApiObject, dependents: readonly GraphNode[]): readonly Write[] {
  const freed = dependents.map(({ of: ofDependent, object }) =>
    ownerPatch(
      ofDependent,
      object,
      ownersOf(object).filter(({ uid }) => uid !== live.metadata.uid),
    ),
  );
  return [...freed, withoutFinalizer(of, live, orphan)];
}

function awaitDependents(
  of: ResourceName,
  live: ApiObject,
  dependents: readonly GraphNode[],
): readonly CollectionAction[] {
  const blocks = ({ object }: GraphNode): boolean =>
    ownersOf(object).some(
      ({ uid, blockOwnerDeletion }) => uid === live.metadata.uid && blockOwnerDeletion === true,
    );
  const uids = dependents
    .filter(({ object }) => !isDeleted(object))
    .map(({ object }) => object.metadata.uid ?? '');
  const looks: readonly CollectionAction[] = uids.length === 0 ? [] : [{ kind: 'look', uids }];
  return dependents.some(blocks) ? looks : [...looks, withoutFinalizer(of, live, foreground)];
}

/** Its own dependents go before it. Where one of them waits already there may be a circle, which nobody must block. */
function removeInForeground(
  of: ResourceName,
  live: ApiObject,
  dependents: readonly GraphNode[],
): readonly Write[] {
  const mayBeCircle = dependents.some(({ object }) => waitsFor(object, foreground));
  const unblocked = ownersOf(live).map((reference) => ({ ...reference, blockOwnerDeletion: false }));
  const { uid = '' } = live.metadata;
  const options = { uid, propagation: 'Foreground' } as const;
  return [
    ...(mayBeCircle ? [ownerPatch(of, live, unblocked)] : []),
    { kind: 'remove', place: placeIn(of, live.metadata), options },
  ];
}

/** As it was seen: an owner may have been added since. What it was to be deleted with, it keeps. */
function removeNow(of: ResourceName, live: ApiObject): Write {
  const { uid = '', resourceVersion = '' } = live.metadata;
  const finalizers = stringsAt(live.metadata, 'finalizers');
  const propagation = finalizers.includes(orphan)
    ? 'Orphan'
    : finalizers.includes(foreground)
      ? 'Foreground'
      : 'Background';
  return {
    kind: 'remove',
    place: placeIn(of, live.metadata),
    options: { uid, resourceVersion, propagation },
  };
}

function ownerPatch(of: ResourceName, object: ApiObject, ownerReferences: readonly OwnerReference[]): Write {
  return metadataPatch(of, object, {
    ownerReferences: ownerReferences.length === 0 ? null : ownerReferences,
  });
}

function withoutFinalizer(of: ResourceName, object: ApiObject, name: string): Write {
  const finalizers = stringsAt(object.metadata, 'finalizers').filter((one) => one !== name);
  return metadataPatch(of, object, { finalizers });
}

/** Of the object that was seen, and as it was seen. */
function metadataPatch(of: ResourceName, { metadata }: ApiObject, change: object): Write {
  const { uid, resourceVersion } = metadata;
  const body = { metadata: { uid, resourceVersion, ...change } };
  return { kind: 'patch', place: placeIn(of, metadata), patch: { kind: 'merge', body } };
}
