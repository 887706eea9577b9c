/**
 * Who votes, who stands by, who is spare: a pure plan over what the leader sees. It changes one thing at a time
 * and keeps an odd number of voters, because an even one survives no more failures than the odd below it.
 */
import type { Configuration, NodeId } from '../../raft/types.ts';

export interface ObservedNode {
  readonly id: NodeId;
  readonly online: boolean;
  /** Holds (nearly) everything the leader has: fit to vote. */
  readonly caughtUp: boolean;
}

export interface RoleObservation {
  readonly leader: NodeId;
  readonly configuration: Configuration;
  /** Every member of the cluster, in any order. */
  readonly nodes: readonly ObservedNode[];
  readonly targets: { readonly voters: number; readonly standbys: number };
}

/** The configuration to move to, or null when the present one is as good as can be. Lists are sorted. */
export interface RolePlan {
  readonly voters: readonly NodeId[];
  readonly learners: readonly NodeId[];
}

export function planRoles(observation: RoleObservation): RolePlan | null {
  const voters = planVoters(observation);
  const learners = planLearners(observation, voters);
  const { configuration } = observation;
  const unchanged =
    sameMembers(voters, configuration.voters) && sameMembers(learners, configuration.learners);
  return unchanged ? null : { voters, learners };
}

/** A lost voter gives its seat to a caught-up standby; empty seats are filled as far as the number stays odd. */
function planVoters({ configuration, nodes, targets, leader }: RoleObservation): readonly NodeId[] {
  const known = new Map(nodes.map((node) => [node.id, node]));
  const isLost = (id: NodeId): boolean => id !== leader && known.get(id)?.online !== true;
  const candidates = configuration.learners
    .filter((id) => known.get(id)?.online && known.get(id)?.caughtUp)
    .sort();
  const kept = configuration.voters.filter((id) => !isLost(id)).sort();
  const lost = configuration.voters.filter(isLost).sort();
  const replaced = candidates.splice(0, lost.length);
  const voters = [...kept, ...replaced, ...lost.slice(replaced.length)];
  const seats = largestOdd(Math.min(targets.voters, voters.length + candidates.length));
  if (seats > voters.length) voters.push(...candidates.splice(0, seats - voters.length));
  return voters.sort();
}

/** Standbys, and the learners that will fill seats of voters once they have caught up. */
function planLearners(
  { configuration, nodes, targets }: RoleObservation,
  voters: readonly NodeId[],
): readonly NodeId[] {
  const wanted = targets.standbys + Math.max(0, targets.voters - voters.length);
  const isLearner = (id: NodeId): boolean => configuration.learners.includes(id);
  const others = nodes.filter((node) => !voters.includes(node.id));
  const byId = (a: ObservedNode, b: ObservedNode): number => (a.id < b.id ? -1 : 1);
  const preferred = [
    ...others.filter((node) => node.online && isLearner(node.id)).sort(byId),
    ...others.filter((node) => node.online && !isLearner(node.id)).sort(byId),
    ...others.filter((node) => !node.online && isLearner(node.id)).sort(byId),
  ];
  return preferred
    .slice(0, wanted)
    .map((node) => node.id)
    .sort();
}

function largestOdd(count: number): number {
  return count % 2 === 1 ? count : Math.max(1, count - 1);
}

function sameMembers(a: readonly NodeId[], b: readonly NodeId[]): boolean {
  return a.length === b.length && a.every((id) => b.includes(id));
}
