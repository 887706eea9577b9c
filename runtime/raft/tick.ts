/**
 * The passing of time. A follower stands for election when it has long heard nothing; a leader sends
 * heartbeats, and steps down when it has not heard from a quorum for an election timeout (section 6.2), so
 * that its clients go and look for its successor.
 */
import { onElectionTimeout } from './election.ts';
import type { RaftNode } from './node.ts';
import { hasQuorum } from './quorum.ts';
import { tickForwardedReads } from './reads.ts';
import { broadcastHeartbeat } from './replication.ts';
import { becomeFollower } from './roles.ts';
import { tickTransfer } from './transfer.ts';
import { toIndex } from './units.ts';

export function tick(node: RaftNode): void {
  if (node.role === 'leader') {
    tickLeader(node);
    return;
  }
  tickForwardedReads(node);
  if (++node.electionElapsed >= node.electionTimeout) onElectionTimeout(node);
}

function tickLeader(node: RaftNode): void {
  for (const progress of node.progress.values()) {
    progress.silentTicks++;
    // What was sent to a silent node is probably lost: find out where it stands when it is back.
    const silent = progress.silentTicks >= node.electionTicks;
    if (silent && progress.state === 'replicate') progress.becomeProbe(toIndex(progress.match + 1));
  }
  if (!hearsQuorum(node)) {
    becomeFollower(node, node.term, null);
    return;
  }
  tickTransfer(node);
  // Now and then ask followers whether they still hold what they once had: a disk may have lost it.
  if (++node.electionElapsed >= node.electionTicks) {
    node.electionElapsed = 0;
    for (const progress of node.progress.values()) progress.verify = true;
  }
  if (++node.heartbeatElapsed < node.heartbeatTicks) return;
  node.heartbeatElapsed = 0;
  broadcastHeartbeat(node);
}

function hearsQuorum(node: RaftNode): boolean {
  return hasQuorum(node.log.configuration, (id) => {
    if (id === node.id) return true;
    const progress = node.progress.get(id);
    return progress !== undefined && progress.silentTicks < node.electionTicks;
  });
}
