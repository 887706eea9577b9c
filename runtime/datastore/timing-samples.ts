/** What a replica measures of its machine and its network, for `election-timing.ts`: the most recent samples only. */
import type { Message, NodeId } from '../raft/types.ts';
import type { Clock } from './clock.ts';

const samplesKept = 64;

export class TimingSamples {
  readonly #clock: Clock;
  readonly #tickMilliseconds: number;
  readonly #late: number[] = [];
  readonly #roundTrips: number[] = [];
  /** When the oldest heartbeat left that a node has not answered. */
  readonly #asked = new Map<NodeId, number>();
  #lastTick: number;

  constructor(clock: Clock, tickMilliseconds: number) {
    this.#clock = clock;
    this.#tickMilliseconds = tickMilliseconds;
    this.#lastTick = clock.now();
  }

  get lateMilliseconds(): readonly number[] {
    return this.#late;
  }

  get roundTripMilliseconds(): readonly number[] {
    return this.#roundTrips;
  }

  ticked(): void {
    const now = this.#clock.now();
    keep(this.#late, Math.max(0, now - this.#lastTick - this.#tickMilliseconds));
    this.#lastTick = now;
  }

  /** A question older than the limit was asked of a node that is away: it says nothing of the network. */
  sent(message: Message, limitMilliseconds: number): void {
    if (message.type !== 'heartbeat') return;
    const now = this.#clock.now();
    if (now - (this.#asked.get(message.to) ?? Number.NEGATIVE_INFINITY) > limitMilliseconds)
      this.#asked.set(message.to, now);
  }

  received(message: Message, limitMilliseconds: number): void {
    if (message.type !== 'heartbeatResponse') return;
    const milliseconds = this.#clock.now() - (this.#asked.get(message.from) ?? Number.NEGATIVE_INFINITY);
    this.#asked.delete(message.from);
    if (milliseconds <= limitMilliseconds) keep(this.#roundTrips, milliseconds);
  }
}

function keep(samples: number[], sample: number): void {
  samples.push(sample);
  if (samples.length > samplesKept) samples.shift();
}
