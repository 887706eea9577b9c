/**
 * Keys of what has to be looked at. However often a key is added it is there once; no key is worked on twice at a time, and one
 * that is added meanwhile comes again; what fails comes again later. (k8s.io/client-go/util/workqueue)
 */
import type { QueueMeter } from '../../apiserver/metrics/queue-measures.ts';
import type { Clock } from './clock.ts';
import { retryDelays } from './retry-delays.ts';

export interface WorkQueue {
  readonly add: (key: string) => void;
  /** The earliest of several such wishes counts. */
  readonly addAfter: (key: string, milliseconds: number) => void;
  /** Keys that wait for a worker, or are with one. */
  readonly pending: () => number;
}

export interface WorkQueueOptions {
  readonly clock: Clock;
  /** How many keys are worked on at a time. */
  readonly workers: number;
  /** What it rejects with is a failure. */
  readonly work: (key: string) => Promise<void>;
  readonly onFailure: (key: string, error: unknown, retryInMilliseconds: number) => void;
  /** Nothing begins after it aborts. */
  readonly signal: AbortSignal;
  readonly meter?: QueueMeter | undefined;
}

export function openWorkQueue(options: WorkQueueOptions): WorkQueue {
  const { clock, workers, work, onFailure, signal, meter } = options;
  /** Since when. */
  const waiting = new Map<string, number>();
  const working = new Set<string>();
  /** Added while they were worked on. */
  const again = new Set<string>();
  const delays = retryDelays();
  const delayed = delayedKeys(clock, signal, (key) => add(key));
  const add = (key: string): void => {
    if (signal.aborted) return;
    if (working.has(key)) again.add(key);
    else enqueue(key);
    pump();
  };
  const enqueue = (key: string): void => {
    if (waiting.has(key)) return;
    waiting.set(key, clock.now());
    meter?.added();
    meter?.depth(waiting.size);
  };
  const pump = (): void => {
    for (const [key, sinceMs] of waiting) {
      if (working.size >= workers || signal.aborted) return;
      waiting.delete(key);
      working.add(key);
      meter?.depth(waiting.size);
      meter?.began((clock.now() - sinceMs) / 1000);
      void run(key);
    }
  };
  const run = async (key: string): Promise<void> => {
    const beganMs = clock.now();
    try {
      await work(key);
      delays.forget(key);
    } catch (error) {
      meter?.failed();
      const milliseconds = delays.next(key, clock.now());
      if (!signal.aborted) onFailure(key, error, milliseconds);
      delayed.add(key, milliseconds);
    }
    meter?.ended((clock.now() - beganMs) / 1000);
    working.delete(key);
    if (again.delete(key)) enqueue(key);
    pump();
  };
  return { add, addAfter: delayed.add, pending: () => waiting.size + working.size };
}

/** Each key once, with a timer of its own, so that there are never more than keys. */
function delayedKeys(clock: Clock, signal: AbortSignal, onDue: (key: string) => void) {
  const timers = new Map<string, { readonly dueMs: number; readonly callOff: () => void }>();
  signal.addEventListener('abort', () => {
    for (const { callOff } of timers.values()) callOff();
    timers.clear();
  });
  return {
    add: (key: string, milliseconds: number): void => {
      const dueMs = clock.now() + milliseconds;
      const known = timers.get(key);
      if (signal.aborted || (known !== undefined && known.dueMs <= dueMs)) return;
      known?.callOff();
      const callOff = clock.after(milliseconds, () => {
        timers.delete(key);
        onDue(key);
      });
      timers.set(key, { dueMs, callOff });
    },
  };
}
