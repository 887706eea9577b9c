/**
 * What a replica does by itself so that nobody has to: sweeps away what compaction made unreadable, and, on the leader,
 * ends leases, watches the space limit, and compacts history that grows without end.
 */
import type { Cancel, Clock } from './clock.ts';
import type { Leases } from './leases.ts';
import type { CommandBody } from './state-machine/commands.ts';
import type { StateMachine } from './state-machine/state-machine.ts';

export interface HousekeepingSurroundings {
  readonly clock: Clock;
  readonly id: string;
  readonly leases: Leases;
  /** The database may take this much before writes are refused. */
  readonly spaceLimitBytes: number;
  /** Revisions of history to keep when nobody compacts. */
  readonly keepRevisions: number;
  isLeader(): boolean;
  machine(): StateMachine;
  execute(body: CommandBody): Promise<unknown>;
  log(message: string): void;
}

const leaseCheckMilliseconds = 250;
const checksBetweenLooks = 4;
const sweepPauseMilliseconds = 5;
const changesInASweep = 100;
/** The alarm ends when less than this share of the limit is in use. */
const enoughSpace = 0.9;

export class Housekeeping {
  readonly #around: HousekeepingSurroundings;
  readonly #stop: Cancel;
  #stopSweep: Cancel | null = null;
  #checks = 0;
  #busy = false;
  #closed = false;

  constructor(around: HousekeepingSurroundings) {
    this.#around = around;
    this.#stop = around.clock.every(leaseCheckMilliseconds, () => this.#check());
  }

  close(): void {
    this.#closed = true;
    this.#stop();
    this.#stopSweep?.();
  }

  #check(): void {
    this.#around.leases.check();
    this.#checks += 1;
    if (this.#checks % checksBetweenLooks !== 0) return;
    if (this.#stopSweep === null) this.#sweep();
    if (this.#around.isLeader() && !this.#busy) void this.#lookAfterSpace();
  }

  #sweep(): void {
    this.#stopSweep = null;
    if (this.#closed) return;
    try {
      if (!this.#around.machine().sweep(changesInASweep)) return;
    } catch {
      // No space to sweep in: the next look tries again.
      return;
    }
    this.#stopSweep = this.#around.clock.after(sweepPauseMilliseconds, () => this.#sweep());
  }

  async #lookAfterSpace(): Promise<void> {
    this.#busy = true;
    try {
      await this.#compactHistory();
      await this.#watchLimit();
    } catch {
      // Not the leader any more, or no quorum: whoever leads looks again in a second.
    }
    this.#busy = false;
  }

  async #compactHistory(): Promise<void> {
    const { keepRevisions, execute, machine } = this.#around;
    const { view } = machine();
    const oldest = view.number('revision') - keepRevisions;
    // Not one by one: a compaction is a log entry too.
    const due = oldest - view.number('compactedRevision') >= Math.max(1, keepRevisions / 10);
    if (due) await execute({ kind: 'compact', revision: oldest });
  }

  async #watchLimit(): Promise<void> {
    const { spaceLimitBytes, id, execute, machine, log } = this.#around;
    const { view } = machine();
    const { inUse } = view.size();
    const alarmed = view.alarms().some(({ alarm }) => alarm === 'noSpace');
    if (!alarmed && inUse > spaceLimitBytes) {
      log(`the datastore uses ${inUse} bytes, more than its limit of ${spaceLimitBytes}: writes are refused`);
      await execute({ kind: 'raiseAlarm', member: id, alarm: 'noSpace' });
    } else if (alarmed && inUse < spaceLimitBytes * enoughSpace) {
      log('the datastore has space again: writes are accepted');
      await execute({ kind: 'disarm', alarm: 'noSpace' });
    }
  }
}
