/** Says who was turned away at the peer port, without letting a persistent stranger fill the log. */
import type { Log } from '../logging/log.ts';

const repeatMilliseconds = 60_000;
const rememberMilliseconds = 10 * 60_000;

export class RefusalLog {
  readonly #log: Log;
  /** When each address and kind was last written to the log. */
  readonly #logged = new Map<string, number>();
  readonly #wrongSecrets = new Map<string, number>();

  constructor(log: Log) {
    this.#log = log;
  }

  refused(address: string, kind: 'wrongSecret' | 'untrusted' | 'garbage', reason: string): void {
    const now = performance.now();
    if (kind === 'wrongSecret') this.#wrongSecrets.set(address, now);
    const key = `${kind} ${address}`;
    if (now - (this.#logged.get(key) ?? Number.NEGATIVE_INFINITY) < repeatMilliseconds) return;
    this.#forgetOld(now);
    this.#logged.set(key, now);
    if (kind === 'wrongSecret') {
      this.#log.warn({ address }, 'refused: a machine offered a wrong enrolment secret; it cannot join');
    } else {
      this.#log.warn({ address, reason }, 'refused a connection to the peer port');
    }
  }

  /** For `trivet status`: who tried with a wrong secret lately. */
  warnings(): string[] {
    const now = performance.now();
    return [...this.#wrongSecrets]
      .filter(([, at]) => now - at < rememberMilliseconds)
      .map(
        ([address]) =>
          `${address} offered a wrong enrolment secret and was refused: if it is yours, give it this cluster's secret.`,
      );
  }

  #forgetOld(now: number): void {
    for (const map of [this.#logged, this.#wrongSecrets]) {
      for (const [key, at] of map) if (now - at > rememberMilliseconds) map.delete(key);
    }
  }
}
