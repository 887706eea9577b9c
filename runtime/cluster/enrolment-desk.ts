/** What a person does about enrolment: sees who waits, lets one in or not, opens and closes the window. On the leader. */
import * as z from 'zod';
import type { EnrolmentAnswer } from '../admin/protocol.ts';
import type { StateView } from '../datastore/state-machine/reading.ts';
import { type EnrolmentRecord, isTimeOver, objectToAdmission } from './admission.ts';
import {
  applicantKey,
  encodeApplicant,
  encodeEnrolment,
  enrolmentKey,
  readApplicants,
  readEnrolment,
  type WaitingApplicant,
} from './enrolment-records.ts';
import { findNode } from './find-node.ts';
import type { MemberContext } from './member-context.ts';
import { trustedKeys } from './voucher-admission.ts';

export const deskParams = z.discriminatedUnion('action', [
  z.object({ action: z.literal('list') }),
  z.object({ action: z.literal('approve'), node: z.string().min(1).max(63) }),
  z.object({ action: z.literal('refuse'), node: z.string().min(1).max(63) }),
  z.object({ action: z.literal('open') }),
  z.object({ action: z.literal('close') }),
]);
export type DeskParams = z.infer<typeof deskParams>;

/** Throws `RpcError` or `StoreError`; answers with how things are afterwards. */
export async function serveDesk(context: MemberContext, params: DeskParams): Promise<EnrolmentAnswer> {
  // A person must not see a window as open whose time is over, nor have to wait for the next round.
  await closeInTime(context);
  const view = context.replica.machine.view;
  switch (params.action) {
    case 'list':
      break;
    case 'open':
      await putRecord(context, { openedAt: context.clock.now(), admitted: 0, closed: null });
      context.log.warn('enrolment was opened: whoever knows the secret may join');
      break;
    case 'close':
      await putRecord(context, { ...readEnrolment(view).record, closed: 'person' });
      context.log.warn('enrolment was closed');
      break;
    case 'approve': {
      const applicant = findApplicant(view, params.node);
      const value = encodeApplicant({ ...applicant, approved: true });
      await context.store.transact({
        success: [{ operation: 'put', key: applicantKey(applicant.id), value }],
      });
      context.log.warn({ node: applicant.name, id: applicant.id }, 'a machine was approved');
      break;
    }
    case 'refuse': {
      const { id } = findApplicant(view, params.node);
      await context.store.transact({ success: [{ operation: 'delete', key: applicantKey(id) }] });
      break;
    }
  }
  return describe(context);
}

/** On the leader, in every round: a window whose time is over is closed for good. Rejects with `StoreError`. */
export async function closeInTime(context: MemberContext): Promise<void> {
  const { record } = readEnrolment(context.replica.machine.view);
  if (record.closed === null && isTimeOver(context.enrolment, record, context.clock.now()))
    await putRecord(context, { ...record, closed: 'time' });
}

async function putRecord({ store }: MemberContext, record: EnrolmentRecord): Promise<void> {
  await store.transact({
    success: [{ operation: 'put', key: enrolmentKey, value: encodeEnrolment(record) }],
  });
}

/** Why the secret admits nobody at the moment; null while it admits machines, if only some. */
export function whyClosed({
  replica,
  enrolment,
  clock,
}: Pick<MemberContext, 'replica' | 'enrolment' | 'clock'>): string | null {
  const { record } = readEnrolment(replica.machine.view);
  // Of no machine in particular: a list of serial numbers closes nothing.
  const { serials: _, ...window } = enrolment;
  return objectToAdmission(window, record, clock.now(), { serial: null });
}

function describe(context: MemberContext): EnrolmentAnswer {
  const { replica, clock, enrolment } = context;
  const view = replica.machine.view;
  const { record } = readEnrolment(view);
  return {
    closed: whyClosed(context),
    vouchers: trustedKeys(view, enrolment.vouchers).length > 0,
    admitted: record.admitted,
    applicants: readApplicants(view).map(({ since, ...applicant }) => ({
      ...applicant,
      waitingSeconds: Math.max(0, clock.now() - since),
    })),
  };
}

function findApplicant(view: StateView, text: string): WaitingApplicant {
  return findNode(readApplicants(view), text, { none: 'No machine waits that is', known: 'Waiting' });
}
