/**
 * How long what failed waits: longer each time by its own count, and never so many at a time that retries are all a server
 * does. (k8s.io/client-go/util/workqueue/default_rate_limiters.go) No clock of its own: it is told the time.
 */

const firstMilliseconds = 5;
const longestMilliseconds = 1_000_000;
/** All together: so many at once, then ten in a second. */
const burst = 100;
const refillMilliseconds = 100;

export interface RetryDelays {
  /** @returns milliseconds to wait. */
  readonly next: (key: string, nowMs: number) => number;
  /** It succeeded: the next failure is the first. */
  readonly forget: (key: string) => void;
}

export function retryDelays(): RetryDelays {
  const failures = new Map<string, number>();
  /** When the bucket, if nobody took of it, was or will be full. */
  let fullAtMs = Number.NEGATIVE_INFINITY;
  return {
    next: (key, nowMs) => {
      const count = failures.get(key) ?? 0;
      failures.set(key, count + 1);
      const own = Math.min(firstMilliseconds * 2 ** count, longestMilliseconds);
      fullAtMs = Math.max(fullAtMs, nowMs) + refillMilliseconds;
      return Math.max(own, fullAtMs - nowMs - burst * refillMilliseconds);
    },
    forget: (key) => void failures.delete(key),
  };
}
