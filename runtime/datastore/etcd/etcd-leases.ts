/** Leases on an external etcd. Their ids are chosen here, because etcd's own go beyond a safe integer. */
import { type LeaseInfo, StoreError } from '../store.ts';
import { type EtcdClient, method } from './etcd-client.ts';
import { refuseNonsense } from './limits.ts';
import type { Message } from './messages.ts';
import { toBytes, toLeaseId, toNumber } from './numbers.ts';
import { etcdText, grpcCode, toStoreError } from './status.ts';

const grantMethod = method('Lease/LeaseGrant', 'LeaseGrantRequest', 'LeaseGrantResponse');
const revokeMethod = method('Lease/LeaseRevoke', 'LeaseIdRequest', 'HeaderResponse');
const keepAliveMethod = method('Lease/LeaseKeepAlive', 'LeaseIdRequest', 'LeaseKeepAliveResponse');
const infoMethod = method('Lease/LeaseTimeToLive', 'LeaseTimeToLiveRequest', 'LeaseTimeToLiveResponse');
const listMethod = method('Lease/LeaseLeases', 'EmptyRequest', 'LeaseLeasesResponse');

const longestSeconds = 9_000_000_000;

export class EtcdLeases {
  readonly #client: EtcdClient;
  readonly #random: () => number;

  constructor(client: EtcdClient, random: () => number) {
    this.#client = client;
    this.#random = random;
  }

  async grant(id: number, seconds: number): Promise<{ readonly id: number; readonly seconds: number }> {
    refuseNonsense.lease(id);
    if (!Number.isSafeInteger(seconds) || seconds < 1 || seconds > longestSeconds) {
      throw new StoreError('invalid', `a lease lives 1 to ${longestSeconds} seconds, not ${seconds}`);
    }
    for (;;) {
      const chosen = id === 0 ? 1 + Math.floor(this.#random() * (Number.MAX_SAFE_INTEGER - 1)) : id;
      try {
        const answer = await this.#client.call(grantMethod, { id: chosen, ttl: seconds }, false);
        return { id: chosen, seconds: toNumber(answer.ttl) };
      } catch (error) {
        if (id !== 0 || !(error instanceof StoreError) || error.code !== 'leaseExists') throw error;
      }
    }
  }

  async revoke(id: number): Promise<{ readonly revision: number }> {
    refuseNonsense.lease(id);
    const answer = await this.#client.call(revokeMethod, { id }, false);
    return { revision: toNumber(answer.header!.revision) };
  }

  /** One request on a stream of its own; again, should the stream be lost, because it may come twice. */
  async keepAlive(id: number): Promise<number> {
    refuseNonsense.lease(id);
    for (let attempt = 1; ; attempt += 1) {
      try {
        const seconds = toNumber((await this.#askOnce(id)).ttl);
        if (seconds <= 0) throw new StoreError('leaseNotFound', etcdText.leaseNotFound);
        return seconds;
      } catch (error) {
        if (!(error instanceof StoreError) || error.code !== 'unavailable' || attempt === 3) throw error;
      }
    }
  }

  async #askOnce(id: number): Promise<Message<'LeaseKeepAliveResponse'>> {
    const stream = await this.#client.stream(keepAliveMethod);
    const answer = Promise.withResolvers<Message<'LeaseKeepAliveResponse'>>();
    stream.on('data', answer.resolve);
    stream.on('error', (error: { code: number; details: string }) =>
      answer.reject(toStoreError(error.code, error.details)),
    );
    stream.on('end', () => answer.reject(toStoreError(grpcCode.unavailable, 'etcd ended the stream')));
    stream.write({ id });
    stream.end();
    return await answer.promise;
  }

  async info(id: number, withKeys: boolean): Promise<LeaseInfo> {
    refuseNonsense.lease(id);
    const answer = await this.#client.call(infoMethod, { id, keys: withKeys }, true);
    return {
      id,
      grantedSeconds: toNumber(answer.grantedTtl),
      remainingSeconds: toNumber(answer.ttl),
      keys: answer.keys.map(toBytes).sort((a, b) => Buffer.compare(a, b)),
    };
  }

  /** Leases whose ids are beyond ours were granted by others, and are theirs. */
  async list(): Promise<readonly number[]> {
    const answer = await this.#client.call(listMethod, {}, true);
    const ids = answer.leases.map((lease) => toLeaseId(lease.id)).filter((id) => id !== null);
    return ids.sort((a, b) => a - b);
  }
}
