/** Says who was turned away at the peer port, without letting a persistent stranger fill the log or the memory. */
import type { Log } from '../logging/log.ts';
import type { RefusalKind } from '../peers/listener.ts';

const repeatMilliseconds = 60_000;
const rememberMilliseconds = 10 * 60_000;
/** Addresses that are remembered; the oldest are forgotten first. */
const mostAddresses = 256;
/** Addresses that a person is told of one by one. */
const mostNamed = 5;

interface Tries {
  readonly count: number;
  readonly at: number;
}

export class RefusalLog {
  readonly #log: Log;
  readonly #now: () => number;
  /** When each address and kind was last written to the log. */
  readonly #logged = new Map<string, number>();
  readonly #tries = { wrongSecret: new Map<string, Tries>(), unknownKey: new Map<string, Tries>() };

  /** @param now monotonic milliseconds. */
  constructor(log: Log, now: () => number = () => performance.now()) {
    this.#log = log;
    this.#now = now;
  }

  refused(address: string, kind: RefusalKind, reason: string): void {
    const now = this.#now();
    if (kind === 'wrongSecret' || kind === 'unknownKey') {
      const count = (this.#tries[kind].get(address)?.count ?? 0) + 1;
      remember(this.#tries[kind], address, { count, at: now });
    }
    const key = `${kind} ${address}`;
    if (now - (this.#logged.get(key) ?? Number.NEGATIVE_INFINITY) < repeatMilliseconds) return;
    remember(this.#logged, key, now);
    if (kind === 'wrongSecret') {
      this.#log.warn({ address }, 'refused: a machine offered a wrong enrolment secret; it cannot join');
    } else if (kind === 'unknownKey') {
      this.#log.warn({ address }, 'refused: somebody asked with a key that is no operator’s');
    } else {
      this.#log.warn({ address, reason }, 'refused a connection to the peer port');
    }
  }

  /** For `trivet status`: who tried with a wrong secret or an unknown key lately, and how often. */
  warnings(): string[] {
    return [
      ...this.#warningsOf('wrongSecret', (address, often) => {
        return `${address} offered a wrong enrolment secret ${often} and was refused: if it is yours, give it this cluster's secret.`;
      }),
      ...this.#warningsOf('unknownKey', (address, often) => {
        return `${address} asked ${often} with a key that is no operator's, and was refused: if it is yours, name its operator.pub in the configuration (operators).`;
      }),
    ];
  }

  #warningsOf(
    kind: 'wrongSecret' | 'unknownKey',
    sentence: (address: string, often: string) => string,
  ): string[] {
    const now = this.#now();
    const recent = [...this.#tries[kind]].filter(([, { at }]) => now - at < rememberMilliseconds);
    const named = recent
      .slice(-mostNamed)
      .map(([address, { count }]) => sentence(address, count === 1 ? 'once' : `${count} times`));
    const others = recent.length - named.length;
    return others > 0
      ? [...named, `So did ${others === mostAddresses - mostNamed ? 'many' : others} other addresses.`]
      : named;
  }
}

/** Puts an entry last, and forgets the first when there are too many. */
function remember<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > mostAddresses && oldest !== undefined) map.delete(oldest);
}
