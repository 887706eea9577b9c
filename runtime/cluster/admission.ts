/**
 * Whether a machine that has proved the enrolment secret may become a member: a pure decision, and what the cluster
 * remembers for it in the datastore. Time is the cluster's own (`cluster-clock.ts`), never a wall clock's.
 */
import * as z from 'zod';
import type { EnrolmentWindow } from '../config/enrolment-schema.ts';

export const enrolmentRecordSchema = z.object({
  /** Seconds of the cluster's clock. */
  openedAt: z.number().min(0),
  /** Since then, the founder of the cluster among them. */
  admitted: z.int().min(0),
  /** `time`: so that what was over stays so. */
  closed: z.enum(['person', 'removal', 'time']).nullable(),
});
export type EnrolmentRecord = z.infer<typeof enrolmentRecordSchema>;

/** Of a cluster that has just been founded. */
export const firstRecord: EnrolmentRecord = { openedAt: 0, admitted: 1, closed: null };

export interface Applicant {
  /** As it says itself; null when it has none. */
  readonly serial: string | null;
}

/** Why the secret alone does not admit this machine, to be followed by what to do; null when it does. */
export function objectToAdmission(
  window: EnrolmentWindow,
  record: EnrolmentRecord,
  nowSeconds: number,
  applicant: Applicant,
): string | null {
  if (record.closed === 'removal')
    return 'a node was removed since, and whoever has its disk knows the enrolment secret';
  if (record.closed === 'person') return 'enrolment was closed';
  if (window.nodes !== undefined && record.admitted >= window.nodes)
    return `the enrolment secret admits ${window.nodes} machines (cluster.enrolment.nodes), and ${record.admitted} have come`;
  if (record.closed === 'time' || isTimeOver(window, record, nowSeconds))
    return `the enrolment secret admits machines for ${window.hours ?? 'some'} hours (cluster.enrolment.hours), which are over`;
  if (
    window.serials !== undefined &&
    !(applicant.serial !== null && window.serials.includes(applicant.serial))
  ) {
    const serial =
      applicant.serial === null ? 'this machine has none' : `this machine has ${applicant.serial}`;
    return `only machines with certain serial numbers are admitted (cluster.enrolment.serials), and ${serial}`;
  }
  return null;
}

export function isTimeOver(window: EnrolmentWindow, record: EnrolmentRecord, nowSeconds: number): boolean {
  return window.hours !== undefined && nowSeconds - record.openedAt > window.hours * 3600;
}
