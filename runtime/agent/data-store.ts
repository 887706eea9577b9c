/** The datastore that users' data goes to: the embedded one, or the external etcd that the configuration names. */
import type { Config } from '../config/schema.ts';
import { realSurroundings } from '../datastore/clock.ts';
import type { Store } from '../datastore/store.ts';

/**
 * null where the embedded store is the one. The cluster's own records (members, certificates) stay in the embedded store
 * in any case: machines must be able to form a cluster before anything else is there.
 */
export async function openExternalStore({ datastore }: Config): Promise<Store | null> {
  if (datastore.etcd === undefined) return null;
  // Loaded only here: the gRPC client would cost every node several megabytes.
  const { EtcdStore } = await import('../datastore/etcd/etcd-store.ts');
  return new EtcdStore({ ...datastore.etcd, surroundings: realSurroundings });
}
