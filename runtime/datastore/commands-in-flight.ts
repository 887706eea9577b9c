/** Names this node's commands, so that each is applied once however often it is proposed, and encodes them. */
import { joinCommand } from './state-machine/command-codec.ts';
import type { CommandResult } from './state-machine/commands.ts';

const sessionLimit = 2 ** 48;

interface Session {
  readonly id: number;
  sequence: number;
  /** The replicas have applied a command of it. */
  known: boolean;
  /** Sequence numbers that have no answer yet, in order of their making. */
  readonly unanswered: Set<number>;
}

export class Commands {
  readonly #random: () => number;
  #session: Session;

  constructor(random: () => number) {
    this.#random = random;
    this.#session = this.#open();
  }

  /**
   * Names an encoded body. `data` is to be proposed until there is an answer; then, or when nobody waits any more (null), call `end`. Until a
   * first answer has come nothing may be called acknowledged: the replicas know a session from its first command on,
   * whichever that is, and refuse one that claims a past which they have not seen.
   */
  begin(body: Uint8Array): {
    readonly data: Uint8Array;
    readonly end: (result: CommandResult | null) => void;
  } {
    const session = this.#session;
    session.sequence += 1;
    const { sequence, unanswered } = session;
    unanswered.add(sequence);
    // Sets keep the order of insertion: the first is the oldest.
    const [oldest = sequence] = unanswered;
    const acknowledged = session.known ? oldest : 1;
    const data = joinCommand({ session: session.id, sequence, acknowledged }, body);
    return { data, end: (result) => this.#end(session, sequence, result) };
  }

  #end(session: Session, sequence: number, result: CommandResult | null): void {
    session.unanswered.delete(sequence);
    if (result === null) return;
    const hasExpired = result.kind === 'refused' && result.code === 'sessionExpired';
    if (!hasExpired) session.known = true;
    // Everything else of that session would be refused too.
    else if (session === this.#session) this.#session = this.#open();
  }

  #open(): Session {
    const id = 1 + Math.floor(this.#random() * (sessionLimit - 1));
    return { id, sequence: 0, known: false, unanswered: new Set() };
  }
}
