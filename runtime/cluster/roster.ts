/**
 * The members, and what else the cluster keeps about itself, in the datastore under a key that no user can
 * reach: user keys are text without control characters.
 */
import * as z from 'zod';
import { after, prefixEnd } from '../datastore/state-machine/model.ts';
import type { StateView } from '../datastore/state-machine/reading.ts';
import type { NodeId } from '../raft/types.ts';
import { bundleOf, type CertificateAuthority, openSealedText } from './authority.ts';

const text = new TextEncoder();
export const ownPrefix = '\u0000trivet/';

/** Every key of the cluster itself begins with this. */
export const systemPrefix = text.encode(ownPrefix);
export const authorityKey = text.encode(`${ownPrefix}ca`);
export const authoritySealedKey = text.encode(`${ownPrefix}ca-key`);
export const authorityCrossKey = text.encode(`${ownPrefix}ca-cross`);
/** What each CA said of the one after it, for those who knew only an old one. */
export const authorityHistoryKey = text.encode(`${ownPrefix}ca-history`);
export const authorityPreviousKey = text.encode(`${ownPrefix}ca-previous`);
/** There while the CA is to be replaced, as soon as it can be. */
export const rotationDueKey = text.encode(`${ownPrefix}ca-rotation-due`);
/** There while another key for the secrets of the Kubernetes API is to be made, as soon as it can be. */
export const apiKeysDueKey = text.encode(`${ownPrefix}api-keys-due`);
/** The id of the one that all members are to learn before it takes over. */
export const apiKeysPendingKey = text.encode(`${ownPrefix}api-keys-pending`);
export const predecessorsKey = text.encode(`${ownPrefix}predecessors`);
const nodesPrefix = `${ownPrefix}nodes/`;
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
  spareOnly: z.boolean().default(false),
});
const removedSchema = z.object({ id: memberSchema.shape.id, name: z.string() });

export interface Member {
  readonly id: NodeId;
  readonly name: string;
  readonly address: string;
  readonly version: string;
  readonly failureDomain: string | null;
  readonly weight: number;
  /** It came with a token that lets it work but never hold the data. */
  readonly spareOnly: boolean;
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

/** The CAs that members are to trust, in PEM, the present one first; null before the founder has stored it. */
export function readTrustBundle(view: StateView): string | null {
  const certificate = readText(view, authorityKey);
  return certificate === ''
    ? null
    : bundleOf({ certificate, previous: readText(view, authorityPreviousKey) });
}

/** The cluster's CA; null before the founder has stored it. Throws when the key is another one. */
export function readAuthority(view: StateView, sealingKey: Buffer): CertificateAuthority | null {
  const certificate = readText(view, authorityKey);
  const sealed = view.get(authoritySealedKey);
  if (certificate === '' || !sealed) return null;
  return {
    certificate,
    privateKey: openSealedText(sealed.value, sealingKey),
    cross: readText(view, authorityCrossKey),
    previous: readText(view, authorityPreviousKey),
  };
}

/** Cross certificates in PEM, in a row, the newest last; empty before the first change of CAs. */
export function readAuthorityHistory(view: StateView): string {
  return readText(view, authorityHistoryKey);
}

function readText(view: StateView, key: Uint8Array): string {
  const stored = view.get(key);
  return stored === null ? '' : Buffer.from(stored.value).toString('utf8');
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

/** null for what is no JSON. */
export function parseJson(value: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(value).toString('utf8'));
  } catch {
    return null;
  }
}
