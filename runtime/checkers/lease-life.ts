/**
 * Whether a lease lived as long as it was promised: its keys are there until its time after the last confirmed
 * renewal is over, and gone some time after that.
 */

export interface LeaseRecord {
  readonly id: number;
  readonly seconds: number;
  /** When the last grant or renewal that was confirmed had been asked for, in milliseconds. */
  readonly confirmedAt: number;
  /** The last moment at which something may have given it its full time again: a renewal asked for, a new leader. */
  readonly prolongedAt: number;
  /** When its key went away; null: it is still there. */
  readonly goneAt: number | null;
}

export interface LeaseTolerance {
  /** The share by which a machine's clock may go wrong. */
  readonly clockError: number;
  /** How long after its time an end may take to be committed. */
  readonly slackMilliseconds: number;
}

/** What is wrong with the life of a lease, in a sentence; null when nothing is. `now` is when the record was closed. */
export function findLeaseFault(record: LeaseRecord, now: number, tolerance: LeaseTolerance): string | null {
  const { id, seconds, confirmedAt, prolongedAt, goneAt } = record;
  const earliest = confirmedAt + seconds * 1000 * (1 - tolerance.clockError);
  if (goneAt !== null && goneAt < earliest)
    return `lease ${id} of ${seconds} s ended ${goneAt - confirmedAt} ms after its last confirmed renewal`;
  const latest = prolongedAt + seconds * 1000 * (1 + tolerance.clockError) + tolerance.slackMilliseconds;
  if (goneAt === null && now > latest)
    return `lease ${id} of ${seconds} s still lives ${now - prolongedAt} ms after it could last be prolonged`;
  return null;
}
