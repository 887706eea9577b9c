/** What a person does about vouchers: sees which were used, refuses one, takes a batch over. On the leader. */
import * as z from 'zod';
import type { VouchersAnswer } from '../admin/protocol.ts';
import type { StateView } from '../datastore/state-machine/reading.ts';
import { RpcError } from '../peers/rpc.ts';
import { fingerprintOfKey } from '../vouchers/batch-key.ts';
import { readClaim } from '../vouchers/manifest.ts';
import { parsePublicVoucher } from '../vouchers/voucher.ts';
import { voucherIdPattern } from '../vouchers/voucher-id.ts';
import type { MemberContext } from './member-context.ts';
import { authorityKey, readMember, readTrustBundle } from './roster.ts';
import { trustedKeys } from './voucher-admission.ts';
import { createCharter, mostSignatures, type OwnCharter, signCharter } from './voucher-proof.ts';
import {
  charterKey,
  encodeBatch,
  encodeTrusted,
  encodeVoucher,
  type ListedDevice,
  putCharter,
  readBatches,
  readCharter,
  readOwnCharter,
  readTrusted,
  readVoucher,
  readVouchers,
  trustedKey,
  type VoucherRecord,
  voucherKey,
} from './voucher-records.ts';

const id = z.string().regex(voucherIdPattern, 'must be a voucher’s 12 digits, such as 1a2b-3c4d-5e6f');

export const voucherParams = z.discriminatedUnion('action', [
  z.object({ action: z.literal('list') }),
  z.object({ action: z.literal('refuse'), id }),
  z.object({ action: z.literal('allow'), id }),
  /** The text of the file. */
  z.object({ action: z.literal('claim'), claim: z.string().max(7 * 1024 * 1024) }),
]);
export type VoucherParams = z.infer<typeof voucherParams>;

/** Throws `RpcError` or `StoreError`; answers with how things are afterwards. */
export async function serveVouchers(context: MemberContext, params: VoucherParams): Promise<VouchersAnswer> {
  switch (params.action) {
    case 'list':
      break;
    case 'refuse':
      await refuse(context, params.id);
      break;
    case 'allow':
      await allow(context, params.id);
      break;
    case 'claim':
      return describe(context, await claimBatch(context, params.claim));
  }
  return describe(context, null);
}

async function refuse(context: MemberContext, voucherId: string): Promise<void> {
  const { replica, store, log } = context;
  const view = replica.machine.view;
  const { record, revision } = readVoucher(view, voucherId);
  if (record?.usedBy) {
    const name = readMember(view, record.usedBy)?.name;
    throw new RpcError(
      'usedVoucher',
      name === undefined
        ? `The voucher ${voucherId} was used by node ${record.usedBy}, which is no member any more: it admits nobody else.`
        : `The voucher ${voucherId} was used by ${name} (${record.usedBy}), which is a member. To take that machine out: trivet remove-node ${record.usedBy}`,
    );
  }
  if (record?.refused) return;
  const device = findDevice(view, voucherId);
  const { name, serial } = device ?? { name: null, serial: null };
  const value = encodeVoucher({ id: voucherId, name, serial, usedBy: null, refused: true });
  await changeRecord(store, voucherId, revision, { operation: 'put', key: voucherKey(voucherId), value });
  log.warn({ voucher: voucherId }, 'a voucher was refused: no machine gets in with it');
}

async function allow({ replica, store, log }: MemberContext, voucherId: string): Promise<void> {
  const { record, revision } = readVoucher(replica.machine.view, voucherId);
  if (!record?.refused)
    throw new RpcError(
      'unknownVoucher',
      `The voucher ${voucherId} is not refused: trivet vouchers lists them.`,
    );
  await changeRecord(store, voucherId, revision, { operation: 'delete', key: voucherKey(voucherId) });
  log.warn({ voucher: voucherId }, 'a voucher that was refused is good again');
}

type Operation = NonNullable<Parameters<MemberContext['store']['transact']>[0]['success']>[number];

async function changeRecord(
  store: MemberContext['store'],
  voucherId: string,
  revision: number,
  operation: Operation,
): Promise<void> {
  const { succeeded } = await store.transact({
    compare: [{ target: 'modifyRevision', key: voucherKey(voucherId), is: revision }],
    success: [operation],
  });
  if (!succeeded)
    throw new RpcError(
      'busy',
      `The voucher ${voucherId} was just used or changed: trivet vouchers shows how.`,
    );
}

/** The devices first, then in one transaction the trust and the charter that shows it to them. */
async function claimBatch(context: MemberContext, text: string): Promise<string> {
  const { replica, store, clusterName, clusterId, sealing, log } = context;
  const claim = readClaim(text);
  if ('fault' in claim) throw new RpcError('invalid', `The batch is not taken over: ${claim.fault}.`);
  const { manifest, voucher } = claim;
  if (manifest.cluster !== clusterName)
    throw new RpcError(
      'otherCluster',
      `The batch ${manifest.batch} was made for the cluster "${manifest.cluster}", and this is "${clusterName}".`,
    );
  const view = replica.machine.view;
  const known = readCharter(view)?.signatures ?? [];
  if (known.length >= mostSignatures && !known.some((each) => each.voucher === voucher.text))
    throw new RpcError('tooMany', `This cluster has taken ${known.length} batches over, and takes no more.`);
  for (const part of encodeBatch(manifest.batch, manifest.devices))
    await store.transact({ success: [{ operation: 'put', ...part }] });
  const bundle = readTrustBundle(view);
  if (bundle === null || sealing.key === null)
    throw new RpcError('notReady', 'This node has no copy of the CA yet: try again.');
  const cluster = { name: clusterName, id: clusterId, bundle };
  // Clusters of earlier versions have none.
  const own = readOwnCharter(view, sealing.key) ?? createCharter(cluster);
  const charter = signCharter(own.charter, voucher, cluster);
  const revisionOf = (key: Uint8Array): number => view.get(key)?.modifyRevision ?? 0;
  const { keys } = readTrusted(view);
  const { succeeded } = await store.transact({
    compare: [charterKey, trustedKey, authorityKey].map((key) => {
      return { target: 'modifyRevision', key, is: revisionOf(key) };
    }),
    success: [
      { operation: 'put', key: trustedKey, value: encodeTrusted([...keys, manifest.key]) },
      ...putCharter({ ...own, charter }, sealing.key),
    ],
  });
  if (!succeeded) throw new RpcError('busy', 'The cluster has just changed: take the batch over again.');
  log.warn(
    { batch: manifest.batch, devices: manifest.devices.length, key: fingerprintOfKey(manifest.key) },
    'a batch was taken over: from now on this cluster admits only machines with a voucher',
  );
  return manifest.batch;
}

/** On the leader, in every round: what its configuration names holds for the whole cluster. Rejects with `StoreError`. */
export async function adoptKeys({ replica, store, enrolment }: MemberContext): Promise<void> {
  const { keys, revision } = readTrusted(replica.machine.view);
  const missing = (enrolment.vouchers ?? []).filter((key) => !keys.includes(key));
  if (missing.length === 0) return;
  await store.transact({
    compare: [{ target: 'modifyRevision', key: trustedKey, is: revision }],
    success: [{ operation: 'put', key: trustedKey, value: encodeTrusted([...keys, ...missing]) }],
  });
}

/** What a founder stores together with its CA: the charter, and its own voucher as used. */
export function foundingRecords(
  own: OwnCharter | null,
  founder: VoucherRecord['usedBy'],
  sealingKey: Buffer,
): { readonly operation: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }[] {
  if (own === null) return [];
  const used = own.charter.signatures.flatMap((signed) => {
    const voucher = parsePublicVoucher(signed.voucher);
    if (voucher?.kind !== 'device') return [];
    const { id: voucherId, name, serial } = voucher;
    const value = encodeVoucher({ id: voucherId, name, serial, usedBy: founder, refused: false });
    return [{ operation: 'put' as const, key: voucherKey(voucherId), value }];
  });
  return [...putCharter(own, sealingKey), ...used];
}

function findDevice(view: StateView, voucherId: string): ListedDevice | null {
  for (const part of readBatches(view)) {
    const found = part.find((device) => device.id === voucherId);
    if (found) return found;
  }
  return null;
}

function describe({ replica, enrolment }: MemberContext, claimed: string | null): VouchersAnswer {
  const view = replica.machine.view;
  const records = new Map(readVouchers(view).map((record) => [record.id, record]));
  const devices = readBatches(view).flat();
  const listed = new Set(devices.map((device) => device.id));
  const more = [...records.values()].filter((record) => !listed.has(record.id));
  const describeOne = (device: ListedDevice): VouchersAnswer['vouchers'][number] => {
    const { usedBy = null, refused = false } = records.get(device.id) ?? {};
    const state = refused ? 'refused' : usedBy === null ? 'never seen' : 'used';
    const usedByName = usedBy === null ? null : (readMember(view, usedBy)?.name ?? null);
    return { ...device, state, usedBy, usedByName };
  };
  return {
    claimed,
    keys: trustedKeys(view, enrolment.vouchers).map((key) => ({ key, fingerprint: fingerprintOfKey(key) })),
    vouchers: [...devices, ...more.map(({ id: own, name, serial }) => ({ id: own, name, serial }))].map(
      describeOne,
    ),
  };
}
