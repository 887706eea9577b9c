/** Answers what other nodes ask of this node's store, as the leader or as a replica. */
import * as z from 'zod';
import type { LiveStream } from './live-stream.ts';
import type { LocalCore } from './local-core.ts';
import type { SnapshotReaders } from './snapshot-readers.ts';
import { decodeCommand } from './state-machine/command-codec.ts';
import { findProblem } from './state-machine/commands.ts';
import type { ChangesPage } from './state-machine/reading.ts';
import { encodeResult } from './state-machine/result-codec.ts';
import { StoreError } from './store.ts';

export interface StoreServiceParts {
  readonly local: LocalCore;
  readonly live: LiveStream;
  readonly snapshots: SnapshotReaders;
  /** Lets followers hear of the newest commit index now: one of them waits for it. */
  readonly tellCommit: () => void;
}

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);
const whole = z.int().min(0);
const pageParams = z.object({
  key: bytes,
  end: bytes.optional(),
  revision: whole,
  mostItems: whole,
  keysOnly: z.boolean(),
  count: z.boolean(),
});
const changesParams = z.object({ from: whole, previous: z.boolean(), wait: whole.max(60_000) });
const pieceParams = z.object({ id: whole, offset: whole });
const idParams = z.object({ id: whole });
const leaseParams = z.object({ id: whole, withKeys: z.boolean() });

export class StoreService {
  readonly #parts: StoreServiceParts;

  constructor(parts: StoreServiceParts) {
    this.#parts = parts;
  }

  /** null when the method is none of the store's. */
  serve(method: string, params: Record<string, unknown>): Promise<unknown> | null {
    const { local, snapshots } = this.#parts;
    switch (method) {
      case 'store.propose':
        return this.#propose(params.command);
      case 'store.page':
        return canRead(local.page({ end: undefined, ...pageParams.parse(params), serializable: false }));
      case 'store.changes':
        return this.#changes(params);
      case 'store.keepLeaseAlive':
        return mustLead(local.renewLease(idParams.parse(params).id));
      case 'store.lease': {
        const { id, withKeys } = leaseParams.parse(params);
        return mustLead(local.lease(id, withKeys));
      }
      case 'store.leases':
        return canRead(local.leaseIds());
      case 'store.openSnapshot':
        return snapshots.open();
      case 'store.snapshotPiece': {
        const { id, offset } = pieceParams.parse(params);
        return snapshots.piece(id, offset);
      }
      case 'store.closeSnapshot':
        return snapshots.end(idParams.parse(params).id);
      default:
        return null;
    }
  }

  async #propose(data: unknown): Promise<Uint8Array> {
    const { local, tellCommit } = this.#parts;
    const command = data instanceof Uint8Array ? decodeCommand(data) : null;
    if (command === null) throw new StoreError('invalid', 'the command cannot be read by this version');
    const problem = findProblem(command.body);
    if (problem !== null) throw new StoreError(problem.code, problem.text);
    if (!local.leads) throw new StoreError('notLeader', 'This node does not lead.');
    const result = await local.propose(data as Uint8Array);
    if (result === null) throw new StoreError('unavailable', 'The leader could not commit it now.');
    tellCommit();
    return encodeResult(result);
  }

  /** A long poll: answers as soon as there is a change, or with nothing new when the wait is over. */
  async #changes(params: unknown): Promise<ChangesPage> {
    const { local, live } = this.#parts;
    const { from, previous, wait } = changesParams.parse(params);
    if (local.followsLog) await live.reached(from, wait);
    const page = local.changes(from, previous);
    if (page === null) throw new StoreError('unavailable', 'This node holds no data.');
    return page;
  }
}

async function canRead<Result>(work: Promise<Result | null>): Promise<Result> {
  const result = await work;
  if (result === null) throw new StoreError('unavailable', 'This node cannot read now.');
  return result;
}

async function mustLead<Result>(work: Promise<Result | null>): Promise<Result> {
  const result = await work;
  if (result === null) throw new StoreError('notLeader', 'This node does not lead.');
  return result;
}
