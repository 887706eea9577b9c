/**
 * Observe, plan, act: what every controller does with a key that something happened to. Events only put keys on the queue; what is
 * so is read when the key's turn has come. A failure is logged and tried again, and ends nothing.
 */

import type { QueueMeter } from '../../apiserver/metrics/queue-measures.ts';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { ApiError } from '../../apiserver/status.ts';
import type { Log } from '../../logging/log.ts';
import type { Clock } from './clock.ts';
import type { Informer } from './informer.ts';
import { openWorkQueue, type WorkQueue } from './work-queue.ts';

export interface Source {
  readonly informer: Informer;
  /** What an object, as it was and as it is, has to be looked at for. */
  readonly keysOf: (object: ApiObject) => readonly string[];
}

export interface Controller<Observed, Action> {
  readonly name: string;
  readonly sources: readonly Source[];
  /** Also other informers that `observe` reads; it waits until they are complete. */
  readonly reads?: readonly Informer[];
  /** Default 2. */
  readonly workers?: number;
  /** What there is to know about a key. */
  readonly observe: (key: string) => Observed | Promise<Observed>;
  /** Pure. */
  readonly plan: (observed: Observed) => readonly Action[];
  /** One after the other; one that rejects keeps those behind it from being done. */
  readonly act: (action: Action) => Promise<void>;
  /** When it has to be looked at again although nothing happens; null: never. */
  readonly againAfter?: (observed: Observed) => number | null;
  /** Keys to look at from time to time, whatever happens, and at the beginning. */
  readonly regularly?: { readonly keys: () => readonly string[]; readonly everyMilliseconds: number };
}

export interface ControllerSurroundings {
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** @param name of a controller */
  readonly meterOf?: ((name: string) => QueueMeter) | undefined;
}

export function runController<Observed, Action>(
  controller: Controller<Observed, Action>,
  surroundings: ControllerSurroundings,
): WorkQueue {
  const { name, sources, reads = [], workers = 2, observe, plan, act, againAfter } = controller;
  const { clock, log, signal, meterOf } = surroundings;
  const informers = [...sources.map(({ informer }) => informer), ...reads];
  const ready = Promise.all(informers.map(({ synced }) => synced));
  const work = async (key: string): Promise<void> => {
    const observed = await observe(key);
    for (const action of plan(observed)) {
      if (signal.aborted) return;
      await act(action);
    }
    const milliseconds = againAfter?.(observed) ?? null;
    if (milliseconds !== null) queue.addAfter(key, milliseconds);
  };
  const onFailure = (key: string, error: unknown, retryInMilliseconds: number): void =>
    logFailure(log, name, key, error, retryInMilliseconds);
  // Nothing is decided by half of what there is.
  const queue = openWorkQueue({
    clock,
    workers,
    onFailure,
    signal,
    meter: meterOf?.(name),
    work: (key) => ready.then(() => work(key)),
  });
  for (const { informer, keysOf } of sources) {
    informer.listen(({ old, next }) => {
      for (const object of [old, next])
        for (const key of object === null ? [] : keysOf(object)) queue.add(key);
    });
  }
  repeat(controller, queue, surroundings);
  return queue;
}

function repeat<Observed, Action>(
  { regularly }: Controller<Observed, Action>,
  queue: WorkQueue,
  { clock, signal }: ControllerSurroundings,
): void {
  if (regularly === undefined) return;
  const next = (): void => {
    if (signal.aborted) return;
    for (const key of regularly.keys()) queue.add(key);
    const callOff = clock.after(regularly.everyMilliseconds, () => {
      signal.removeEventListener('abort', callOff);
      next();
    });
    signal.addEventListener('abort', callOff, { once: true });
  };
  next();
}

/** That somebody was quicker is how it goes; so is that a server without a quorum cannot answer. */
function logFailure(log: Log, controller: string, key: string, error: unknown, retryInMs: number): void {
  const isUsual =
    error instanceof ApiError && ['Conflict', 'NotFound', 'ServiceUnavailable'].includes(error.reason);
  const fields = { controller, key, retryInMs: Math.round(retryInMs), error: describe(error) };
  if (isUsual) log.debug(fields, 'a controller tries again');
  else log.warn(fields, 'a controller could not do its work, and tries again');
}

/** A refusal says all in its sentence; anything else is a fault, and where it was helps. */
function describe(error: unknown): string {
  if (error instanceof ApiError) return `${error.reason}: ${error.message}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
