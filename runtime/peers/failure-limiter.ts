/**
 * Slows down who guesses the enrolment secret, or tries keys: each source may fail so often, then only as often as it is forgiven, and all
 * sources together too. Members are not touched by it: they show certificates. Memory is bounded, whoever asks.
 */
import { plainAddress } from './address-book.ts';

export interface Allowance {
  /** Failures that cost nothing. */
  readonly burst: number;
  /** One failure is forgiven in this time. */
  readonly forgiveMilliseconds: number;
}

/** A machine with a wrong secret tries once a second at most: it is told every time that the secret is wrong. */
const perSource: Allowance = { burst: 30, forgiveMilliseconds: 500 };
const together: Allowance = { burst: 500, forgiveMilliseconds: 50 };
const mostSources = 4_096;

interface Account {
  failures: number;
  at: number;
}

export class FailureLimiter {
  readonly #now: () => number;
  readonly #accounts = new Map<string, Account>();
  readonly #all: Account = { failures: 0, at: 0 };

  /** @param now monotonic milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** A handshake from this address failed for its secret. */
  failed(address: string): void {
    const source = sourceOf(address);
    const account = this.#accounts.get(source) ?? { failures: 0, at: this.#now() };
    // The one that failed last is the last to be forgotten.
    this.#accounts.delete(source);
    this.#accounts.set(source, account);
    this.#add(account, perSource);
    this.#add(this.#all, together);
    const [oldest] = this.#accounts.keys();
    if (this.#accounts.size > mostSources && oldest !== undefined) this.#accounts.delete(oldest);
  }

  /** Whether a further try from this address is refused unseen. */
  isSlowed(address: string): boolean {
    const account = this.#accounts.get(sourceOf(address));
    const isOver = (each: Account, allowance: Allowance): boolean =>
      // Until one of them is forgiven: a little less than the burst is not enough.
      this.#left(each, allowance) > allowance.burst - 1;
    return isOver(this.#all, together) || (account !== undefined && isOver(account, perSource));
  }

  #add(account: Account, allowance: Allowance): void {
    account.failures = Math.min(allowance.burst, this.#left(account, allowance) + 1);
    account.at = this.#now();
  }

  /** Failures that are not forgiven yet. */
  #left({ failures, at }: Account, { forgiveMilliseconds }: Allowance): number {
    return Math.max(0, failures - (this.#now() - at) / forgiveMilliseconds);
  }
}

/** A machine has as many IPv6 addresses as it likes, in one network of 64 bits. */
export function sourceOf(address: string): string {
  const plain = plainAddress(address);
  if (!plain.includes(':')) return plain;
  const [head = '', tail = ''] = (plain.split('%')[0] ?? '').split('::');
  const groups = head === '' ? [] : head.split(':');
  const missing = 8 - groups.length - (tail === '' ? 0 : tail.split(':').length);
  const all = [...groups, ...Array.from({ length: Math.max(0, missing) }, () => '0'), ...tail.split(':')];
  return `${all.slice(0, 4).join(':')}::/64`;
}
