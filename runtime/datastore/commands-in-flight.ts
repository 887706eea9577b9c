/** Names this node's commands, so that each is applied once however often it is proposed, and encodes them. */
import { encodeCommand } from './state-machine/command-codec.ts';
import type { CommandBody } from './state-machine/commands.ts';

const sessionLimit = 2 ** 48;

export class Commands {
  readonly #session: number;
  #sequence = 0;
  /** Sequence numbers that have no answer yet, in order of their making. */
  readonly #unanswered = new Set<number>();

  constructor(random: () => number) {
    this.#session = 1 + Math.floor(random() * (sessionLimit - 1));
  }

  /** `data` is to be proposed until there is an answer; then, or when nobody waits any more, call `end`. */
  begin(body: CommandBody): { readonly data: Uint8Array; readonly end: () => void } {
    this.#sequence += 1;
    const sequence = this.#sequence;
    this.#unanswered.add(sequence);
    // Sets keep the order of insertion: the first is the oldest.
    const [acknowledged = sequence] = this.#unanswered;
    const data = encodeCommand({ session: this.#session, sequence, acknowledged, body });
    return { data, end: () => this.#unanswered.delete(sequence) };
  }
}
