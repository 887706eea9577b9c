/** The election timeout of a replica, in force and as it adapts to disk, machine and network (`election-timing.ts`). */
import type { Message } from '../raft/types.ts';
import type { Clock } from './clock.ts';
import { decideElectionTicks } from './election-timing.ts';
import { TimingSamples } from './timing-samples.ts';

export interface AdaptiveTimingOptions {
  readonly clock: Clock;
  readonly heartbeatMilliseconds: number;
  /** The shortest election timeout. */
  readonly electionMilliseconds: number;
  /** How long recent writes of the log took to be durable. */
  readonly syncMilliseconds: () => readonly number[];
}

const decisionMilliseconds = 1_000;

export class AdaptiveTiming {
  readonly #options: AdaptiveTimingOptions;
  readonly #samples: TimingSamples;
  #electionTicks: number;
  #ticksUntilDecision = 0;

  constructor(options: AdaptiveTimingOptions) {
    this.#options = options;
    this.#samples = new TimingSamples(options.clock, this.tickMilliseconds);
    this.#electionTicks = Math.max(2, Math.round(options.electionMilliseconds / this.tickMilliseconds));
  }

  /**
   * How long one of the core's ticks is. No shorter than a heartbeat: every tick wakes an idle machine. Two nodes that
   * draw the same few ticks still stand apart, because each counts them from a moment of its own.
   */
  get tickMilliseconds(): number {
    return this.#options.heartbeatMilliseconds;
  }

  /** The present election timeout, at its shortest. */
  get electionTicks(): number {
    return this.#electionTicks;
  }

  /** Counts a tick, which may change the election timeout. */
  ticked(): void {
    this.#samples.ticked();
    if (this.#ticksUntilDecision-- > 0) return;
    this.#ticksUntilDecision = Math.ceil(decisionMilliseconds / this.tickMilliseconds);
    this.#electionTicks = decideElectionTicks({
      presentTicks: this.#electionTicks,
      tickMilliseconds: this.tickMilliseconds,
      configuredMilliseconds: this.#options.electionMilliseconds,
      syncMilliseconds: this.#options.syncMilliseconds(),
      lateMilliseconds: this.#samples.lateMilliseconds,
      roundTripMilliseconds: this.#samples.roundTripMilliseconds,
    });
  }

  sent(message: Message): void {
    this.#samples.sent(message, this.#patienceMilliseconds());
  }

  received(message: Message): void {
    this.#samples.received(message, this.#patienceMilliseconds());
  }

  /** Who has not answered for this long is away. */
  #patienceMilliseconds(): number {
    return 2 * this.#electionTicks * this.tickMilliseconds;
  }
}
