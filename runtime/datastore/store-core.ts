/**
 * What the embedded store is built on: few operations on plain data, so that the core thread, where the replica lives,
 * and a store on another thread can speak over a message port. `ReplicatedCore` does them.
 */

import type { CommandBody, CommandResult } from './state-machine/commands.ts';
import type { Change } from './state-machine/model.ts';
import type { ChangesPage, Page, PageQuery } from './state-machine/reading.ts';
import type { CopyFacts } from './state-storage.ts';
import type { Store } from './store.ts';

export interface CorePageQuery extends PageQuery {
  readonly serializable: boolean;
  /** Count the keys in the range too. */
  readonly count: boolean;
}

export type CorePage = Page & { readonly count?: number };

export interface LiveChanges {
  /** In order; the first revision is the one after `since`. Empty when only the revision is news. */
  readonly changes: readonly Change[];
  readonly since: number;
  /** Every change after `since` up to this revision is here. */
  readonly through: number;
  /** Changes are missing: the state was replaced by a newer one. Read them from history. */
  readonly gap: boolean;
}

export interface OpenedSnapshot extends CopyFacts {
  readonly id: number;
}

/** Every method rejects with `StoreError` and nothing else. */
export interface StoreCore
  extends Pick<Store, 'keepLeaseAlive' | 'lease' | 'leases' | 'status' | 'disarm' | 'defragment' | 'hash'> {
  /** Applies a command exactly once; a result that refuses is a result. */
  execute(body: CommandBody): Promise<CommandResult>;
  /** The same for a body that is encoded already. */
  executeEncoded(body: Uint8Array): Promise<CommandResult>;
  page(query: CorePageQuery): Promise<CorePage>;
  changes(from: number, previous: boolean): Promise<ChangesPage>;
  /** The newest revision: that of the cluster, or when serializable, the one this node knows. */
  revision(query: Pick<CorePageQuery, 'serializable'>): Promise<number>;
  /** Changes as they are applied here, to one listener, until stopped. */
  listen(previous: boolean, listener: (live: LiveChanges) => void): () => void;
  /** Makes a copy of the state; its pieces are read with `snapshotPiece` until `closeSnapshot`. */
  openSnapshot(): Promise<OpenedSnapshot>;
  snapshotPiece(id: number, offset: number): Promise<Uint8Array>;
  closeSnapshot(id: number): Promise<void>;
}
