/**
 * A graceful stop: a leader hands leadership over, a voter gives its seat to a standby that has caught up. Whatever
 * cannot be handed over is not waited for, and the whole is bounded: a node that was told to stop stops.
 */
import { chooseHeir } from '../cluster/heir.ts';
import type { LeaderDuties } from '../cluster/leader-duties.ts';
import type { Reporter } from '../cluster/reporter.ts';
import type { Replica } from '../datastore/replica.ts';
import type { Log } from '../logging/log.ts';
import type { NodeId, RaftStatus } from '../raft/types.ts';

export interface HandOverParts {
  readonly replica: Replica;
  readonly reporter: Reporter;
  readonly duties: LeaderDuties;
  readonly log: Log;
}

/** systemd gives the agent 30 s to stop; closing in good order needs some of them. */
const limitMilliseconds = 20_000;
const pauseMilliseconds = 50;

/** Resolves when the node may stop. Never rejects. */
export async function handOver(parts: HandOverParts): Promise<void> {
  const { replica, reporter } = parts;
  const startedAt = performance.now();
  let lastLed = startedAt;
  let gave = false;
  reporter.leave();
  while (performance.now() - startedAt < limitMilliseconds) {
    const status = replica.status();
    const leader = reporter.leader();
    if (leader !== null) lastLed = performance.now();
    gave ||= status.role === 'leader';
    if (gave && leader !== null && leader !== status.id) {
      parts.log.info({ to: leader }, 'leadership handed over');
      gave = false;
    }
    // Without a leader there is nobody to hand anything to; an election takes less than this.
    if (performance.now() - lastLed > 3 * replica.electionMilliseconds) return;
    if (status.role === 'leader' ? giveLeadership(parts, status) : await reporter.asksToLeave()) return;
    await new Promise((resolve) => setTimeout(resolve, pauseMilliseconds));
  }
}

/** Tries to make another voter the leader; true when no other voter stays and nobody can take this node's seat. */
function giveLeadership({ replica, duties }: HandOverParts, status: RaftStatus): boolean {
  const isLeaving = (id: NodeId): boolean => duties.isLeaving(id);
  const heir = chooseHeir(status, replica.electionMilliseconds / replica.tickMilliseconds, isLeaving);
  if (heir === null)
    return !status.configuration.voters.some((id) => mayStay(id)) && duties.mayLeave(status.id);
  // Refused while a transfer is under way, which gives up by itself after an election timeout.
  if (status.transferTarget === null) replica.transferLeadership(heir);
  return false;

  // One that is silent just now may be slow only. Where too many are, this node soon leads no more.
  function mayStay(id: NodeId): boolean {
    return id !== status.id && !isLeaving(id);
  }
}
