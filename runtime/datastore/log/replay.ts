/**
 * Plays the records of a log, in the order they were written, and ends with what is in force: term and vote,
 * the base, the entries after it. Pure; it also keeps the picture current while the log is written.
 */
import type { Entry, HardState, LogIndex, SnapshotMeta, Term } from '../../raft/types.ts';
import type { LogRecord } from './records.ts';

export const BLANK_BASE: SnapshotMeta = {
  index: 0 as LogIndex,
  term: 0 as Term,
  configuration: { voters: [], outgoing: [], learners: [] },
};

export class Replay {
  hardState: HardState | null = null;
  base: SnapshotMeta = BLANK_BASE;
  entries: Entry[] = [];
  /**
   * Set while the first entry does not follow the base. That is normal between the start of the oldest segment
   * and the base that allowed its predecessors to be deleted; at the end it means that entries are missing.
   */
  gap = false;

  apply(record: LogRecord): void {
    switch (record.kind) {
      case 'hardState':
        this.hardState = record.hardState;
        break;
      case 'base':
        this.#applyBase(record.base, record.replacesLog);
        break;
      case 'entry':
        this.#applyEntry(record.entry);
        break;
    }
  }

  get #first(): number {
    return this.entries[0]?.index ?? this.base.index + 1;
  }

  #applyBase(base: SnapshotMeta, replacesLog: boolean): void {
    this.base = base;
    if (replacesLog) {
      this.entries = [];
    } else {
      this.entries = this.entries.filter((entry) => entry.index > base.index);
    }
    this.gap = this.#first !== base.index + 1;
  }

  #applyEntry(entry: Entry): void {
    const next = this.#first + this.entries.length;
    if (entry.index > next || entry.index < this.#first) {
      this.entries = [entry];
      this.gap = entry.index !== this.base.index + 1;
      return;
    }
    this.entries.length = entry.index - this.#first;
    this.entries.push(entry);
    this.gap ||= this.#first !== this.base.index + 1;
  }
}
