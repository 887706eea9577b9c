/** What the cluster keeps in the datastore about enrolment: its clock, the window, the secret's key, who waits, and tokens. */
import * as z from 'zod';
import { prefixEnd } from '../datastore/state-machine/model.ts';
import type { StateView } from '../datastore/state-machine/reading.ts';
import { tokenIdPattern } from '../peers/token.ts';
import type { NodeId } from '../raft/types.ts';
import { type EnrolmentRecord, enrolmentRecordSchema, firstRecord } from './admission.ts';
import { ownPrefix, parseJson } from './roster.ts';

const text = new TextEncoder();

export const clockKey = text.encode(`${ownPrefix}clock`);
export const enrolmentKey = text.encode(`${ownPrefix}enrolment`);
/** Sealed; see enrolment-key.ts. */
export const keptEnrolmentKey = text.encode(`${ownPrefix}enrolment-key`);
const tokensPrefix = `${ownPrefix}tokens/`;
const applicantsPrefix = `${ownPrefix}applicants/`;

const nodeId = z.string().regex(/^[0-9a-f]{16}$/);

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
  id: nodeId,
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

const tokenSchema = z.object({
  id: z.string().regex(tokenIdPattern),
  /** The pre-shared key, in hexadecimal, sealed, in base64. */
  sealedKey: z.string(),
  /** Of the cluster's clock, in seconds. */
  expiresAt: z.number(),
  spareOnly: z.boolean(),
  /** The node that came with it. */
  usedBy: nodeId.nullable(),
});

/** A one-time token, as the datastore keeps it. */
export interface StoredToken extends z.infer<typeof tokenSchema> {
  readonly usedBy: NodeId | null;
}

export function tokenKey(id: string): Uint8Array {
  return text.encode(tokensPrefix + id);
}

export function encodeToken(token: StoredToken): Uint8Array {
  return text.encode(JSON.stringify(token));
}

/** The token, and the revision it is of. */
export function readToken(view: StateView, id: string): { token: StoredToken; revision: number } | null {
  const stored = view.get(tokenKey(id));
  const parsed = tokenSchema.safeParse(stored && parseJson(stored.value));
  return stored && parsed.success
    ? { token: parsed.data as StoredToken, revision: stored.modifyRevision }
    : null;
}

export function readTokens(view: StateView): StoredToken[] {
  const prefix = text.encode(tokensPrefix);
  return view.items({ key: prefix, end: prefixEnd(prefix) }).flatMap((item) => {
    const parsed = tokenSchema.safeParse(parseJson(item.value));
    return parsed.success ? [parsed.data as StoredToken] : [];
  });
}
