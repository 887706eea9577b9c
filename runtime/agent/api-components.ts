/** What `componentstatuses` of this node says: of the store, and of who does the work that a lease is held for. */
import { setTimeout as pause } from 'node:timers/promises';
import { serveComponentStatuses } from '../apiserver/component-statuses/component-statuses.ts';
import { checkLease } from '../apiserver/component-statuses/lease-check.ts';
import type { Kinds } from '../apiserver/handlers/kinds.ts';
import { placeOf } from '../apiserver/handlers/served-kind.ts';
import type { SpecialHandlers } from '../apiserver/handlers/special.ts';
import { type ApiObject, decodeFromStore } from '../apiserver/objects/object-bytes.ts';
import type { Resource } from '../apiserver/resources/resource.ts';

/** @param askStore rejects while the store cannot answer */
export function componentStatuses(kinds: Kinds, askStore: () => Promise<void>): SpecialHandlers {
  const ofLease = (name: string, work: string) => () =>
    checkLease({
      ...{ name, work, read: () => readLease(kinds, name) },
      ...{ nowMs: () => performance.now(), wait: pause },
    });
  return {
    '/componentstatuses': serveComponentStatuses([
      { name: 'scheduler', run: ofLease('kube-scheduler', 'the scheduler') },
      { name: 'controller-manager', run: ofLease('kube-controller-manager', 'the controller manager') },
      { name: 'etcd-0', run: askStore },
    ]),
  };
}

async function readLease(kinds: Kinds, name: string): Promise<ApiObject | null> {
  const leases = { group: 'coordination.k8s.io', version: 'v1', resource: 'leases' };
  const kind = kinds.served(kinds.resource(leases) as Resource);
  const found = await kind.objects.get(placeOf(kind, 'kube-system', name));
  return found === null ? null : decodeFromStore(found.bytes, found.revision);
}
