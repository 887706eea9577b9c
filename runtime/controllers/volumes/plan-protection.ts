/**
 * Claims and volumes wait at their end for whoever uses them: a claim for pods, a volume for the claim that it is bound to. The
 * policies give each a finalizer when it is made; it is taken off here. (pkg/controller/volume/pvcprotection, pvprotection) Pure.
 */
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { isSet, listAt, stringAt } from '../../apiserver/objects/read-path.ts';
import type { Volume } from '../../apiserver/schemas/generated/types/api-core-v1.ts';
import { resources } from '../client/places.ts';
import type { Write } from '../client/writes.ts';

const claimFinalizer = 'kubernetes.io/pvc-protection';
const volumeFinalizer = 'kubernetes.io/pv-protection';

export interface ObservedClaim {
  /** null where there is none any more */
  readonly claim: ApiObject | null;
  /** Of its namespace; asked for only where the claim waits for them. */
  readonly pods: readonly ApiObject[];
}

export function planClaim({ claim, pods }: ObservedClaim): readonly Write[] {
  if (claim === null) return [];
  return planFinalizer(claim, {
    ...{ of: resources.persistentVolumeClaims, finalizer: claimFinalizer },
    isUsed: () => pods.some((pod) => usesClaim(pod, claim)),
  });
}

/** @param volume null where there is none any more */
export function planVolume(volume: ApiObject | null): readonly Write[] {
  if (volume === null) return [];
  return planFinalizer(volume, {
    ...{ of: resources.persistentVolumes, finalizer: volumeFinalizer },
    isUsed: () => stringAt(volume, 'status', 'phase') === 'Bound',
  });
}

/** It is deleted, and only this keeps it. */
export function claimWaits(claim: ApiObject): boolean {
  return isSet(claim.metadata, 'deletionTimestamp') && finalizersOf(claim).includes(claimFinalizer);
}

/** Names of the claims, of its namespace, that a pod has in use or may come to have. */
export function claimsOf(pod: ApiObject): readonly string[] {
  return volumesOf(pod).flatMap(({ name, persistentVolumeClaim, ephemeral }) => [
    ...(persistentVolumeClaim ? [persistentVolumeClaim.claimName ?? ''] : []),
    ...(ephemeral ? [`${pod.metadata.name}-${name}`] : []),
  ]);
}

interface Protected {
  readonly of: (typeof resources)['persistentVolumeClaims' | 'persistentVolumes'];
  readonly finalizer: string;
  readonly isUsed: () => boolean;
}

function planFinalizer(object: ApiObject, { of, finalizer, isUsed }: Protected): readonly Write[] {
  const finalizers = finalizersOf(object);
  const isProtected = finalizers.includes(finalizer);
  const isDeleted = isSet(object.metadata, 'deletionTimestamp');
  // One that is deleted is let go; one that was made before there was the policy is protected from now on.
  if (isDeleted !== isProtected || (isDeleted && isUsed())) return [];
  const others = finalizers.filter((one) => one !== finalizer);
  const next = isDeleted ? others : [...others, finalizer];
  const metadata = { ...object.metadata, finalizers: next };
  return [{ kind: 'update', of, object: { ...object, metadata } }];
}

/** A pod without a node is told of the end of its claim in time. */
function usesClaim(pod: ApiObject, claim: ApiObject): boolean {
  if (stringAt(pod, 'spec', 'nodeName') === '') return false;
  const { name } = claim.metadata;
  return volumesOf(pod).some(
    ({ name: volume, persistentVolumeClaim, ephemeral }) =>
      persistentVolumeClaim?.claimName === name ||
      (ephemeral !== undefined &&
        ephemeral !== null &&
        `${pod.metadata.name}-${volume}` === name &&
        !hasEnded(pod) &&
        isMadeFor(claim, pod)),
  );
}

/** Its node is done with it, and only finalizers keep it. */
function hasEnded({ metadata }: ApiObject): boolean {
  return isSet(metadata, 'deletionTimestamp') && metadata.deletionGracePeriodSeconds === 0;
}

function isMadeFor(claim: ApiObject, pod: ApiObject): boolean {
  const owners = listAt(claim.metadata, 'ownerReferences') as readonly {
    readonly uid?: string;
    readonly controller?: boolean;
  }[];
  return owners.some(({ uid, controller }) => controller === true && uid === pod.metadata.uid);
}

function volumesOf(pod: ApiObject): readonly Volume[] {
  return listAt(pod, 'spec', 'volumes') as readonly Volume[];
}

function finalizersOf({ metadata }: ApiObject): readonly string[] {
  return listAt(metadata, 'finalizers') as readonly string[];
}
