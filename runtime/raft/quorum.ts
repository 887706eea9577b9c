/**
 * Decisions by majority. A joint configuration (section 4.3) decides only when the majority of the new
 * voters and the majority of the outgoing ones both do.
 */
import type { Configuration, LogIndex, NodeId } from './types.ts';
import { lowerIndex, NO_INDEX } from './units.ts';

export type VoteResult = 'won' | 'lost' | 'pending';

/** The highest index that a majority (of both halves, while joint) has reached. */
export function quorumIndex(configuration: Configuration, matchOf: (id: NodeId) => LogIndex): LogIndex {
  const incoming = majorityIndex(configuration.voters, matchOf);
  if (configuration.outgoing.length === 0) return incoming;
  const outgoing = majorityIndex(configuration.outgoing, matchOf);
  return lowerIndex(incoming, outgoing);
}

/** Whether those for whom `agrees` holds are a quorum. */
export function hasQuorum(configuration: Configuration, agrees: (id: NodeId) => boolean): boolean {
  return (
    isMajority(configuration.voters, agrees) &&
    (configuration.outgoing.length === 0 || isMajority(configuration.outgoing, agrees))
  );
}

/** The outcome of an election, given the answers so far. */
export function countVotes(configuration: Configuration, votes: ReadonlyMap<NodeId, boolean>): VoteResult {
  if (hasQuorum(configuration, (id) => votes.get(id) === true)) return 'won';
  const stillPossible = hasQuorum(configuration, (id) => votes.get(id) !== false);
  return stillPossible ? 'pending' : 'lost';
}

function majorityIndex(voters: readonly NodeId[], matchOf: (id: NodeId) => LogIndex): LogIndex {
  const matches = voters.map(matchOf).sort((a, b) => b - a);
  return matches[Math.floor(voters.length / 2)] ?? NO_INDEX;
}

function isMajority(voters: readonly NodeId[], agrees: (id: NodeId) => boolean): boolean {
  return voters.filter(agrees).length > voters.length / 2;
}
