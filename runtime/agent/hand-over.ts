/**
 * A graceful stop: a leader hands leadership over, a voter gives its seat to a standby that has caught up. Whatever
 * cannot be handed over is not waited for, and the whole is bounded: a node that was told to stop stops.
 */
import { chooseHeir } from '../cluster/heir.ts';
import type { LeaderDuties } from '../cluster/leader-duties.ts';
import type { Reporter } from '../cluster/reporter.ts';
import type { Replica } from '../datastore/replica.ts';
import type { RaftStatus } from '../raft/types.ts';

export interface HandOverParts {
  readonly replica: Replica;
  readonly reporter: Reporter;
  readonly duties: LeaderDuties;
}

/** systemd gives the agent 30 s to stop; closing in good order needs some of them. */
const limitMilliseconds = 20_000;
const pauseMilliseconds = 50;

/** Resolves when the node may stop. Never rejects. */
export async function handOver(parts: HandOverParts): Promise<void> {
  const { replica, reporter } = parts;
  const startedAt = performance.now();
  let lastLed = startedAt;
  reporter.leave();
  while (performance.now() - startedAt < limitMilliseconds) {
    const status = replica.status();
    if (reporter.leader() !== null) lastLed = performance.now();
    // Without a leader there is nobody to hand anything to; an election takes less than this.
    if (performance.now() - lastLed > 3 * replica.electionMilliseconds) return;
    if (status.role === 'leader' ? giveLeadership(parts, status) : await reporter.asksToLeave()) return;
    await new Promise((resolve) => setTimeout(resolve, pauseMilliseconds));
  }
}

/** Tries to make another voter the leader; true when there is none and nobody can take this node's only seat either. */
function giveLeadership({ replica, duties }: HandOverParts, status: RaftStatus): boolean {
  const heir = chooseHeir(status, replica.electionMilliseconds / replica.tickMilliseconds, (id) =>
    duties.isLeaving(id),
  );
  if (heir === null) return duties.mayLeave(status.id);
  // Refused while a transfer is under way, which gives up by itself after an election timeout.
  if (status.transferTarget === null) replica.transferLeadership(heir);
  return false;
}
