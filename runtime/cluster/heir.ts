/** Whom a leader that goes hands its leadership to. Pure. */
import type { NodeId, RaftStatus } from '../raft/types.ts';

/** The voter that has most of the log among those that answer and stay. */
export function chooseHeir(
  status: RaftStatus,
  longestSilenceTicks: number,
  isLeaving: (id: NodeId) => boolean,
): NodeId | null {
  const heirs = status.progress.filter(
    ({ id, silentTicks }) =>
      id !== status.id &&
      status.configuration.voters.includes(id) &&
      silentTicks < longestSilenceTicks &&
      !isLeaving(id),
  );
  return heirs.sort((a, b) => b.match - a.match)[0]?.id ?? null;
}
