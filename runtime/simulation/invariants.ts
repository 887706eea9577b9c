/**
 * What must hold at every step of a run (figure 3.2 of Raft, and the rules of configurations), watched from outside:
 * from the messages the nodes send, what they say of themselves, and what their state machines apply.
 */
import { decodeConfiguration } from '../raft/configuration.ts';
import type { Configuration, Entry, LogIndex, Message, NodeId, RaftStatus, Term } from '../raft/types.ts';

/** A run has broken a rule. */
export class Violation extends Error {
  override readonly name = 'Violation';
  readonly rule: string;

  constructor(rule: string, message: string) {
    super(`${rule}: ${message}`);
    this.rule = rule;
  }
}

interface Sighting {
  readonly entry: Entry;
  readonly previousTerm: Term;
}

export class Invariants {
  checks = 0;
  leaderChanges = 0;
  /** Applied by somebody, from index 1 on. */
  readonly committed: Entry[] = [];
  /** The term of whoever applied it first: leaders of later terms must have it. */
  readonly #committedIn: Term[] = [];
  readonly #leaders = new Map<Term, NodeId>();
  readonly #votes = new Map<string, NodeId>();
  readonly #entries = new Map<string, Sighting>();
  /** By node and start: the highest commit index seen. */
  readonly #commits = new Map<string, LogIndex>();
  #committedConfiguration: Configuration | null = null;
  readonly #blanks = new Set<string>();
  /** By term: where the newest configuration is that its leader has been seen to send. */
  readonly #configurations = new Map<Term, LogIndex>();
  readonly #onCommitted: (entry: Entry) => void;

  constructor(onCommitted: (entry: Entry) => void) {
    this.#onCommitted = onCommitted;
  }

  /** From now on this node may begin again with nothing: it is a spare that lets go of its data. */
  becomesBlank(id: NodeId, start: number): void {
    this.#blanks.add(`${id} ${start}`);
  }

  messageSent(message: Message, sender: RaftStatus): void {
    this.checks += 1;
    switch (message.type) {
      case 'voteRequest':
        if (!message.preVote) this.#voted(message.from, message.term, message.from);
        break;
      case 'voteResponse':
        if (!message.preVote && message.granted) this.#voted(message.from, message.term, message.to);
        break;
      case 'appendRequest':
        this.#appendSent(message, sender);
        break;
      default:
        break;
    }
  }

  statusSeen(status: RaftStatus, start: number): void {
    this.checks += 1;
    const { id, role, commit, lastIndex } = status;
    if (commit > lastIndex)
      fail('commit index', `${id} has committed ${commit}, its log ends at ${lastIndex}`);
    const key = `${id} ${start}`;
    if (commit === 0 && this.#blanks.has(key)) this.#commits.delete(key);
    const before = this.#commits.get(key) ?? 0;
    if (commit < before) fail('commit index', `${id} went back from ${before} to ${commit}`);
    this.#commits.set(key, commit);
    if (role === 'leader') this.#leads(status);
  }

  applied(id: NodeId, term: Term, entries: readonly Entry[], appliedBefore: LogIndex): void {
    let last: number = appliedBefore;
    for (const entry of entries) {
      if (entry.index <= appliedBefore) continue;
      this.checks += 1;
      if (entry.index !== last + 1)
        fail('state machine safety', `${id} applies ${entry.index} after ${last}`);
      last = entry.index;
      const known = this.committed[entry.index - 1];
      if (known !== undefined) {
        if (!isSame(known, entry))
          fail(
            'state machine safety',
            `${id} applies another entry ${entry.index} (term ${entry.term}, ${known.term})`,
          );
        continue;
      }
      if (entry.index !== this.committed.length + 1)
        fail(
          'state machine safety',
          `${id} applies ${entry.index}, of which nobody has applied the one before`,
        );
      this.committed.push(entry);
      this.#committedIn.push(term);
      if (entry.kind === 'configuration') this.#configurationCommitted(entry);
      this.#onCommitted(entry);
    }
  }

  #voted(voter: NodeId, term: Term, candidate: NodeId): void {
    const key = `${voter} ${term}`;
    const before = this.#votes.get(key);
    if (before !== undefined && before !== candidate)
      fail('one vote a term', `${voter} voted for ${before} and ${candidate} in term ${term}`);
    this.#votes.set(key, candidate);
  }

  #leads({ id, term, lastIndex }: RaftStatus): void {
    const other = this.#leaders.get(term);
    if (other === id) return;
    if (other !== undefined) fail('election safety', `${other} and ${id} both lead term ${term}`);
    this.#leaders.set(term, id);
    this.leaderChanges += 1;
    const { length } = this.committed;
    if (lastIndex < length && (this.#committedIn[length - 1] ?? term) < term)
      fail(
        'leader completeness',
        `${id} leads term ${term} with a log up to ${lastIndex}; ${length} is committed`,
      );
  }

  #appendSent(message: Extract<Message, { type: 'appendRequest' }>, sender: RaftStatus): void {
    let previousTerm = message.previousTerm;
    this.#mustBeCommitted(message, message.previousIndex, previousTerm);
    for (const entry of message.entries) {
      const key = `${entry.index} ${entry.term}`;
      const seen = this.#entries.get(key);
      if (seen === undefined) this.#entries.set(key, { entry, previousTerm });
      else if (!isSame(seen.entry, entry) || seen.previousTerm !== previousTerm)
        fail('log matching', `two entries ${entry.index} of term ${entry.term}`);
      this.#mustBeCommitted(message, entry.index, entry.term);
      if (entry.kind === 'configuration') this.#configurationSent(entry, sender);
      previousTerm = entry.term;
    }
  }

  /** A leader's log holds what was committed in the terms before its own. */
  #mustBeCommitted(message: Message, index: LogIndex, term: Term): void {
    const known = this.committed[index - 1];
    if (known === undefined || known.term === term || (this.#committedIn[index - 1] ?? 0) >= message.term)
      return;
    fail(
      'leader completeness',
      `${message.from} has term ${term} at ${index}; committed is term ${known.term}`,
    );
  }

  #configurationSent(entry: Entry, sender: RaftStatus): void {
    if (entry.term !== sender.term || sender.role !== 'leader') return;
    const before = this.#configurations.get(entry.term);
    if (before !== undefined && before >= entry.index) return;
    this.#configurations.set(entry.term, entry.index);
    if (before !== undefined && sender.commit < before)
      fail('configuration rules', `${sender.id} changes at ${entry.index} before ${before} is committed`);
  }

  /** Of what is committed nothing is left out, so that each configuration can be held against the one before. */
  #configurationCommitted(entry: Entry): void {
    const configuration = decodeConfiguration(entry.data);
    if (configuration === null) return;
    const before = this.#committedConfiguration;
    this.#committedConfiguration = configuration;
    if (before !== null && !overlap(before, configuration))
      fail(
        'configuration rules',
        `entry ${entry.index} leaves quorums that do not overlap with those before`,
      );
  }
}

/** From one configuration to the next: into a joint one, out of it, or by one voter at most (chapter 4). */
function overlap(before: Configuration, after: Configuration): boolean {
  if (after.outgoing.length > 0)
    return sameIds(after.outgoing, before.voters) && before.outgoing.length === 0;
  if (before.outgoing.length > 0) return sameIds(before.voters, after.voters);
  const added = after.voters.filter((id) => !before.voters.includes(id)).length;
  const removed = before.voters.filter((id) => !after.voters.includes(id)).length;
  return added + removed <= 1;
}

function sameIds(one: readonly NodeId[], other: readonly NodeId[]): boolean {
  return one.length === other.length && one.every((id) => other.includes(id));
}

function isSame(one: Entry, other: Entry): boolean {
  return one.term === other.term && one.kind === other.kind && Buffer.compare(one.data, other.data) === 0;
}

function fail(rule: string, message: string): never {
  throw new Violation(rule, message);
}
