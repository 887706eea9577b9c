/** At which doors a member knocks to find its peers again: a pure decision. */
import type { Endpoint } from '../../peers/dial.ts';
import type { NodeId } from '../../raft/types.ts';
import type { Candidate } from './candidates.ts';

export interface ProbeObservation {
  readonly candidates: readonly Candidate[];
  /** Peers that do not answer where they are known to be. */
  readonly missing: readonly NodeId[];
  readonly isMember: (id: NodeId) => boolean;
  /** Whether the address book has this address of this node: then whoever wants to talk to it tries there anyway. */
  readonly knows: (id: NodeId, endpoint: Endpoint) => boolean;
  readonly attempts: ReadonlyMap<string, Attempt>;
  /** The search has just begun: knock often. */
  readonly eager: boolean;
  readonly now: number;
}

export interface Attempt {
  readonly at: number;
  /** A node of this cluster answered. */
  readonly answered: boolean;
}

const eagerMilliseconds = 3_000;
const calmMilliseconds = 30_000;
/** Who answered is known now; somebody else may be there later. */
const answeredMilliseconds = 60_000;
/** One round; also bounds what a stranger's announcements can make a node do. */
const mostProbes = 4;

/**
 * Doors that are said to be a member's and are news, and while somebody is missing those of which nobody knows whose they
 * are. The most promising first, then the least recently tried.
 */
export function chooseProbes(observation: ProbeObservation): Candidate[] {
  const { candidates, attempts, missing, now } = observation;
  const triedAt = ({ key }: Candidate): number => attempts.get(key)?.at ?? Number.NEGATIVE_INFINITY;
  const promise = ({ id }: Candidate): number => (id === null ? 1 : missing.includes(id) ? 0 : 2);
  return candidates
    .filter((candidate) => isPromising(candidate, observation))
    .filter((candidate) => now - triedAt(candidate) >= pause(attempts.get(candidate.key), observation.eager))
    .toSorted((a, b) => promise(a) - promise(b) || triedAt(a) - triedAt(b))
    .slice(0, mostProbes);
}

function isPromising({ id, endpoint }: Candidate, { missing, isMember, knows }: ProbeObservation): boolean {
  return id === null ? missing.length > 0 : isMember(id) && !knows(id, endpoint);
}

function pause(attempt: Attempt | undefined, eager: boolean): number {
  if (attempt === undefined) return 0;
  if (attempt.answered) return answeredMilliseconds;
  return eager ? eagerMilliseconds : calmMilliseconds;
}
