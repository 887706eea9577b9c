/**
 * Discovery by names: hosts with A and AAAA entries, and the SRV entries of a domain. They are looked up again and again,
 * because what they point at changes. A name that cannot be looked up is said once, and tried again.
 */
import type { Log } from '../../logging/log.ts';
import type { Endpoint } from '../../peers/dial.ts';
import type { Hint, HintSource } from './hints.ts';
import type { LookupAnswer, NameLookup, ServicePlace } from './name-lookup.ts';

const eagerMilliseconds = 5_000;
const calmMilliseconds = 60_000;

export interface NamesOptions {
  /** Hosts with the ports to try there. */
  readonly hosts: readonly Endpoint[];
  /** The domain whose entries `_trivet._tcp` name hosts and ports. */
  readonly domain: string | undefined;
  readonly lookup: NameLookup;
  readonly log: Log;
}

export function startNames(options: NamesOptions, onHint: (hint: Hint) => void): HintSource {
  return new Names(options, onHint);
}

class Names implements HintSource {
  readonly #options: NamesOptions;
  readonly #onHint: (hint: Hint) => void;
  /** What cannot be looked up, and why. */
  readonly #failures = new Map<string, string>();
  #eager = true;
  #timer: NodeJS.Timeout | undefined;
  #inRound = false;
  #closed = false;

  constructor(options: NamesOptions, onHint: (hint: Hint) => void) {
    this.#options = options;
    this.#onHint = onHint;
    void this.#round();
  }

  setEager(eager: boolean): void {
    const isNews = eager && !this.#eager;
    this.#eager = eager;
    if (isNews && !this.#inRound) this.#wait(0);
  }

  problems(): readonly string[] {
    return [...this.#failures].map(([name, reason]) => `${name} cannot be looked up: ${reason}.`);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#options.lookup.cancel();
  }

  async #round(): Promise<void> {
    this.#inRound = true;
    const { hosts, domain } = this.#options;
    const places = [...hosts, ...(domain === undefined ? [] : await this.#servicesOf(domain))];
    const names = Map.groupBy(places, ({ host }) => host);
    await Promise.all([...names].map(([name, of]) => this.#lookUp(name, of)));
    // A target that no entry names any more is nobody's concern.
    const asked = new Set([...names.keys(), domain === undefined ? '' : serviceName(domain)]);
    for (const name of this.#failures.keys()) if (!asked.has(name)) this.#failures.delete(name);
    this.#inRound = false;
    this.#wait(this.#eager ? eagerMilliseconds : calmMilliseconds);
  }

  #wait(milliseconds: number): void {
    clearTimeout(this.#timer);
    if (!this.#closed) this.#timer = setTimeout(() => void this.#round(), milliseconds);
  }

  async #servicesOf(domain: string): Promise<readonly ServicePlace[]> {
    const name = serviceName(domain);
    return this.#noting(name, await this.#options.lookup.services(name));
  }

  async #lookUp(name: string, places: readonly Endpoint[]): Promise<void> {
    for (const host of this.#noting(name, await this.#options.lookup.addresses(name))) {
      for (const { port } of places) this.#onHint({ id: null, endpoint: { host, port }, origin: 'lookedUp' });
    }
  }

  #noting<Value>(name: string, answer: LookupAnswer<Value>): readonly Value[] {
    if (this.#closed) return [];
    const before = this.#failures.get(name);
    if (answer.kind === 'found') {
      if (before !== undefined)
        this.#options.log.info({ name }, 'discovery: the name can be looked up again');
      this.#failures.delete(name);
      return answer.values;
    }
    if (before !== answer.reason) {
      const { reason } = answer;
      this.#options.log.warn({ name, reason }, 'discovery: a name cannot be looked up; it is tried again');
    }
    this.#failures.set(name, answer.reason);
    return [];
  }
}

function serviceName(domain: string): string {
  return `_trivet._tcp.${domain}`;
}
