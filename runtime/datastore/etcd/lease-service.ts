/** etcd's Lease service over a store. */
import { type Store, StoreError } from '../store.ts';
import type { HeaderSource } from './header.ts';
import { codec } from './messages.ts';
import { type Long, toLeaseId, toNumber } from './numbers.ts';
import { isOwnKey } from './own-keys.ts';
import { decodeSafely, type StreamCall, type StreamMethod, type UnaryMethod, unary } from './rpc-server.ts';
import { etcdText, GrpcError, grpcCode } from './status.ts';

const keepAliveRequests = codec('LeaseIdRequest');
const keepAliveResponses = codec('LeaseKeepAliveResponse');
const longestSeconds = 9_000_000_000;

export function leaseService(
  store: Store,
  headers: HeaderSource,
): readonly (readonly [string, UnaryMethod | StreamMethod])[] {
  return [
    [
      'Lease/LeaseGrant',
      unary(codec('LeaseGrantRequest'), codec('LeaseGrantResponse'), async (request) => {
        const ttl = toNumber(request.ttl);
        if (ttl > longestSeconds) throw new GrpcError(grpcCode.outOfRange, etcdText.leaseTooLong);
        const id = toLeaseId(request.id);
        if (id === null) throw new GrpcError(grpcCode.invalidArgument, unusableId);
        // etcd lengthens what is too short to what it can keep.
        const granted = await store.grantLease(id, Math.max(1, ttl));
        return { header: await headers.newest(), id: granted.id, ttl: granted.seconds };
      }),
    ],
    [
      'Lease/LeaseRevoke',
      unary(codec('LeaseIdRequest'), codec('HeaderResponse'), async (request) => {
        const id = knownId(request.id);
        if (await holdsOwnKeys(store, id)) throw new GrpcError(grpcCode.notFound, etcdText.leaseNotFound);
        return { header: headers.header((await store.revokeLease(id)).revision) };
      }),
    ],
    [
      'Lease/LeaseTimeToLive',
      unary(codec('LeaseTimeToLiveRequest'), codec('LeaseTimeToLiveResponse'), async (request) => {
        const header = await headers.newest();
        const id = toLeaseId(request.id);
        if (id === null) return { header, id: request.id, ttl: -1 };
        const info = await store.lease(id, request.keys);
        return {
          header,
          id,
          ttl: info.remainingSeconds,
          grantedTtl: info.grantedSeconds,
          keys: info.keys.filter((key) => !isOwnKey(key)),
        };
      }),
    ],
    [
      'Lease/LeaseLeases',
      unary(codec('EmptyRequest'), codec('LeaseLeasesResponse'), async () => ({
        header: await headers.newest(),
        leases: (await store.leases()).map((id) => ({ id })),
      })),
    ],
    ['Lease/LeaseKeepAlive', { kind: 'stream', handle: (call) => keepAlive(store, headers, call) }],
  ];
}

const unusableId = `etcdserver: the id of a lease must be between 1 and ${Number.MAX_SAFE_INTEGER}`;

function knownId(id: Long | number): number {
  const known = toLeaseId(id);
  if (known === null) throw new GrpcError(grpcCode.notFound, etcdText.leaseNotFound);
  return known;
}

/** To revoke such a lease would delete what is not the client's. */
async function holdsOwnKeys(store: Store, id: number): Promise<boolean> {
  return (await store.lease(id, true)).keys.some(isOwnKey);
}

/** One answer for each request, in order. A lease that does not exist is answered with no time at all. */
async function keepAlive(store: Store, headers: HeaderSource, call: StreamCall): Promise<void> {
  for await (const bytes of call.requests) {
    const { id } = decodeSafely(keepAliveRequests.decode, bytes);
    // Before the lease is renewed: a client must not think it alive at a revision at which it was revoked.
    const header = await headers.newest();
    const known = toLeaseId(id);
    const ttl = known === null ? 0 : await secondsLeft(store, known);
    await call.send(keepAliveResponses.encodeFramed({ header, id, ttl }));
  }
}

async function secondsLeft(store: Store, id: number): Promise<number> {
  try {
    return await store.keepLeaseAlive(id);
  } catch (error) {
    if (error instanceof StoreError && error.code === 'leaseNotFound') return 0;
    throw error;
  }
}
