/**
 * Where a machine that looks for its cluster knocks in one round. One that is said to be at several places, as every machine
 * with IPv4 and IPv6 is, gets one knock a round, since each costs both sides a handshake: where it answered last, or else at
 * the place that was not tried for longest, those of IPv4 first. Pure.
 */
import type { NodeId } from '../../raft/types.ts';
import type { Candidate } from './candidates.ts';

export interface GreetingsObservation {
  readonly candidates: readonly Candidate[];
  /** The place (`host:port`) where a machine answered lately; null for one that did not. */
  readonly answeredAt: (id: NodeId) => string | null;
  /** When a place was last tried, by `host:port`; places that were never tried are missing. */
  readonly triedAt: ReadonlyMap<string, number>;
}

export function chooseGreetings({ candidates, answeredAt, triedAt }: GreetingsObservation): Candidate[] {
  const chosen = new Map<string, Candidate>();
  const tried = ({ key }: Candidate): number => triedAt.get(key) ?? Number.NEGATIVE_INFINITY;
  const isBetter = (one: Candidate, other: Candidate): boolean => {
    const answered = one.id === null ? null : answeredAt(one.id);
    if ((one.key === answered) !== (other.key === answered)) return one.key === answered;
    if (tried(one) !== tried(other)) return tried(one) < tried(other);
    return isIpv4(one) && !isIpv4(other);
  };
  for (const candidate of candidates) {
    // A place without an identity may be anybody's.
    const whose = candidate.id ?? candidate.key;
    const rival = chosen.get(whose);
    if (rival === undefined || isBetter(candidate, rival)) chosen.set(whose, candidate);
  }
  return [...chosen.values()];
}

function isIpv4({ endpoint }: Candidate): boolean {
  return !endpoint.host.includes(':');
}
