/**
 * The log as the core sees it: everything since the last compaction, in memory, with the marks that move
 * along it (committed, handed out, applied, given to the disk, durable). The configuration in force is part
 * of the log: it counts as soon as it is appended and goes away with a truncation (section 4.1).
 */
import { decodeConfiguration } from './configuration.ts';
import { invariant } from './invariant.ts';
import type { Configuration, Entry, LogIndex, SnapshotMeta, Term } from './types.ts';
import { lowerIndex, toIndex } from './units.ts';

/** What an entry weighs beside its data, roughly, in messages and memory. */
const ENTRY_OVERHEAD_BYTES = 32;

interface ConfigurationAt {
  readonly index: LogIndex;
  readonly configuration: Configuration;
}

export function entryBytes(entry: Entry): number {
  return entry.data.length + ENTRY_OVERHEAD_BYTES;
}

export class RaftLog {
  #base: SnapshotMeta;
  #entries: Entry[] = [];
  /** Oldest first; the first one is the base's. */
  #configurations: ConfigurationAt[];
  #bytes = 0;
  /** Known to be on a majority for good. */
  commit: LogIndex;
  /** Given to the driver to apply, up to here. */
  handedOut: LogIndex;
  /** Applied by the driver, up to here. After a restart it may be ahead of this log. */
  applied: LogIndex;
  /** On this node's disk, up to here. */
  durable: LogIndex;
  /** Given to the driver to write, up to here. */
  #written: LogIndex;

  constructor(base: SnapshotMeta, entries: readonly Entry[]) {
    this.#base = base;
    this.#configurations = [{ index: base.index, configuration: base.configuration }];
    this.commit = base.index;
    this.handedOut = base.index;
    this.applied = base.index;
    this.append(entries);
    this.durable = this.lastIndex;
    this.#written = this.lastIndex;
  }

  get base(): SnapshotMeta {
    return this.#base;
  }

  get firstIndex(): LogIndex {
    return toIndex(this.#base.index + 1);
  }

  get lastIndex(): LogIndex {
    return toIndex(this.#base.index + this.#entries.length);
  }

  get lastTerm(): Term {
    return this.#entries.at(-1)?.term ?? this.#base.term;
  }

  /** Bytes of the entries kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The newest configuration in the log, committed or not. */
  get configuration(): Configuration {
    return this.#newestConfiguration().configuration;
  }

  get configurationIndex(): LogIndex {
    return this.#newestConfiguration().index;
  }

  /** The term of the entry at an index; null when it is compacted away or not there yet. */
  termAt(index: LogIndex): Term | null {
    if (index === this.#base.index) return this.#base.term;
    return this.#entries[index - this.#base.index - 1]?.term ?? null;
  }

  /** Whether a candidate's log is at least as new as this one (section 3.6.1). */
  isUpToDate(lastIndex: LogIndex, lastTerm: Term): boolean {
    return lastTerm > this.lastTerm || (lastTerm === this.lastTerm && lastIndex >= this.lastIndex);
  }

  /** The highest index up to `index` whose term is at most `term`: where two logs may still agree. */
  lastWithTermAtMost(index: LogIndex, term: Term): LogIndex {
    let candidate = Math.min(index, this.lastIndex);
    while (candidate > this.#base.index && this.termAt(toIndex(candidate))! > term) candidate--;
    return toIndex(candidate);
  }

  /** Entries from an index on, as many as fit, but at least one if there is one. */
  slice(from: LogIndex, through: LogIndex, maxBytes: number, maxEntries = Number.POSITIVE_INFINITY): Entry[] {
    const chosen: Entry[] = [];
    let bytes = 0;
    for (let index = from; index <= through && chosen.length < maxEntries; index++) {
      const entry = this.#entries[index - this.#base.index - 1];
      if (entry === undefined) break;
      bytes += entryBytes(entry);
      if (chosen.length > 0 && bytes > maxBytes) break;
      chosen.push(entry);
    }
    return chosen;
  }

  /** Adds entries that follow the last one. */
  append(entries: readonly Entry[]): void {
    for (const entry of entries) {
      invariant(entry.index === this.lastIndex + 1, `entry ${entry.index} does not follow ${this.lastIndex}`);
      this.#entries.push(entry);
      this.#bytes += entryBytes(entry);
      if (entry.kind !== 'configuration') continue;
      const configuration = decodeConfiguration(entry.data);
      invariant(configuration !== null, `entry ${entry.index} is no configuration`);
      this.#configurations.push({ index: entry.index, configuration });
    }
  }

  /** Removes everything from an index on. What was written or durable there is so no longer. */
  truncateFrom(index: LogIndex): void {
    invariant(index > this.commit, `truncation at ${index} would remove committed ${this.commit}`);
    for (const gone of this.#entries.splice(index - this.#base.index - 1)) this.#bytes -= entryBytes(gone);
    this.#configurations = this.#configurations.filter((at) => at.index < index);
    this.#written = lowerIndex(this.#written, toIndex(index - 1));
    this.durable = lowerIndex(this.durable, toIndex(index - 1));
  }

  /** The entries the driver has not been given to write; they count as given from now on. */
  takeUnwritten(): Entry[] {
    const entries = this.slice(toIndex(this.#written + 1), this.lastIndex, Number.POSITIVE_INFINITY);
    this.#written = this.lastIndex;
    return entries;
  }

  get hasUnwritten(): boolean {
    return this.#written < this.lastIndex;
  }

  /** The index, term and configuration of a snapshot taken at an index that is still in the log. */
  metaAt(index: LogIndex): SnapshotMeta | null {
    const term = this.termAt(index);
    const at = this.#configurations.findLast((each) => each.index <= index);
    return term === null || at === undefined ? null : { index, term, configuration: at.configuration };
  }

  /** The lowest index up to which the entries can be forgotten so that those after it weigh no more than this. */
  lowestBaseFor(bytes: number): LogIndex {
    let kept = 0;
    let offset = this.#entries.length;
    while (offset > 0 && kept + entryBytes(this.#entries[offset - 1]!) <= bytes) {
      kept += entryBytes(this.#entries[offset - 1]!);
      offset--;
    }
    return toIndex(this.#base.index + offset);
  }

  /** Forgets the entries up to the new base. */
  compactTo(base: SnapshotMeta): void {
    for (const gone of this.#entries.splice(0, base.index - this.#base.index))
      this.#bytes -= entryBytes(gone);
    const later = this.#configurations.filter((at) => at.index > base.index);
    this.#configurations = [{ index: base.index, configuration: base.configuration }, ...later];
    this.#base = base;
  }

  /** Starts over from a snapshot that replaces the whole log. */
  restore(base: SnapshotMeta): void {
    // What is on disk agrees with the snapshot only as far as it was committed.
    this.durable = lowerIndex(this.durable, this.commit);
    this.#base = base;
    this.#entries = [];
    this.#bytes = 0;
    this.#configurations = [{ index: base.index, configuration: base.configuration }];
    this.commit = base.index;
    this.handedOut = base.index;
    this.applied = base.index;
    this.#written = base.index;
  }

  #newestConfiguration(): ConfigurationAt {
    const newest = this.#configurations.at(-1);
    invariant(newest !== undefined, 'the log has lost its configuration');
    return newest;
  }
}
