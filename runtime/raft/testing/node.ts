/**
 * One machine of the test cluster: a core, a disk that has only what was synced, a state machine, and the
 * snapshots that arrived beside the messages. It does what `Ready` asks for, one step at a time.
 */
import { Raft, type RaftOptions } from '../raft.ts';
import type { Entry, HardState, LogIndex, Message, NodeId, Ready, SnapshotMeta, Term } from '../types.ts';
import type { SafetyChecker } from './checker.ts';

export interface Disk {
  hardState: HardState | null;
  base: SnapshotMeta;
  entries: Entry[];
}

export type CoreSettings = Omit<RaftOptions, 'id' | 'recovered'>;

export interface Surroundings {
  readonly settings: CoreSettings;
  readonly checker: SafetyChecker;
  send(messages: readonly Message[]): void;
  wantSnapshot(from: NodeId, to: NodeId, session: number): void;
  readAnswered(context: string, index: LogIndex | null): void;
}

const decoder = new TextDecoder();

export class TestNode {
  readonly id: NodeId;
  readonly #around: Surroundings;
  #raft: Raft;
  up = true;
  disk: Disk;
  /** Ready but not yet synced, oldest first. */
  unsynced: Ready[] = [];
  /** The state machine: the entry applied at each index, from 1 on. */
  machine: Entry[] = [];
  /** State machines delivered for `installSnapshot`, by index. */
  received = new Map<LogIndex, Entry[]>();
  /** The whole log as last seen, synced or not. */
  mirror = new Map<number, Entry>();

  constructor(id: NodeId, disk: Disk, around: Surroundings) {
    this.id = id;
    this.disk = disk;
    this.#around = around;
    this.#raft = this.#boot();
  }

  get raft(): Raft {
    return this.#raft;
  }

  get appliedIndex(): LogIndex {
    return this.machine.length as LogIndex;
  }

  /** The commands applied, as text. */
  get commands(): string[] {
    return this.machine.filter((each) => each.kind === 'command').map((each) => decoder.decode(each.data));
  }

  /**
   * Loses what was not synced; the state machine may fall back to any point the log can bring it on from. Torn:
   * of the oldest write only the first record, term and vote, has reached the disk.
   */
  crash(appliedAfter: number = this.appliedIndex, torn = false): void {
    this.up = false;
    const half = this.unsynced[0]?.hardState ?? null;
    if (torn && half !== null) {
      this.disk.hardState = half;
      this.#around.checker.hardStateSaved(this.id, half);
    }
    this.unsynced = [];
    this.received.clear();
    this.machine.length = Math.max(this.disk.base.index, Math.min(appliedAfter, this.machine.length));
  }

  restart(): void {
    this.up = true;
    this.#raft = this.#boot();
  }

  /** Takes everything that is ready: sends, applies, and leaves the writes unsynced. */
  takeAll(): void {
    while (this.up && this.#raft.hasReady()) this.#take(this.#raft.takeReady());
  }

  /** The oldest write reaches the disk. */
  syncOne(): void {
    const ready = this.unsynced.shift();
    if (ready === undefined) return;
    if (ready.hardState !== null) {
      this.disk.hardState = ready.hardState;
      this.#around.checker.hardStateSaved(this.id, ready.hardState);
    }
    if (ready.snapshot !== null) this.#install(ready.snapshot);
    const first = ready.entries[0];
    if (first !== undefined) {
      this.disk.entries = [...this.disk.entries.filter((each) => each.index < first.index), ...ready.entries];
    }
    this.#around.send(ready.messagesAfterPersist);
    this.#raft.persisted(ready.number);
  }

  compact(index: LogIndex): void {
    const base = this.#raft.compact(index);
    this.disk.base = base;
    this.disk.entries = this.disk.entries.filter((each) => each.index > base.index);
  }

  #boot(): Raft {
    this.mirror = new Map(this.disk.entries.map((each) => [each.index, each]));
    const recovered = { ...this.disk, entries: [...this.disk.entries] };
    const raft = new Raft({ ...this.#around.settings, id: this.id, recovered });
    raft.applied(this.appliedIndex);
    return raft;
  }

  #take(ready: Ready): void {
    this.#around.send(ready.messages);
    this.#mirror(ready);
    this.unsynced.push(ready);
    for (const { to, session } of ready.snapshotsToSend) this.#around.wantSnapshot(this.id, to, session);
    for (const { context, index } of ready.reads) this.#around.readAnswered(context, index);
    for (const entry of ready.committed) this.#apply(entry);
    const status = this.#raft.status();
    if (status.role === 'leader') this.#around.checker.leaderSeen(status, this.mirror);
  }

  #mirror(ready: Ready): void {
    if (ready.snapshot !== null) this.mirror.clear();
    const first = ready.entries[0];
    if (first === undefined) return;
    for (const index of this.mirror.keys()) if (index >= first.index) this.mirror.delete(index);
    let previous: Term | null = this.mirror.get(first.index - 1)?.term ?? null;
    for (const entry of ready.entries) {
      this.mirror.set(entry.index, entry);
      this.#around.checker.entryAppended(entry, previous);
      previous = entry.term;
    }
  }

  #apply(entry: Entry): void {
    if (entry.index !== this.machine.length + 1) {
      throw new Error(`${this.id} is to apply ${entry.index} after ${this.machine.length}`);
    }
    this.#around.checker.entryCommitted(this.id, entry);
    this.machine.push(entry);
    this.#raft.applied(entry.index);
  }

  #install(snapshot: SnapshotMeta): void {
    const machine = this.received.get(snapshot.index);
    if (machine === undefined)
      throw new Error(`${this.id} accepts a snapshot at ${snapshot.index} it never got`);
    this.machine = [...machine];
    this.disk.base = snapshot;
    this.disk.entries = [];
  }
}
