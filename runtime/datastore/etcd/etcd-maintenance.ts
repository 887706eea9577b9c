/** What an external etcd says of itself, and its upkeep. Calls go to the endpoint that is in use. */
import { createHash } from 'node:crypto';
import { type Alarm, type Store, StoreError, type StoreMember, type StoreStatus } from '../store.ts';
import { type EtcdClient, method } from './etcd-client.ts';
import type { Message } from './messages.ts';
import { toHexId, toNumber } from './numbers.ts';
import { toStoreError } from './status.ts';

const statusMethod = method('Maintenance/Status', 'EmptyRequest', 'StatusResponse');
const membersMethod = method('Cluster/MemberList', 'MemberListRequest', 'MemberListResponse');
const alarmMethod = method('Maintenance/Alarm', 'AlarmRequest', 'AlarmResponse');
const defragmentMethod = method('Maintenance/Defragment', 'EmptyRequest', 'HeaderResponse');
const hashMethod = method('Maintenance/HashKV', 'HashKvRequest', 'HashKvResponse');
const snapshotMethod = method('Maintenance/Snapshot', 'EmptyRequest', 'SnapshotResponse');

/** etcd's numbers for alarms and what is done about them. */
export const alarmNumbers: Readonly<Record<Alarm, number>> = { noSpace: 1, corrupt: 2 };
export const alarmActions = { get: 0, activate: 1, deactivate: 2 } as const;

export class EtcdMaintenance {
  readonly #client: EtcdClient;

  constructor(client: EtcdClient) {
    this.#client = client;
  }

  async status(): Promise<StoreStatus> {
    const [status, list, alarms] = await Promise.all([
      this.#client.call(statusMethod, {}, true),
      this.#client.call(membersMethod, { linearizable: false }, true),
      this.#alarms(),
    ]);
    const leader = toHexId(status.leader);
    return {
      clusterId: toHexId(status.header!.clusterId),
      memberId: toHexId(status.header!.memberId),
      version: status.version,
      leader: /^0+$/.test(leader) ? null : leader,
      raftTerm: toNumber(status.raftTerm),
      raftIndex: toNumber(status.raftIndex),
      appliedIndex: toNumber(status.raftAppliedIndex),
      revision: toNumber(status.header!.revision),
      sizeBytes: toNumber(status.dbSize),
      sizeInUseBytes: toNumber(status.dbSizeInUse),
      learner: status.isLearner,
      alarms,
      members: list.members.map(
        (member): StoreMember => ({
          id: toHexId(member.id),
          name: member.name,
          address: (member.peerUrls[0] ?? '').replace(/^https?:\/\//, ''),
          learner: member.isLearner,
        }),
      ),
    };
  }

  async #alarms(): Promise<{ readonly member: string; readonly alarm: Alarm }[]> {
    const answer = await this.#client.call(alarmMethod, { action: alarmActions.get }, true);
    return answer.alarms.map((item) => ({
      member: toHexId(item.memberId),
      alarm: item.alarm === alarmNumbers.noSpace ? 'noSpace' : 'corrupt',
    }));
  }

  /** Each member's alarm is taken back by itself; there is no request for all of them. */
  async disarm(alarm: Alarm): Promise<void> {
    const answer = await this.#client.call(alarmMethod, { action: alarmActions.get }, true);
    for (const { memberId, alarm: number } of answer.alarms) {
      if (number !== alarmNumbers[alarm]) continue;
      await this.#client.call(
        alarmMethod,
        { action: alarmActions.deactivate, memberId, alarm: number },
        true,
      );
    }
  }

  async defragment(): Promise<void> {
    await this.#client.call(defragmentMethod, {}, true);
  }

  async hash(revision: number): ReturnType<Store['hash']> {
    const answer = await this.#client.call(hashMethod, { revision }, true);
    return {
      hash: answer.hash,
      revision: revision === 0 ? toNumber(answer.header!.revision) : revision,
      compactedRevision: Math.max(0, toNumber(answer.compactRevision)),
    };
  }

  /** etcd's last piece is the SHA-256 of all others; it is checked here and not handed on. */
  async snapshot(onPiece: (piece: Uint8Array, remainingBytes: number) => Promise<void>): Promise<void> {
    const stream = await this.#client.stream(snapshotMethod);
    const hash = createHash('sha256');
    let held: Message<'SnapshotResponse'> | null = null;
    try {
      stream.write({});
      stream.end();
      for await (const message of stream as AsyncIterable<Message<'SnapshotResponse'>>) {
        if (held !== null) {
          hash.update(held.blob);
          await onPiece(held.blob, toNumber(held.remainingBytes));
        }
        held = message;
      }
    } catch (error) {
      const { code, details } = error as { code?: number; details?: string };
      if (error instanceof StoreError || typeof code !== 'number') throw error;
      throw toStoreError(code, details ?? String(error));
    } finally {
      stream.cancel();
    }
    if (held === null || !hash.digest().equals(held.blob)) {
      throw new StoreError(
        'unavailable',
        'the snapshot from etcd arrived damaged or cut short; take another',
      );
    }
  }
}
