/** Time as controllers have it: what waits is told how long by a clock that a test can set forward. */

export interface Clock {
  /** Milliseconds that only go forward. */
  readonly now: () => number;
  /** Milliseconds since 1970, for what people read and other machines do not count on. */
  readonly wallNow: () => number;
  /** Runs it once, later; what comes back calls it off. */
  readonly after: (milliseconds: number, run: () => void) => () => void;
}

/** Beyond it a timer of Node fires at once. */
const longestMilliseconds = 2 ** 31 - 1;

export const realClock: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  after: (milliseconds, run) => {
    const timer = setTimeout(run, Math.min(Math.max(0, milliseconds), longestMilliseconds));
    return () => clearTimeout(timer);
  },
};

/** Resolves when the time is over, or `signal` aborts. */
export function pause(clock: Clock, milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = (): void => {
      callOff();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const callOff = clock.after(milliseconds, end);
    signal.addEventListener('abort', end, { once: true });
  });
}

/** As `metav1.Time`. */
export function timeOf(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}

/** As `metav1.MicroTime`. */
export function microTimeOf(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 23)}000Z`;
}
