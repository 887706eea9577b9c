/**
 * What every member tells the leader once a second, and what it hears back: who leads, its own role, where the
 * others are. Spares, which take no part in consensus, live by this.
 */
import * as z from 'zod';
import type { NodeRole } from '../admin/protocol.ts';
import { longestSettingsCharacters } from '../config/cluster-settings.ts';
import type { Configuration, NodeId } from '../raft/types.ts';
import { loadSchema } from './load.ts';

const nodeId = z
  .string()
  .regex(/^[0-9a-f]{16}$/)
  .transform((id) => id as NodeId);

export const reportSchema = z.object({
  name: z.string().max(63),
  version: z.string().max(63),
  port: z.int().min(1).max(65535),
  /** Addresses that its machine has, so that one it has no more is known as such. */
  hosts: z.array(z.string().max(64)).max(64).default([]),
  appliedIndex: z.int().min(0),
  // Older versions report none of these.
  failureDomain: z.string().max(63).nullable().default(null),
  weight: z.int().default(0),
  /** About to stop: it asks for its seat to be given to another. */
  leaving: z.boolean().default(false),
  load: loadSchema.nullable().default(null),
  /** What its clock says, in milliseconds since 1970. */
  wallClock: z.number().nullable().default(null),
  /** The beginning of the hash of the CA that has signed its certificate. */
  authority: z.string().max(64).default(''),
  /** Which keys for the secrets of the Kubernetes API it knows (`keysDigest`). */
  apiKeys: z.string().max(64).default(''),
});
export type Report = z.infer<typeof reportSchema>;

export const reportAnswerSchema = z.object({
  /** False: this node does not lead; `leader` is whom it takes for the leader. */
  leading: z.boolean(),
  leader: nodeId.nullable(),
  term: z.int().min(0),
  role: z.enum(['voter', 'standby', 'spare']),
  /** False while a change of roles is under way: the role may be about to change. */
  settled: z.boolean(),
  /** To one that is leaving: nothing is gained by waiting longer, its seat is taken or nobody can take it. */
  mayLeave: z.boolean().default(true),
  members: z.array(z.object({ id: nodeId, address: z.string() })),
  /** Who was removed, for a spare, which holds no data to read it from. */
  removed: z.array(nodeId).default([]),
  /** The hash of the CAs in force, and the cluster's clock, likewise. */
  bundleHash: z.string().max(64).nullable().default(null),
  clock: z.number().default(0),
  /** The key of the enrolment secret, which the cluster keeps. */
  enrolmentKey: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable()
    .default(null),
  /** Whether that secret admits machines. */
  enrolmentOpen: z.boolean().default(true),
  /** The cluster's own settings, as a text; null from one that does not lead, or knows of none. */
  settings: z.string().max(longestSettingsCharacters).nullable().default(null),
});
export type ReportAnswer = z.infer<typeof reportAnswerSchema>;

/** Not heard of for this long, a node is offline. */
export const offlineMilliseconds = 3_000;

interface Received {
  readonly report: Report;
  /** `host:port` of the peer port, as the connection shows it. */
  readonly address: string;
  readonly at: number;
}

/** The leader's memory of reports. Not replicated: a new leader starts with an empty one and a time of grace. */
export class ReportBook {
  readonly #received = new Map<NodeId, Received>();

  receive(id: NodeId, report: Report, address: string, now: number): void {
    this.#received.set(id, { report, address, at: now });
  }

  clear(): void {
    this.#received.clear();
  }

  get(id: NodeId): Received | null {
    return this.#received.get(id) ?? null;
  }

  /** What the clocks of those say now that were heard of lately. @param now by the monotonic clock */
  wallClocks(now: number): ReadonlyMap<NodeId, number> {
    const fresh = [...this.#received].filter(([id]) => this.isFresh(id, now));
    return new Map(
      fresh.flatMap(([id, { report, at }]) =>
        report.wallClock === null ? [] : [[id, report.wallClock + (now - at)] as const],
      ),
    );
  }

  isFresh(id: NodeId, now: number): boolean {
    const received = this.#received.get(id);
    return received !== undefined && now - received.at < offlineMilliseconds;
  }
}

export function roleIn(configuration: Configuration, id: NodeId): NodeRole {
  if (configuration.voters.includes(id) || configuration.outgoing.includes(id)) return 'voter';
  return configuration.learners.includes(id) ? 'standby' : 'spare';
}
