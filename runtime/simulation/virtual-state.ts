/**
 * A node's storage for its state, in memory: the state machine is the real one over SQLite in memory, and what the
 * disk holds of it is a copy of its bytes. A power cut falls back to the last checkpoint, or by chance to what the
 * page cache had written by itself.
 */
import { createHash } from 'node:crypto';
import { StateView } from '../datastore/state-machine/reading.ts';
import { openStateMachine, type StateMachine } from '../datastore/state-machine/state-machine.ts';
import { openForReading } from '../datastore/state-machine/tables.ts';
import type { IncomingState, StateCopy, StateStorage, Transfer } from '../datastore/state-storage.ts';

export interface StateSurroundings {
  /** Waits as long as work on the state's files takes. */
  readonly work: () => Promise<void>;
  readonly random: () => number;
  readonly isSpaceLow: () => boolean;
  /** Told of every machine that is opened, to look at what it applies. */
  readonly onOpen: (machine: StateMachine) => void;
}

export class VirtualState implements StateStorage {
  readonly incoming = new VirtualIncoming();
  readonly #around: StateSurroundings;
  /** What survives a power cut; null: no state yet. */
  #durable: Buffer | null = null;
  /** A received state that is to become the state. */
  #ready: Buffer | null = null;
  #machine: StateMachine | null = null;

  constructor(around: StateSurroundings) {
    this.#around = around;
  }

  open(): StateMachine {
    // A copy: SQLite works in the bytes it is given.
    const machine = openStateMachine(this.#durable === null ? ':memory:' : Buffer.from(this.#durable));
    this.#machine = machine;
    this.#around.onOpen(machine);
    return machine;
  }

  remove(): void {
    this.#durable = null;
  }

  async checkpoint(): Promise<boolean> {
    const machine = this.#machine;
    const bytes = machine?.serialize();
    await this.#around.work();
    // A reader may be in the way; and another state may have come into the place of this one.
    if (bytes === undefined || this.#machine !== machine || this.#around.random() < 0.1) return false;
    this.#durable = bytes;
    return true;
  }

  async copy(): Promise<StateCopy> {
    const machine = this.#machine;
    if (machine === null) throw new Error('there is no state to copy');
    const { index, term } = machine.applied();
    const configuration = JSON.stringify(machine.configuration());
    const bytes = machine.serialize();
    const digest = createHash('sha256').update(bytes).digest('hex');
    await this.#around.work();
    return {
      facts: {
        ...{ index, term, configuration, sizeBytes: bytes.length, digest },
        revision: machine.view.number('revision'),
      },
      sizeBytes: bytes.length,
      read: async (offset, length) => bytes.subarray(offset, offset + length),
      close: async () => {},
    };
  }

  beginReplacing(): void {
    this.#ready = this.incoming.takeAll();
  }

  finishReplacing(): void {
    if (this.#ready === null) return;
    this.#durable = this.#ready;
    this.#ready = null;
  }

  isSpaceLow(): boolean {
    return this.#around.isSpaceLow();
  }

  /** The process is gone: what it had committed may be in the page cache, and after a power cut only by luck. */
  crash(keepsPresent: boolean, random: () => number): void {
    const machine = this.#machine;
    this.#machine = null;
    if (machine === null) return;
    if (keepsPresent && this.#ready === null) this.#durable = machine.serialize();
    machine.close();
    this.incoming.crash(random);
  }
}

class VirtualIncoming implements IncomingState {
  #bytes = Buffer.alloc(0);
  #synced = 0;
  #transfer: Transfer | null = null;

  transfer(): Transfer | null {
    return this.#transfer;
  }

  begin(digest: string, sizeBytes: number): void {
    this.#bytes = Buffer.alloc(sizeBytes);
    this.#synced = 0;
    this.#transfer = { digest, sizeBytes, writtenBytes: 0 };
  }

  write(data: Uint8Array): void {
    if (this.#transfer === null) return;
    this.#bytes.set(data, this.#transfer.writtenBytes);
    this.#transfer = { ...this.#transfer, writtenBytes: this.#transfer.writtenBytes + data.length };
  }

  async inspect(): Promise<{ digest: string; appliedIndex: number }> {
    this.#synced = this.#bytes.length;
    const digest = createHash('sha256').update(this.#bytes).digest('hex');
    const connection = openForReading(Buffer.from(this.#bytes));
    try {
      return { digest, appliedIndex: new StateView(connection).number('appliedIndex') };
    } finally {
      connection.close();
    }
  }

  discard(): void {
    this.#transfer = null;
  }

  takeAll(): Buffer {
    this.#transfer = null;
    return this.#bytes;
  }

  /** What was not synced may be there, be shorter, or be zeros where it should be. */
  crash(random: () => number): void {
    if (this.#transfer === null || this.#synced >= this.#transfer.writtenBytes || random() < 0.5) return;
    const { writtenBytes } = this.#transfer;
    if (random() < 0.5)
      this.#transfer = { ...this.#transfer, writtenBytes: Math.floor(random() * writtenBytes) };
    else this.#bytes.fill(0, Math.floor(random() * writtenBytes), writtenBytes);
  }
}
