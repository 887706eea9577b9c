/**
 * Asks the leader, wherever it is, and asks again while elections, lost connections and dead machines are in the way,
 * up to a limit.
 */
import type { NodeId } from '../raft/types.ts';
import { type Cancel, type Clock, pause } from './clock.ts';
import { StoreError, type StoreErrorCode } from './store.ts';

/** How a node reaches the other ones. */
export interface LeaderNetwork {
  /** The leader as far as this node knows, also when it is no replica. */
  leader(): NodeId | null;
  /** Rejects with an error whose `code` is the other side's, or that of a failed connection. */
  request(
    to: NodeId,
    method: string,
    params: Record<string, unknown>,
    timeoutMilliseconds: number,
  ): Promise<unknown>;
}

export interface LeaderClientOptions {
  readonly id: NodeId;
  readonly network: LeaderNetwork;
  readonly clock: Clock;
  /** In a sentence: why nothing was served, and what to do. */
  readonly explainUnavailable: () => string;
}

/** What the leader said, and who it was. */
export interface Answer<Result> {
  readonly leader: NodeId;
  readonly result: Result;
}

const limitMilliseconds = 10_000;
const pauseMilliseconds = 20;
/** Errors of the other side that repeating does not mend. */
const finalCodes: readonly StoreErrorCode[] = [
  ...(['invalid', 'tooLarge', 'keyNotFound', 'compacted', 'future'] as const),
  ...(['leaseNotFound', 'leaseExists', 'noSpace'] as const),
];

export class LeaderClient {
  readonly #options: LeaderClientOptions;
  /** Called when another node leads than the one asked. */
  readonly #untilLed = new Set<() => void>();
  #stopLooking: Cancel | null = null;

  constructor(options: LeaderClientOptions) {
    this.#options = options;
  }

  close(): void {
    this.#stopLooking?.();
  }

  /** Tries until there is a result; null means: try again. Rejects with `unavailable` when the limit is over. */
  async untilServed<Result>(attempt: () => Promise<Result | null>): Promise<Result> {
    const { clock, explainUnavailable } = this.#options;
    const began = clock.now();
    for (;;) {
      const result = await attempt();
      if (result !== null) return result;
      if (clock.now() - began > limitMilliseconds) throw new StoreError('unavailable', explainUnavailable());
      await pause(clock, pauseMilliseconds);
    }
  }

  /** Asks the leader once; null when it does not answer, or another one leads meanwhile. */
  async ask<Result>(
    method: string,
    params: Record<string, unknown>,
    milliseconds: number,
  ): Promise<Result | null> {
    return (await this.askWhom<Result>(method, params, milliseconds))?.result ?? null;
  }

  /** The same, saying who answered. */
  async askWhom<Result>(
    method: string,
    params: Record<string, unknown>,
    milliseconds: number,
  ): Promise<Answer<Result> | null> {
    const { network, id } = this.#options;
    const leader = network.leader();
    if (leader === null || leader === id) return null;
    const replaced = this.#untilReplaced(leader);
    try {
      const request = network.request(leader, method, params, milliseconds);
      const answer = request.then((result) => ({ leader, result: result as Result }));
      return await Promise.race([answer, replaced.promise]);
    } catch (error) {
      const { code, message, revision } = error as { code?: string; message: string; revision?: number };
      const final = finalCodes.find((each) => each === code);
      if (final !== undefined) throw new StoreError(final, message, revision);
      return null;
    } finally {
      replaced.stop();
    }
  }

  /** Resolves with null when another node than `leader` leads: a machine without power never answers. */
  #untilReplaced(leader: NodeId): { readonly promise: Promise<null>; readonly stop: () => void } {
    const { promise, resolve } = Promise.withResolvers<null>();
    const { network, clock } = this.#options;
    const look = (): void => {
      const present = network.leader();
      if (present !== null && present !== leader) resolve(null);
    };
    this.#untilLed.add(look);
    this.#stopLooking ??= clock.every(pauseMilliseconds, () => {
      for (const each of this.#untilLed) each();
    });
    const stop = (): void => {
      this.#untilLed.delete(look);
      if (this.#untilLed.size > 0) return;
      this.#stopLooking?.();
      this.#stopLooking = null;
    };
    return { promise, stop };
  }
}
