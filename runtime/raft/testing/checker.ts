/**
 * Watches a whole test cluster for the properties that make Raft Raft (figure 3.2): election safety, log
 * matching, leader completeness, state machine safety, one vote per term, and that reads are linearizable.
 * It sees everything, so it finds a fault in the step that makes it.
 */
import type { Entry, HardState, LogIndex, NodeId, RaftStatus, Term } from '../types.ts';

interface Sighting {
  readonly entry: Entry;
  readonly previousTerm: Term | null;
}

export class SafetyChecker {
  #leaders = new Map<Term, NodeId>();
  #votes = new Map<string, NodeId>();
  #entries = new Map<string, Sighting>();
  #committed = new Map<LogIndex, Entry>();
  highestCommit = 0 as LogIndex;

  leaderSeen(status: RaftStatus, log: ReadonlyMap<number, Entry>): void {
    const other = this.#leaders.get(status.term);
    if (other === status.id) return;
    if (other !== undefined) fail(`election safety: ${other} and ${status.id} both lead term ${status.term}`);
    this.#leaders.set(status.term, status.id);
    for (const [index, entry] of this.#committed) {
      if (index < status.firstIndex) continue;
      const own = log.get(index);
      if (own?.term !== entry.term)
        fail(`leader completeness: ${status.id} leads term ${status.term} without committed ${index}`);
    }
  }

  hardStateSaved(id: NodeId, state: HardState): void {
    if (state.vote === null) return;
    const key = `${id} ${state.term}`;
    const before = this.#votes.get(key);
    if (before !== undefined && before !== state.vote)
      fail(`one vote per term: ${id} voted twice in ${state.term}`);
    this.#votes.set(key, state.vote);
  }

  entryAppended(entry: Entry, previousTerm: Term | null): void {
    const key = `${entry.index} ${entry.term}`;
    const seen = this.#entries.get(key);
    if (seen === undefined) {
      this.#entries.set(key, { entry, previousTerm });
      return;
    }
    const differs = seen.entry.kind !== entry.kind || Buffer.compare(seen.entry.data, entry.data) !== 0;
    const previousDiffers =
      previousTerm !== null && seen.previousTerm !== null && seen.previousTerm !== previousTerm;
    if (differs || previousDiffers) fail(`log matching: two entries ${entry.index} of term ${entry.term}`);
  }

  entryCommitted(id: NodeId, entry: Entry): void {
    const before = this.#committed.get(entry.index);
    if (before === undefined) this.#committed.set(entry.index, entry);
    else if (before.term !== entry.term || Buffer.compare(before.data, entry.data) !== 0) {
      fail(
        `state machine safety: ${id} commits ${entry.index} of term ${entry.term}, another of ${before.term}`,
      );
    }
    if (entry.index > this.highestCommit) this.highestCommit = entry.index;
  }

  readAnswered(context: string, askedAt: LogIndex, index: LogIndex): void {
    if (index < askedAt)
      fail(`read ${context}: answered with ${index}, but ${askedAt} was committed before it was asked`);
  }
}

function fail(message: string): never {
  throw new Error(message);
}
