/**
 * Who leads, by a Lease: what one candidate is to do about what it sees there. How old a lease is counts from when this candidate saw
 * it change, so that no two machines need the same time. (k8s.io/client-go/tools/leaderelection) Pure.
 */
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { numberAt, stringAt } from '../../apiserver/objects/read-path.ts';

export interface LeaseHolding {
  readonly identity: string;
  readonly leaseSeconds: number;
  /** As `metav1.MicroTime`. */
  readonly now: string;
}

export type LeaseDecision =
  | { readonly kind: 'create' | 'update'; readonly object: ApiObject }
  /** Somebody else holds it. */
  | { readonly kind: 'wait' };

/**
 * @param lease null where there is none. @param unchangedMs for how long this candidate has seen it as it is; 0 the first time.
 */
export function decideLease(
  place: { readonly namespace: string; readonly name: string },
  lease: ApiObject | null,
  unchangedMs: number,
  holding: LeaseHolding,
): LeaseDecision {
  if (lease === null) {
    const { namespace, name } = place;
    const spec = specOf(holding, holding.now, 0);
    const head = { kind: 'Lease', apiVersion: 'coordination.k8s.io/v1', metadata: { name, namespace } };
    return { kind: 'create', object: { ...head, spec } };
  }
  const holder = stringAt(lease, 'spec', 'holderIdentity');
  const transitions = numberAt(lease, 'spec', 'leaseTransitions');
  if (holder === holding.identity) {
    const acquired = stringAt(lease, 'spec', 'acquireTime') || holding.now;
    return { kind: 'update', object: { ...lease, spec: specOf(holding, acquired, transitions) } };
  }
  const validMs = numberAt(lease, 'spec', 'leaseDurationSeconds') * 1000;
  if (holder !== '' && unchangedMs <= validMs) return { kind: 'wait' };
  return { kind: 'update', object: { ...lease, spec: specOf(holding, holding.now, transitions + 1) } };
}

/** Given up at once, so that the next one need not wait. */
export function releasedLease(lease: ApiObject, now: string): ApiObject {
  const leaseTransitions = numberAt(lease, 'spec', 'leaseTransitions');
  const spec = {
    holderIdentity: '',
    leaseDurationSeconds: 1,
    renewTime: now,
    acquireTime: now,
    leaseTransitions,
  };
  return { ...lease, spec };
}

function specOf(
  { identity, leaseSeconds, now }: LeaseHolding,
  acquireTime: string,
  leaseTransitions: number,
) {
  return {
    ...{ holderIdentity: identity, leaseDurationSeconds: leaseSeconds },
    ...{ acquireTime, renewTime: now, leaseTransitions },
  };
}
