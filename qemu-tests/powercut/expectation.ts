/**
 * What must be found after a cut: which values a key may have, given what was acknowledged before the cut and what was
 * only tried. Times are places in the log of writes: an answer that came when the log was so long rests on what was in it.
 */

/** Values are counters with a text that follows from them; 0 is a key that nobody has written yet. */
export type Counter = number;

export interface Expectation {
  /** Who the node is; null while nobody has heard it say so. */
  readonly identity: string | null;
  /** The first is the last one acknowledged. */
  readonly allowed: ReadonlyMap<string, readonly Counter[]>;
}

export const nothingExpected: Expectation = { identity: null, allowed: new Map() };

interface Attempt {
  readonly counter: Counter;
  readonly begunAt: number;
  acknowledgedAt: number | null;
}

/** What happens from one power-on to the next cut. */
export class Record {
  readonly #before: Expectation;
  readonly #attempts = new Map<string, Attempt[]>();
  #found: {
    readonly identity: string;
    readonly counters: ReadonlyMap<string, Counter>;
    readonly at: number;
  } | null = null;

  constructor(before: Expectation) {
    this.#before = before;
  }

  /** The node answered, and this is all it holds. What was read is as good as acknowledged. */
  found(identity: string, counters: ReadonlyMap<string, Counter>, at: number): void {
    this.#found = { identity, counters, at };
  }

  tried(key: string, counter: Counter, at: number): void {
    const attempts = this.#attempts.get(key) ?? [];
    this.#attempts.set(key, attempts);
    attempts.push({ counter, begunAt: at, acknowledgedAt: null });
  }

  acknowledged(key: string, counter: Counter, at: number): void {
    const attempt = this.#attempts.get(key)?.find((each) => each.counter === counter);
    if (attempt) attempt.acknowledgedAt = at;
  }

  /** How many acknowledgements rest on the log up to here. */
  acknowledgedBefore(at: number): number {
    const all = [...this.#attempts.values()].flat();
    return all.filter(({ acknowledgedAt }) => acknowledgedAt !== null && acknowledgedAt <= at).length;
  }

  /** What must be found when the power went with the log at this length. */
  expectAfter(at: number): Expectation {
    const found = this.#found;
    if (found === null || at < found.at) return this.#before;
    const keys = new Set([...found.counters.keys(), ...this.#attempts.keys()]);
    const allowed = new Map(
      [...keys].map((key) => {
        const attempts = (this.#attempts.get(key) ?? []).filter(({ begunAt }) => begunAt <= at);
        const last = attempts.findLastIndex(
          ({ acknowledgedAt }) => acknowledgedAt !== null && acknowledgedAt <= at,
        );
        const sure = attempts[last]?.counter ?? found.counters.get(key) ?? 0;
        return [key, [sure, ...attempts.slice(last + 1).map(({ counter }) => counter)]] as const;
      }),
    );
    return { identity: found.identity, allowed };
  }
}

/** Every difference as a sentence. */
export function compare(
  { identity, allowed }: Expectation,
  foundIdentity: string,
  found: ReadonlyMap<string, Counter>,
): string[] {
  const problems: string[] = [];
  if (identity !== null && identity !== foundIdentity) {
    problems.push(`the node came back as ${foundIdentity}, it was ${identity}`);
  }
  for (const [key, counters] of allowed) {
    const [sure = 0, ...maybe] = counters;
    const counter = found.get(key) ?? 0;
    if (counters.includes(counter)) continue;
    const tried = maybe.length > 0 ? `, ${maybe.join(', ')} were tried` : '';
    const what = Number.isNaN(counter) ? 'something that nobody wrote' : counter || 'nothing';
    problems.push(`${key} holds ${what}: ${sure} was acknowledged${tried}`);
  }
  const strangers = [...found.keys()].filter((key) => identity !== null && !allowed.has(key));
  return [...problems, ...strangers.map((key) => `${key} is there and nobody wrote it`)];
}
