/** Writers that keep a machine's datastore busy until they are stopped, and say what they tried and what was acknowledged. */
import { AdminError, connectAdmin } from '../../runtime/admin/client.ts';
import { pick, type Random } from '../../runtime/raft/testing/seeded-random.ts';
import type { Counter } from './expectation.ts';
import { textOf } from './values.ts';

const writers = 8;
const keysOfWriter = 10;
const answerMilliseconds = 20_000;

function keyOf(writer: number, slot: number): string {
  return `w${writer}/${slot}`;
}

/** Every key that is ever written. */
export const allKeys: readonly string[] = Array.from({ length: writers * keysOfWriter }, (_, i) =>
  keyOf(Math.floor(i / keysOfWriter), i % keysOfWriter),
);

export interface LoadEvents {
  readonly onTried: (key: string, counter: Counter) => void;
  readonly onAcknowledged: (key: string, counter: Counter) => void;
}

export class Load {
  readonly #done: Promise<unknown>;
  readonly #stop = Promise.withResolvers<void>();
  #isStopped = false;
  #lastCounter: Counter;

  /** Counters begin after `lastCounter`, so that no two writes of a machine's life have the same value. */
  constructor(socket: string, random: Random, lastCounter: Counter, events: LoadEvents) {
    this.#lastCounter = lastCounter;
    this.#done = Promise.all(
      Array.from({ length: writers }, (_, writer) => this.#write(socket, writer, random, events)),
    );
  }

  /** Stops without waiting for answers that are still to come; resolves with the last counter used. */
  async stop(): Promise<Counter> {
    this.#isStopped = true;
    this.#stop.resolve();
    await this.#done;
    return this.#lastCounter;
  }

  /** One write at a time, so that of each key at most the last one is in doubt. */
  async #write(socket: string, writer: number, random: Random, events: LoadEvents): Promise<void> {
    const client = await connectAdmin(socket);
    const slots = Array.from({ length: keysOfWriter }, (_, slot) => slot);
    while (!this.#isStopped) {
      const key = keyOf(writer, pick(random, slots));
      this.#lastCounter += 1;
      const counter = this.#lastCounter;
      events.onTried(key, counter);
      try {
        const params = { key, value: textOf(key, counter) };
        await Promise.race([
          client.request('kv.put', params, { timeoutMilliseconds: answerMilliseconds }),
          this.#stop.promise,
        ]);
        if (!this.#isStopped) events.onAcknowledged(key, counter);
      } catch (error) {
        // The power may go at any moment; what was not acknowledged may be there or not.
        if (!(error instanceof AdminError)) throw error;
      }
    }
    client.close();
  }
}
