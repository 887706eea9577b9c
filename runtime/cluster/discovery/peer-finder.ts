/**
 * A member finds its peers again wherever they are now: it knocks where discovery says that somebody may be, and what goes
 * into the address book is who proves to be there, by certificate. So an address needs no identity, and a wrong or hostile
 * hint costs an attempt.
 */
import type { Log } from '../../logging/log.ts';
import { type AddressBook, formatEndpoint } from '../../peers/address-book.ts';
import { alpn } from '../../peers/alpn.ts';
import { dialMember } from '../../peers/dial.ts';
import type { Credentials } from '../../peers/trust.ts';
import type { Candidate, Candidates } from './candidates.ts';
import { type Attempt, chooseProbes } from './choose-probes.ts';

const roundMilliseconds = 1_000;
/** How long the search for a peer is eager: one that is off announces itself when it comes back. */
const eagerMilliseconds = 60_000;
const farewellMilliseconds = 2_000;

export interface PeerFinderOptions {
  readonly credentials: Credentials;
  /** This run's name. */
  readonly instance: string;
  readonly book: AddressBook;
  readonly candidates: Candidates;
  readonly log: Log;
  /** Whether the sources should look often. */
  readonly onEager: (eager: boolean) => void;
}

export class PeerFinder {
  readonly #options: PeerFinderOptions;
  readonly #attempts = new Map<string, Attempt>();
  readonly #probing = new Set<string>();
  readonly #timer: NodeJS.Timeout;
  #missing: readonly string[] = [];
  #eagerUntil = 0;
  #closed = false;

  constructor(options: PeerFinderOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#round(), roundMilliseconds);
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
  }

  #round(): void {
    const { book, candidates, credentials, onEager } = this.#options;
    const now = performance.now();
    const missing = book.missing().filter((id) => id !== credentials.nodeId);
    if (missing.some((id) => !this.#missing.includes(id))) this.#eagerUntil = now + eagerMilliseconds;
    this.#missing = missing;
    const eager = missing.length > 0 && now < this.#eagerUntil;
    onEager(eager);
    const current = candidates.current(now);
    this.#forget(current);
    const probes = chooseProbes({
      candidates: current.filter(({ key }) => !this.#probing.has(key)),
      missing,
      isMember: (id) => id !== credentials.nodeId && book.has(id),
      knows: (id, endpoint) => book.knows(id, endpoint),
      attempts: this.#attempts,
      eager,
      now,
    });
    for (const candidate of probes) void this.#probe(candidate);
  }

  #forget(current: readonly Candidate[]): void {
    const keys = new Set(current.map(({ key }) => key));
    for (const key of this.#attempts.keys()) if (!keys.has(key)) this.#attempts.delete(key);
  }

  async #probe({ key, endpoint }: Candidate): Promise<void> {
    const { credentials, book, log, instance } = this.#options;
    this.#probing.add(key);
    let answered = false;
    try {
      const { socket, nodeId } = await dialMember(endpoint, alpn.rpc, credentials, null, instance);
      // In good order: the other side would take less for a stranger who hangs up in the handshake.
      socket.end();
      socket.setTimeout(farewellMilliseconds, () => socket.destroy());
      answered = true;
      // This node's own door is one, too.
      if (!this.#closed && nodeId !== credentials.nodeId) {
        if (!book.knows(nodeId, endpoint))
          log.info({ id: nodeId, address: formatEndpoint(endpoint) }, 'found a member at a new address');
        book.confirm(nodeId, endpoint);
      }
    } catch {
      // Off, a stranger, or of another cluster: somebody else may be there later.
    }
    this.#probing.delete(key);
    this.#attempts.set(key, { at: performance.now(), answered });
  }
}
