/**
 * The members, and what else the cluster keeps about itself, in the datastore under a key that no user can
 * reach: user keys are text without control characters.
 */
import * as z from 'zod';
import { after, prefixEnd } from '../datastore/state-machine/model.ts';
import type { StateView } from '../datastore/state-machine/reading.ts';
import type { NodeId } from '../raft/types.ts';
import { type EnrolmentRecord, enrolmentRecordSchema, firstRecord } from './admission.ts';
import { type CertificateAuthority, openPrivateKey } from './authority.ts';

const text = new TextEncoder();
const ownPrefix = '\u0000trivet/';

/** Every key of the cluster itself begins with this. */
export const systemPrefix = text.encode(ownPrefix);
export const authorityKey = text.encode(`${ownPrefix}ca`);
export const authoritySealedKey = text.encode(`${ownPrefix}ca-key`);
export const predecessorsKey = text.encode(`${ownPrefix}predecessors`);
export const clockKey = text.encode(`${ownPrefix}clock`);
export const enrolmentKey = text.encode(`${ownPrefix}enrolment`);
const nodesPrefix = `${ownPrefix}nodes/`;
const applicantsPrefix = `${ownPrefix}applicants/`;
const removingPrefix = `${ownPrefix}removing/`;
const removedPrefix = `${ownPrefix}removed/`;

const predecessorsSchema = z.array(z.string());
const memberSchema = z.object({
  id: z.string().regex(/^[0-9a-f]{16}$/),
  name: z.string(),
  /** `host:port` of the peer port, as others see it. */
  address: z.string(),
  version: z.string(),
  // Older versions wrote neither.
  failureDomain: z.string().nullable().default(null),
  weight: z.number().default(0),
});
const removedSchema = z.object({ id: memberSchema.shape.id, name: z.string() });

export interface Member {
  readonly id: NodeId;
  readonly name: string;
  readonly address: string;
  readonly version: string;
  readonly failureDomain: string | null;
  readonly weight: number;
}

/** A node that was removed, or is about to be. Its key is worthless from then on, whoever has it. */
export interface RemovedMember {
  readonly id: NodeId;
  readonly name: string;
}

export function nodeKey(id: NodeId): Uint8Array {
  return text.encode(nodesPrefix + id);
}

export function encodeMember(member: Member): Uint8Array {
  return text.encode(JSON.stringify(member));
}

/** The members as this node's state knows them, by id. */
export function readRoster(view: StateView): Member[] {
  const prefix = text.encode(nodesPrefix);
  return view.items({ key: prefix, end: prefixEnd(prefix) }).flatMap((item) => {
    const parsed = parseMember(item.value);
    return parsed ? [parsed] : [];
  });
}

export function readMember(view: StateView, id: NodeId): Member | null {
  const stored = view.get(nodeKey(id));
  return stored ? parseMember(stored.value) : null;
}

/** A person wants it removed: it goes as soon as it has no seat any more. */
export function removingKey(id: NodeId): Uint8Array {
  return text.encode(removingPrefix + id);
}

export function removedKey(id: NodeId): Uint8Array {
  return text.encode(removedPrefix + id);
}

export function encodeRemoved({ id, name }: RemovedMember): Uint8Array {
  return text.encode(JSON.stringify({ id, name }));
}

export function readRemoving(view: StateView): RemovedMember[] {
  return readRemovedBelow(view, removingPrefix);
}

export function readRemoved(view: StateView): RemovedMember[] {
  return readRemovedBelow(view, removedPrefix);
}

function readRemovedBelow(view: StateView, below: string): RemovedMember[] {
  const prefix = text.encode(below);
  return view.items({ key: prefix, end: prefixEnd(prefix) }).flatMap((item) => {
    const parsed = removedSchema.safeParse(parseJson(item.value));
    return parsed.success ? [parsed.data as RemovedMember] : [];
  });
}

/** Seconds; see cluster-clock.ts. */
export function readClock(view: StateView): number {
  const stored = view.get(clockKey);
  const seconds = stored === null ? 0 : Number(parseJson(stored.value));
  return Number.isFinite(seconds) ? Math.max(0, seconds) : 0;
}

export function encodeClock(seconds: number): Uint8Array {
  return text.encode(JSON.stringify(seconds));
}

/** The enrolment window's state, and the revision it is of, for a change that must not cross another. */
export function readEnrolment(view: StateView): { record: EnrolmentRecord; revision: number } {
  const stored = view.get(enrolmentKey);
  const parsed = enrolmentRecordSchema.safeParse(stored && parseJson(stored.value));
  return { record: parsed.success ? parsed.data : firstRecord, revision: stored?.modifyRevision ?? 0 };
}

export function encodeEnrolment(record: EnrolmentRecord): Uint8Array {
  return text.encode(JSON.stringify(record));
}

const applicantSchema = z.object({
  id: memberSchema.shape.id,
  name: z.string(),
  address: z.string(),
  serial: z.string().nullable(),
  /** Of the cluster's clock, in seconds. */
  since: z.number(),
  approved: z.boolean(),
});

/** A machine that knows the enrolment secret, which alone does not admit it. */
export interface WaitingApplicant extends z.infer<typeof applicantSchema> {
  readonly id: NodeId;
}

export function applicantKey(id: NodeId): Uint8Array {
  return text.encode(applicantsPrefix + id);
}

export function encodeApplicant(applicant: WaitingApplicant): Uint8Array {
  return text.encode(JSON.stringify(applicant));
}

export function readApplicants(view: StateView): WaitingApplicant[] {
  const prefix = text.encode(applicantsPrefix);
  return view.items({ key: prefix, end: prefixEnd(prefix) }).flatMap((item) => {
    const parsed = applicantSchema.safeParse(parseJson(item.value));
    return parsed.success ? [parsed.data as WaitingApplicant] : [];
  });
}

/** The cluster's CA; null before the founder has stored it. */
export function readAuthority(view: StateView, sealingKey: Buffer): CertificateAuthority | null {
  const certificate = view.get(authorityKey);
  const sealed = view.get(authoritySealedKey);
  if (!certificate || !sealed) return null;
  return {
    certificate: Buffer.from(certificate.value).toString('utf8'),
    privateKey: openPrivateKey(sealed.value, sealingKey),
  };
}

/** Clusters whose place this one has taken: their members that come back have to join anew. */
export function encodePredecessors(clusterIds: readonly string[]): Uint8Array {
  return text.encode(JSON.stringify(clusterIds));
}

export function readPredecessors(view: StateView): readonly string[] {
  const stored = view.get(predecessorsKey);
  if (stored === null) return [];
  const parsed = predecessorsSchema.safeParse(JSON.parse(Buffer.from(stored.value).toString('utf8')));
  return parsed.success ? parsed.data : [];
}

/** The range of all keys that belong to users: everything after the control characters. */
export const userKeys = { key: new Uint8Array([0x20]), end: after(new Uint8Array(4096).fill(0xff)) };

function parseMember(value: Uint8Array): Member | null {
  const parsed = memberSchema.safeParse(parseJson(value));
  return parsed.success ? (parsed.data as Member) : null;
}

function parseJson(value: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(value).toString('utf8'));
  } catch {
    return null;
  }
}
