/** Machines that know the secret and do not count, since they show no voucher that this one trusts: for the person at the console. */
import type { Hello } from './enrolment.ts';

const freshMilliseconds = 4_000;
const mostRemembered = 64;
/** More would hide the rest of what the console says. */
const mostSentences = 2;

export class Strangers {
  readonly #heard = new Map<string, { readonly text: string; readonly at: number }>();

  /** @param objection null for one that counts. */
  hear({ id, name, clusterId }: Hello, address: string, objection: string | null, now: number): void {
    this.#heard.delete(id);
    if (objection === null) return;
    const what = clusterId === null ? `The machine ${name}` : `The cluster ${clusterId}`;
    const [oldest] = this.#heard.keys();
    if (this.#heard.size >= mostRemembered && oldest !== undefined) this.#heard.delete(oldest);
    this.#heard.set(id, { text: `${what} at ${address} does not count: it ${objection}.`, at: now });
  }

  /** The clusters first. */
  sentences(now: number): string[] {
    const fresh = [...this.#heard.values()].filter(({ at }) => now - at < freshMilliseconds);
    return [...new Set(fresh.map(({ text }) => text))].sort().slice(0, mostSentences);
  }
}
