/**
 * Where a node keeps its state and the snapshots of it, as the replica needs it: real files (`state-files.ts`), or the
 * simulator's disk.
 */
import type { StateMachine } from './state-machine/state-machine.ts';

/** What a snapshot says of itself. */
export interface SnapshotFacts {
  readonly index: number;
  readonly term: number;
  /** The configuration in force at the index, as JSON. */
  readonly configuration: string;
  readonly sizeBytes: number;
  /** SHA-256, hexadecimal. */
  readonly digest: string;
  /** The newest revision in it. */
  readonly revision: number;
}

/** What a reader of a copy is told. */
export type CopyFacts = Pick<SnapshotFacts, 'sizeBytes' | 'digest' | 'index' | 'revision'>;

/** A copy of the state at one index, as long as it is not closed: then it is removed. */
export interface StateCopy {
  readonly facts: SnapshotFacts;
  readonly sizeBytes: number;
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Which state is being received, and how much of it has arrived. */
export interface Transfer {
  readonly digest: string;
  readonly sizeBytes: number;
  readonly writtenBytes: number;
}

/** The place of a state on its way in. What has arrived stays across restarts, so that a transfer can go on. */
export interface IncomingState {
  transfer(): Transfer | null;
  /** Forgets what is here and makes room for this one. */
  begin(digest: string, sizeBytes: number): void;
  /** Adds what follows the bytes written so far. */
  write(data: Uint8Array): void;
  /** Makes it durable and says what it is; rejects when it is no state at all. */
  inspect(): Promise<{ readonly digest: string; readonly appliedIndex: number }>;
  discard(): void;
}

export interface StateStorage {
  readonly incoming: IncomingState;
  /** Opens the state, or makes an empty one. Throws `StateError`. */
  open(): StateMachine;
  /** Removes the state, which must be closed. */
  remove(): void;
  /** True when all that was committed before the call survives a power cut; false: not now, try again later. */
  checkpoint(): Promise<boolean>;
  /** A consistent copy of what the state machine has committed. */
  copy(): Promise<StateCopy>;
  /** What was received, whole and checked, is to become the state: from here on also after a crash. */
  beginReplacing(): void;
  /** Completes what `beginReplacing` began, if there is something to complete; the old state must be closed. */
  finishReplacing(): void;
  /** Whether writes should be refused while there is still some room left. */
  isSpaceLow(): boolean;
}
