/** A clock that stands until a test sets it forward. */
import type { Clock } from '../machinery/clock.ts';

export interface FakeClock extends Clock {
  /** Timers that come due on the way run in their order, each at its own time. */
  readonly advance: (milliseconds: number) => Promise<void>;
  readonly timers: () => number;
}

export function fakeClock(): FakeClock {
  let nowMs = 0;
  let timers: { readonly dueMs: number; readonly run: () => void }[] = [];
  return {
    now: () => nowMs,
    wallNow: () => Date.UTC(2026, 0, 1) + nowMs,
    after: (milliseconds, run) => {
      const timer = { dueMs: nowMs + Math.max(0, milliseconds), run };
      timers.push(timer);
      return () => {
        timers = timers.filter((one) => one !== timer);
      };
    },
    advance: async (milliseconds) => {
      const endMs = nowMs + milliseconds;
      for (;;) {
        await settle();
        const next = timers.reduce<(typeof timers)[number] | null>(
          (first, one) => (first === null || one.dueMs < first.dueMs ? one : first),
          null,
        );
        if (next === null || next.dueMs > endMs) break;
        timers = timers.filter((one) => one !== next);
        nowMs = next.dueMs;
        next.run();
      }
      nowMs = endMs;
      await settle();
    },
    timers: () => timers.length,
  };
}

/** Lets everything run that waits for nothing but its turn. */
export async function settle(): Promise<void> {
  for (let turns = 0; turns < 20; turns += 1) await new Promise((resolve) => setImmediate(resolve));
}
