/**
 * One of many leads, and another one within seconds when it does not: the election by a Lease, carried out. The one that cannot
 * renew its lease stops before anybody else may take it.
 */
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { ApiError } from '../../apiserver/status.ts';
import type { Log } from '../../logging/log.ts';
import type { ApiClient } from '../client/api-client.ts';
import { resources } from '../client/places.ts';
import { type Clock, microTimeOf, pause } from './clock.ts';
import { decideLease, releasedLease } from './lease-decision.ts';

export interface LeaderOptions {
  readonly client: ApiClient;
  readonly lease: { readonly namespace: string; readonly name: string };
  /** Of this candidate; no two are the same, not even of one machine before and after a restart. */
  readonly identity: string;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly log: Log;
  /** Leads until the signal aborts, and resolves when all of it has stopped. */
  readonly lead: (signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
}

/** For how long others respect a lease. */
const leaseSeconds = 8;
/** Without a renewal for so long a leader stops: earlier than others may take over, so that two never lead at a time. */
const renewMilliseconds = 5_000;
const retryMilliseconds = 1_000;

/** Resolves when the signal has aborted, and what was led has stopped. */
export async function standForLeader(options: LeaderOptions): Promise<void> {
  const { clock, random, signal } = options;
  const lease = leaseOf(options);
  while (!signal.aborted) {
    if ((await lease.hold()) === 'held') await leadWhileHeld(options, lease);
    await pause(clock, retryMilliseconds * (1 + random() * 0.2), signal);
  }
}

async function leadWhileHeld(
  { clock, log, lead, signal, identity }: LeaderOptions,
  lease: HeldLease,
): Promise<void> {
  const stop = new AbortController();
  const end = (): void => stop.abort();
  signal.addEventListener('abort', end, { once: true });
  log.debug({ identity }, 'this node runs the controllers of the Kubernetes API');
  const leading = lead(stop.signal).catch((error: unknown) => {
    log.error({ error: String(error) }, 'the controllers of the Kubernetes API could not run');
    end();
  });
  // A renewal that hangs must not keep a leader in office.
  let callOff = clock.after(renewMilliseconds, end);
  while (!stop.signal.aborted) {
    await pause(clock, retryMilliseconds, stop.signal);
    const askedMs = clock.now();
    if (stop.signal.aborted) break;
    const outcome = await lease.hold();
    if (outcome === 'taken') end();
    if (outcome !== 'held') continue;
    callOff();
    callOff = clock.after(askedMs + renewMilliseconds - clock.now(), end);
  }
  callOff();
  signal.removeEventListener('abort', end);
  await leading;
  await lease.release();
}

/** 'taken': by somebody else; 'failed': nobody can say. */
type Outcome = 'held' | 'taken' | 'failed';

interface HeldLease {
  /** Takes it or renews it. */
  readonly hold: () => Promise<Outcome>;
  readonly release: () => Promise<void>;
}

function leaseOf({ client, lease: place, identity, clock, log, signal }: LeaderOptions): HeldLease {
  let seen: { readonly version: string; readonly atMs: number } | null = null;
  let held: ApiObject | null = null;
  const read = async (): Promise<ApiObject | null> => {
    const lease = await client.find({ ...resources.leases, ...place });
    const version = lease?.metadata.resourceVersion ?? '';
    if (seen?.version !== version) seen = { version, atMs: clock.now() };
    return lease;
  };
  const take = async (): Promise<Outcome> => {
    const lease = await read();
    const now = microTimeOf(clock.wallNow());
    const unchangedMs = clock.now() - (seen?.atMs ?? clock.now());
    const decision = decideLease(place, lease, unchangedMs, { identity, leaseSeconds, now });
    if (decision.kind === 'wait') {
      held = null;
      return 'taken';
    }
    const { object } = decision;
    held = await (decision.kind === 'create' ? client.create : client.update)(resources.leases, object);
    return 'held';
  };
  return {
    hold: () => {
      const answered = new AbortController();
      // What is not answered must not keep a candidate from standing again.
      const isOver = AbortSignal.any([answered.signal, signal]);
      const late = pause(clock, renewMilliseconds, isOver).then(() => 'failed' as const);
      const outcome = take().catch((error: unknown) => {
        if (!isRace(error)) log.debug({ error: String(error) }, 'the lease of the controllers cannot be had');
        return 'failed' as const;
      });
      return Promise.race([outcome, late]).finally(() => answered.abort());
    },
    release: async () => {
      if (held === null) return;
      const released = releasedLease(held, microTimeOf(clock.wallNow()));
      const answered = new AbortController();
      // Without an answer it ends by itself, only later.
      const update = client.update(resources.leases, released).then(
        () => answered.abort(),
        () => answered.abort(),
      );
      await Promise.race([update, pause(clock, retryMilliseconds, answered.signal)]);
    },
  };
}

function isRace(error: unknown): boolean {
  return error instanceof ApiError && ['AlreadyExists', 'Conflict', 'NotFound'].includes(error.reason);
}
