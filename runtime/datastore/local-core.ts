/**
 * What this node can do by itself, as the leader or as a replica that follows. Each answers null when it cannot now: who
 * calls tries again, or says that this node is the wrong one to ask.
 */
import type { Surroundings } from './clock.ts';
import type { Commands } from './commands-in-flight.ts';
import { Leases } from './leases.ts';
import { LostError } from './pending-work.ts';
import type { Replica } from './replica.ts';
import { SharedQuestion } from './shared-question.ts';
import { encodeBody } from './state-machine/command-codec.ts';
import type { CommandResult } from './state-machine/commands.ts';
import type { ChangesPage, StoredLease } from './state-machine/reading.ts';
import { type LeaseInfo, StoreError } from './store.ts';
import type { CorePage, CorePageQuery } from './store-core.ts';

/** How long one attempt at anything may take. */
export const attemptMilliseconds = 3_000;
const revisionsAtOnce = 500;

export class LocalCore {
  readonly leases: Leases;
  readonly #replica: Replica;
  readonly #commands: Commands;
  readonly #surroundings: Surroundings;
  /** True once the state here holds everything that was committed before it was asked. */
  readonly #newest: SharedQuestion;

  constructor(replica: Replica, commands: Commands, surroundings: Surroundings) {
    this.#replica = replica;
    this.#commands = commands;
    this.#surroundings = surroundings;
    this.#newest = new SharedQuestion(() => replica.linearize());
    this.leases = new Leases({
      clock: surroundings.clock,
      leadingTerm: () => (this.leads ? replica.status().term : null),
      changes: () => replica.machine.leaseChanges,
      stored: () => replica.machine.view.leases(),
      revoke: (lease) => this.#endLease(lease),
    });
  }

  get leads(): boolean {
    return this.#replica.status().role === 'leader';
  }

  /** Whether the state here follows the leader's: not on a spare, and not on a node that has lost touch. */
  get followsLog(): boolean {
    const { id, configuration, leader } = this.#replica.status();
    if (leader === null) return false;
    const { voters, outgoing, learners } = configuration;
    return voters.includes(id) || outgoing.includes(id) || learners.includes(id);
  }

  /** Proposes an encoded command and waits until it is applied; its id keeps it from being applied twice. */
  async propose(data: Uint8Array): Promise<CommandResult | null> {
    const outcome = this.#replica.propose(data);
    if (outcome.kind !== 'proposed') return null;
    try {
      return await this.#within(outcome.result, attemptMilliseconds);
    } catch (error) {
      if (error instanceof LostError) return null;
      throw error;
    }
  }

  async page(query: CorePageQuery): Promise<CorePage | null> {
    if (!(await this.#isReadable(query.serializable))) return null;
    const { view } = this.#replica.machine;
    const page = view.page(query);
    if (page.kind !== 'page' || !query.count) return page;
    return { ...page, count: page.next === null ? page.items.length : view.count(query, query.revision) };
  }

  async revision(serializable: boolean): Promise<number | null> {
    if (!(await this.#isReadable(serializable))) return null;
    return this.#replica.machine.view.number('revision');
  }

  async leaseIds(): Promise<readonly number[] | null> {
    if (!(await this.#isReadable(false))) return null;
    return this.#replica.machine.view.leases().map(({ id }) => id);
  }

  /** History, as far as it is applied here. */
  changes(from: number, previous: boolean): ChangesPage | null {
    return this.followsLog ? this.#replica.machine.view.changes(from, revisionsAtOnce, previous) : null;
  }

  /** The time counts from before the leader made sure that it leads: another leader's clock begins later. */
  async renewLease(id: number): Promise<number | null> {
    const since = this.#surroundings.clock.now();
    if (!(await this.#leadsForSure())) return null;
    const seconds = this.leases.renew(id, since);
    if (seconds === null) throw new StoreError('leaseNotFound', `lease ${id} does not exist`);
    return seconds;
  }

  async lease(id: number, withKeys: boolean): Promise<LeaseInfo | null> {
    if (!(await this.#leadsForSure())) return null;
    const { view } = this.#replica.machine;
    const lease = view.lease(id);
    const remaining = this.leases.remaining(id);
    if (lease === null || remaining === null)
      return { id, grantedSeconds: 0, remainingSeconds: -1, keys: [] };
    const keys = withKeys ? view.leaseKeys(id) : [];
    return { id, grantedSeconds: lease.seconds, remainingSeconds: Math.ceil(remaining), keys };
  }

  async #isReadable(serializable: boolean): Promise<boolean> {
    return this.followsLog && (serializable || (await this.#newest.answer()));
  }

  async #leadsForSure(): Promise<boolean> {
    return this.leads && (await this.#newest.answer()) && this.leads;
  }

  /** Only in the term in which the time ran out: a later leader has given the lease its full time again. */
  async #endLease(lease: StoredLease): Promise<void> {
    const command = this.#commands.begin(
      encodeBody({ kind: 'revokeLease', lease: lease.id, granted: lease.granted }),
    );
    let result: CommandResult | null = null;
    try {
      result = await this.propose(command.data);
      if (result === null) throw new StoreError('unavailable', 'the end of a lease was not committed');
    } finally {
      command.end(result);
    }
  }

  /** Resolves with null when the time is over first. */
  #within<Result>(promise: Promise<Result>, milliseconds: number): Promise<Result | null> {
    return new Promise((resolve, reject) => {
      const cancel = this.#surroundings.clock.after(milliseconds, () => resolve(null));
      promise.then(resolve, reject).finally(cancel);
    });
  }
}
