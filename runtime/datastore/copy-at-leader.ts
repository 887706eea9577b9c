/** A copy of the state that the leader makes and keeps for a node that has no state of its own (a spare). */
import type { LeaderClient, LeaderNetwork } from './leader-client.ts';
import type { ReadableCopy } from './snapshot-readers.ts';
import { StoreError } from './store.ts';
import type { OpenedSnapshot } from './store-core.ts';

/** Making a copy of a large state takes its time. */
const patienceMilliseconds = 60_000;

/** Rejects with `unavailable` when no leader makes one; its pieces then come from the node that did. */
export async function copyAtLeader(client: LeaderClient, network: LeaderNetwork): Promise<ReadableCopy> {
  const { leader: holder, result } = await client.untilServed(() =>
    client.askWhom<OpenedSnapshot>('store.openSnapshot', {}, patienceMilliseconds),
  );
  const { id, ...facts } = result;
  const ask = async (method: string, params: Record<string, unknown>): Promise<unknown> => {
    try {
      return await network.request(holder, method, params, patienceMilliseconds);
    } catch (error) {
      throw new StoreError('unavailable', error instanceof Error ? error.message : String(error));
    }
  };
  return {
    facts,
    read: async (offset, length) => {
      const piece = (await ask('store.snapshotPiece', { id, offset })) as Uint8Array;
      return piece.subarray(0, length);
    },
    // One that is not closed there ends by itself when nobody reads it any more.
    close: () =>
      ask('store.closeSnapshot', { id }).then(
        () => {},
        () => {},
      ),
  };
}
