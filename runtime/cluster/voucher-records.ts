/** What the cluster keeps in the datastore about vouchers: the batches it trusts, who used one up, which are refused, its charter. */
import * as z from 'zod';
import { prefixEnd } from '../datastore/state-machine/model.ts';
import type { StateView } from '../datastore/state-machine/reading.ts';
import type { NodeId } from '../raft/types.ts';
import type { BatchDevice } from '../vouchers/manifest.ts';
import { voucherIdPattern } from '../vouchers/voucher-id.ts';
import { openSealedText, sealText } from './authority.ts';
import { ownPrefix, parseJson, readMember } from './roster.ts';
import { type Charter, charterSchema, type OwnCharter } from './voucher-proof.ts';

const text = new TextEncoder();

export const charterKey = text.encode(`${ownPrefix}charter`);
const charterSealedKey = text.encode(`${ownPrefix}charter-key`);
export const trustedKey = text.encode(`${ownPrefix}voucher-keys`);
const vouchersPrefix = `${ownPrefix}vouchers/`;
const batchesPrefix = `${ownPrefix}batches/`;
/** A request to the datastore takes a megabyte and a half at most. */
export const devicesInAPart = 1_000;

/** A revision changes 65 536 keys at most. */
const mostKept = 60_000;

const nodeId = z.string().regex(/^[0-9a-f]{16}$/);

const recordSchema = z.object({
  id: z.string().regex(voucherIdPattern),
  name: z.string().nullable(),
  serial: z.string().nullable(),
  /** Null for one that was refused before anybody came with it. */
  usedBy: nodeId.nullable(),
  refused: z.boolean(),
});
/** A voucher that was used or refused; others have none. */
export interface VoucherRecord extends z.infer<typeof recordSchema> {
  readonly usedBy: NodeId | null;
}

const trustedSchema = z.array(z.string().length(46));
/** A part of a batch: what a person sees of each device. */
const partSchema = z.array(recordSchema.pick({ id: true, name: true, serial: true }));
export type ListedDevice = z.infer<typeof partSchema>[number];

export function voucherKey(id: string): Uint8Array {
  return text.encode(vouchersPrefix + id);
}

export function encodeVoucher(record: VoucherRecord): Uint8Array {
  return text.encode(JSON.stringify(record));
}

/** The record, and the revision it is of, for a change that must not cross another. */
export function readVoucher(
  view: StateView,
  id: string,
): { readonly record: VoucherRecord | null; readonly revision: number } {
  const stored = view.get(voucherKey(id));
  const parsed = recordSchema.safeParse(stored && parseJson(stored.value));
  return {
    record: parsed.success ? (parsed.data as VoucherRecord) : null,
    revision: stored?.modifyRevision ?? 0,
  };
}

export function readVouchers(view: StateView): VoucherRecord[] {
  return itemsBelow(view, vouchersPrefix).flatMap((value) => {
    const parsed = recordSchema.safeParse(value);
    return parsed.success ? [parsed.data as VoucherRecord] : [];
  });
}

/** The batches' keys. Where there is one, a machine needs a voucher. */
export function readTrusted(view: StateView): {
  readonly keys: readonly string[];
  readonly revision: number;
} {
  const stored = view.get(trustedKey);
  const parsed = trustedSchema.safeParse(stored && parseJson(stored.value));
  return { keys: parsed.success ? parsed.data : [], revision: stored?.modifyRevision ?? 0 };
}

export function encodeTrusted(keys: readonly string[]): Uint8Array {
  return text.encode(JSON.stringify([...new Set(keys)].sort()));
}

/** Each part of a batch's list, as a key and a value. */
export function encodeBatch(
  batch: string,
  devices: readonly BatchDevice[],
): { readonly key: Uint8Array; readonly value: Uint8Array }[] {
  const count = Math.ceil(devices.length / devicesInAPart);
  return Array.from({ length: count }, (_, i) => {
    const part = devices
      .slice(i * devicesInAPart, (i + 1) * devicesInAPart)
      .map(({ id, name, serial }) => ({ id, name, serial }));
    const key = `${batchesPrefix}${batch}/${String(i).padStart(4, '0')}`;
    return { key: text.encode(key), value: text.encode(JSON.stringify(part)) };
  });
}

/** Of all batches that were claimed, part by part. */
export function readBatches(view: StateView): (readonly ListedDevice[])[] {
  return itemsBelow(view, batchesPrefix).flatMap((value) => {
    const parsed = partSchema.safeParse(value);
    return parsed.success ? [parsed.data] : [];
  });
}

/** null on a cluster that was founded by an earlier version, and on one that is just being founded. */
export function readCharter(view: StateView): Charter | null {
  const stored = view.get(charterKey);
  const parsed = charterSchema.safeParse(stored && parseJson(stored.value));
  return parsed.success ? parsed.data : null;
}

function encodeCharter(charter: Charter): Uint8Array {
  return text.encode(JSON.stringify(charter));
}

/** With its private key; null also where that is not there. Throws when the sealing key is another one. */
export function readOwnCharter(view: StateView, sealingKey: Buffer): OwnCharter | null {
  const [charter, sealed] = [readCharter(view), view.get(charterSealedKey)];
  if (charter === null || sealed === null) return null;
  return { charter, privateKey: openSealedText(sealed.value, sealingKey) };
}

/** What stores the charter, its private key sealed. */
export function putCharter(
  { charter, privateKey }: OwnCharter,
  sealingKey: Buffer,
): { readonly operation: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }[] {
  return [
    { operation: 'put', key: charterKey, value: encodeCharter(charter) },
    { operation: 'put', key: charterSealedKey, value: sealText(privateKey, sealingKey) },
  ];
}

/**
 * What a cluster that begins with the state of another keeps: the batches, and the vouchers that admit nobody. Those of
 * members are good again, since the members come back as new nodes.
 */
export function vouchersToKeep(view: StateView): { readonly key: Uint8Array; readonly value: Uint8Array }[] {
  const prefix = text.encode(batchesPrefix);
  const batches = view.items({ key: prefix, end: prefixEnd(prefix) });
  const worthless = readVouchers(view)
    .filter(({ usedBy }) => usedBy === null || readMember(view, usedBy) === null)
    .slice(0, mostKept);
  const trusted = view.get(trustedKey);
  return [
    ...(trusted === null ? [] : [{ key: trustedKey, value: trusted.value }]),
    ...batches.map(({ key, value }) => ({ key, value })),
    ...worthless.map((record) => ({ key: voucherKey(record.id), value: encodeVoucher(record) })),
  ];
}

function itemsBelow(view: StateView, below: string): unknown[] {
  const prefix = text.encode(below);
  return view.items({ key: prefix, end: prefixEnd(prefix) }).map(({ value }) => parseJson(value));
}
