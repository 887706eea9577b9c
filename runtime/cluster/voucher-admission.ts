/** Whether a machine's voucher admits it: a decision over what the machine shows and what the cluster remembers. */
import type { StateView } from '../datastore/state-machine/reading.ts';
import type { NodeId } from '../raft/types.ts';
import type { PublicVoucher } from '../vouchers/voucher.ts';
import type { MemberContext } from './member-context.ts';
import { readMember } from './roster.ts';
import { objectToVoucher, readProof, type VoucherProof } from './voucher-proof.ts';
import {
  encodeVoucher,
  readTrusted,
  readVoucher,
  type VoucherRecord,
  voucherKey,
} from './voucher-records.ts';

export interface Ticket {
  /** Why the machine is not let in without a person, as a sentence without its end; null when vouchers are not demanded, too. */
  readonly objection: string | null;
  /** The voucher's id where a person has said that it never gets anybody in; else null. */
  readonly refused: string | null;
  /** A removal closes enrolment to those that have only the secret. */
  readonly admits: boolean;
  /** The voucher that is used up as the machine gets in, and the revision that its record must have; else null. */
  readonly use: { readonly voucher: PublicVoucher; readonly revision: number } | null;
}

interface Entrant {
  readonly id: NodeId;
  readonly serial: string | null;
  readonly proof: VoucherProof | null;
}

/** What the cluster knows about a voucher when a machine comes with it. */
export interface Known {
  readonly clusterName: string;
  /** Of the batches that are trusted. */
  readonly keys: readonly string[];
  readonly record: VoucherRecord | null;
  readonly revision: number;
  /** What people call the node that used the voucher. */
  readonly usedByName: string | null;
}

export function readTicket(context: MemberContext, entrant: Entrant): Ticket {
  const { clusterName, replica, enrolment } = context;
  const view = replica.machine.view;
  const voucher = entrant.proof && readProof(entrant.proof, clusterName, entrant.id);
  const { record, revision } = voucher ? readVoucher(view, voucher.id) : { record: null, revision: 0 };
  const known = {
    ...{ clusterName, record, revision, keys: trustedKeys(view, enrolment.vouchers) },
    usedByName: (record?.usedBy && readMember(view, record.usedBy)?.name) ?? null,
  };
  return judgeTicket(entrant, voucher, known);
}

/** Whether a member has come with this voucher. */
export function isOfMember(view: StateView, voucherId: string): boolean {
  const usedBy = readVoucher(view, voucherId).record?.usedBy ?? null;
  return usedBy !== null && readMember(view, usedBy) !== null;
}

/** The batches' keys: what the cluster has taken over, and what this member's configuration names. */
export function trustedKeys(view: StateView, configured: readonly string[] = []): readonly string[] {
  return [...new Set([...readTrusted(view).keys, ...configured])];
}

/** @param voucher null where the machine shows none, or not its own. */
export function judgeTicket(entrant: Entrant, voucher: PublicVoucher | null, known: Known): Ticket {
  const { keys, record, revision, clusterName } = known;
  if (voucher === null) {
    const what =
      entrant.proof === null ? 'this machine has none' : 'the one that this machine shows is not its own';
    const objection = `this cluster admits only machines with a voucher (cluster.voucher, trivet factory batch), and ${what}`;
    return { objection: keys.length === 0 ? null : objection, refused: null, admits: false, use: null };
  }
  const usedByOther = record?.usedBy && record.usedBy !== entrant.id ? record.usedBy : null;
  const refused = record?.refused ? record.id : null;
  const isFree = record === null || (record.usedBy === null && refused === null);
  // Also where no voucher is demanded, lest another machine comes with it when that has changed.
  const use = isFree && voucher.cluster === clusterName ? { voucher, revision } : null;
  if (keys.length === 0) return { objection: null, refused: null, admits: false, use };
  const objection =
    objectToVoucher(voucher, { clusterName, keys, serial: entrant.serial }) ??
    (usedByOther && describeUse(voucher.id, usedByOther, known.usedByName));
  return { objection, refused, admits: objection === null && refused === null, use };
}

function describeUse(id: string, usedBy: string, name: string | null): string {
  const node = name === null ? `node ${usedBy}` : `${name} (node ${usedBy})`;
  return `the voucher ${id} of this machine was used by ${node}, and each admits one machine`;
}

/** What a machine hears whose voucher a person has refused. */
export function refusedMessage(id: string): string {
  return `The voucher ${id} of this machine was refused by a person: it admits nobody. To take that back, on any member: trivet vouchers allow ${id}`;
}

/** The parts of the transaction in which the machine gets in: its voucher becomes its own, or nothing happens. */
export function spendTicket(
  { use }: Ticket,
  usedBy: NodeId,
): {
  readonly compare: { readonly target: 'modifyRevision'; readonly key: Uint8Array; readonly is: number }[];
  readonly success: { readonly operation: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }[];
} {
  if (use === null) return { compare: [], success: [] };
  const { id, name, serial } = use.voucher;
  const key = voucherKey(id);
  return {
    compare: [{ target: 'modifyRevision', key, is: use.revision }],
    success: [{ operation: 'put', key, value: encodeVoucher({ id, name, serial, usedBy, refused: false }) }],
  };
}
