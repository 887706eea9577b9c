/**
 * The leader's end of the log: appending to it, within a bound on what is not yet committed, and keeping one
 * progress per follower as configurations come and go.
 */
import { encodeConfiguration, members } from './configuration.ts';
import { entryBytes } from './log.ts';
import { type RaftNode, replaceTail } from './node.ts';
import { FollowerProgress } from './progress.ts';
import type { Configuration, Entry, EntryKind, ProposalOutcome } from './types.ts';
import { toIndex } from './units.ts';

/** Proposals beyond this much uncommitted log are refused, so that a lost majority cannot fill the memory. */
const MOST_UNCOMMITTED_BYTES = 32 * 1024 * 1024;
const NOTHING = new Uint8Array(0);

export function propose(node: RaftNode, data: Uint8Array): ProposalOutcome {
  const refusal = refuseProposal(node);
  if (refusal !== null) return refusal;
  if (node.uncommittedBytes >= MOST_UNCOMMITTED_BYTES) {
    return { kind: 'busy', reason: 'too much is waiting to be committed' };
  }
  return accepted(appendAsLeader(node, 'command', data));
}

/** Why no proposal of any kind is taken now, or null. */
export function refuseProposal(node: RaftNode): Exclude<ProposalOutcome, { kind: 'accepted' }> | null {
  if (node.role !== 'leader') return { kind: 'notLeader', leader: node.leader };
  if (node.transfer !== null) return { kind: 'busy', reason: 'leadership is being handed over' };
  return null;
}

export function accepted(entry: Entry): ProposalOutcome {
  return { kind: 'accepted', index: entry.index, term: entry.term };
}

export function appendEmpty(node: RaftNode): Entry {
  return appendAsLeader(node, 'empty', NOTHING);
}

/** Appends a configuration; it is in force from now on, committed or not (section 4.1). */
export function appendConfiguration(node: RaftNode, configuration: Configuration): Entry {
  const entry = appendAsLeader(node, 'configuration', encodeConfiguration(configuration));
  matchProgressToConfiguration(node);
  return entry;
}

/** Gives each follower of the configuration in force a progress, and drops those of others. */
export function matchProgressToConfiguration(node: RaftNode): void {
  const followers = members(node.log.configuration).filter((id) => id !== node.id);
  const before = node.progress;
  node.progress = new Map();
  for (const id of followers) node.progress.set(id, before.get(id) ?? newProgress(node, id));
  if (node.transfer !== null && !node.log.configuration.voters.includes(node.transfer.to))
    node.transfer = null;
}

function newProgress(node: RaftNode, id: FollowerProgress['id']): FollowerProgress {
  const next = toIndex(node.log.lastIndex + 1);
  return new FollowerProgress(id, ++node.sessions, next);
}

function appendAsLeader(node: RaftNode, kind: EntryKind, data: Uint8Array): Entry {
  const entry: Entry = { index: toIndex(node.log.lastIndex + 1), term: node.term, kind, data };
  replaceTail(node, [entry]);
  node.uncommittedBytes += entryBytes(entry);
  return entry;
}
