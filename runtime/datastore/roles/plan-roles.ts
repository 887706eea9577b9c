/**
 * Who votes, who stands by, who is spare: a pure plan over what the leader sees. It changes one thing at a time
 * and keeps an odd number of voters, because an even one survives no more failures than the odd below it.
 * Seats that are lost or empty are filled at once; seats of healthy nodes move only when the whole set is healthy, and
 * for a reason: a domain that lacks one, a weight, a far better machine (`placement.ts`).
 */
import type { Configuration, NodeId } from '../../raft/types.ts';
import { bestSwap, chooseBest, dropWorst, type Placed, type Swap } from './placement.ts';

export interface ObservedNode extends Placed {
  readonly online: boolean;
  /** Has been online for a while: seats that need not move do not move to a node that comes and goes. */
  readonly steady: boolean;
  /** Holds (nearly) everything the leader has: fit to vote. */
  readonly caughtUp: boolean;
  /** Is about to stop and asks to be replaced; it works until it is. */
  readonly leaving: boolean;
  /** A person has removed it from the cluster: it loses its seat also when nobody takes it. */
  readonly removing: boolean;
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
  const { configuration } = observation;
  const view = new View(observation);
  const voters = repairVoters(view);
  const learners = fillLearners(view, voters);
  const plan = { voters: idsOf(voters), learners: idsOf(learners) };
  const repaired =
    sameMembers(plan.voters, configuration.voters) && sameMembers(plan.learners, configuration.learners);
  return repaired ? improve(view) : plan;
}

/** The observation, with the nodes found by their seats. One with a seat that is not in the list has been removed. */
class View {
  readonly observation: RoleObservation;
  readonly #known: ReadonlyMap<NodeId, ObservedNode>;

  constructor(observation: RoleObservation) {
    this.observation = observation;
    this.#known = new Map(observation.nodes.map((node) => [node.id, node]));
  }

  get voters(): ObservedNode[] {
    return this.#find(this.observation.configuration.voters);
  }

  get learners(): ObservedNode[] {
    return this.#find(this.observation.configuration.learners);
  }

  /** A node that is gone or going: its seat is to be had. The leader counts as there unless it is going. */
  isLost(node: ObservedNode): boolean {
    return node.leaving || !(node.online || node.id === this.observation.leader);
  }

  /** Nobody takes a seat away from a leader that is not in the list yet: it has just founded the cluster. */
  #find(ids: readonly NodeId[]): ObservedNode[] {
    return [...ids]
      .sort()
      .map((id) => this.#known.get(id) ?? unknownNode(id, id !== this.observation.leader));
  }
}

/** A lost voter gives its seat to a caught-up standby; empty seats are filled as far as the number stays odd. */
function repairVoters(view: View): readonly ObservedNode[] {
  const { targets } = view.observation;
  const candidates = view.learners.filter((node) => node.caughtUp && !view.isLost(node));
  const staying = view.voters.filter((node) => !node.removing);
  const kept = staying.filter((node) => !view.isLost(node));
  const lost = staying.filter((node) => view.isLost(node));
  const emptied = view.voters.length - staying.length;
  const replacing = chooseBest(kept, candidates, lost.length + emptied);
  // Those who are going still work: they keep a seat rather than those who are gone.
  const [going, gone] = [lost.filter((node) => node.online), lost.filter((node) => !node.online)];
  const goneKept = dropWorst(gone, replacing.length);
  const goingKept = dropWorst(going, Math.max(0, replacing.length - gone.length));
  const voters = keepOdd(view, [...kept, ...replacing], [...goneKept, ...goingKept]);
  // The last voter cannot be removed.
  if (voters.length === 0) return view.voters;
  const left = candidates.filter((node) => !replacing.includes(node));
  const seats = largestOdd(Math.min(targets.voters, voters.length + left.length));
  return [...voters, ...chooseBest(voters, left, Math.max(0, seats - voters.length))];
}

/** A seat that was taken away and not filled leaves an even number: another goes too, of those who are lost if there are. */
function keepOdd(
  view: View,
  steady: readonly ObservedNode[],
  lost: readonly ObservedNode[],
): readonly ObservedNode[] {
  const isEven = (steady.length + lost.length) % 2 === 0;
  if (!isEven || steady.length + lost.length === 0) return [...steady, ...lost];
  if (lost.length > 0) return [...steady, ...dropWorst(lost, 1)];
  const { leader } = view.observation;
  const others = steady.filter((node) => node.id !== leader);
  return [...steady.filter((node) => node.id === leader), ...dropWorst(others, 1)];
}

/**
 * Standbys, and the learners that will fill seats of voters once they have caught up: those who hold the data first,
 * then anybody who is there, and last those who go or are gone, whose data may still be good when they are back.
 */
function fillLearners(view: View, voters: readonly ObservedNode[]): readonly ObservedNode[] {
  const { configuration, nodes, targets } = view.observation;
  const wanted = targets.standbys + Math.max(0, targets.voters - voters.length);
  const isLearner = (node: ObservedNode): boolean => configuration.learners.includes(node.id);
  const holds = (node: ObservedNode): boolean => isLearner(node) || configuration.voters.includes(node.id);
  const others = nodes.filter((node) => !node.removing && !voters.some((voter) => voter.id === node.id));
  const tiers = [
    others.filter((node) => !view.isLost(node) && holds(node)),
    others.filter((node) => !view.isLost(node) && !holds(node)),
    others.filter((node) => view.isLost(node) && (isLearner(node) || (node.online && holds(node)))),
  ];
  let learners: readonly ObservedNode[] = [];
  for (const tier of tiers) {
    const beside = [...voters, ...learners];
    learners = [...learners, ...chooseBest(beside, tier, wanted - learners.length)];
  }
  return learners;
}

/** When nothing is down or behind: one exchange, of a voter and a standby, or of a standby and a spare. */
function improve(view: View): RolePlan | null {
  const { leader, nodes, targets } = view.observation;
  const [voters, learners] = [view.voters, view.learners];
  const isHealthy = [...voters, ...learners].every((node) => !view.isLost(node) && node.caughtUp);
  if (!isHealthy || voters.length < targets.voters) return null;
  // A leader is not unseated for comfort: it costs an election.
  const movable = voters.filter((node) => node.id !== leader);
  const staying = voters.filter((node) => node.id === leader);
  const voterSwap = bestSwap(
    staying,
    movable,
    learners.filter((node) => node.steady),
  );
  if (voterSwap !== null) {
    return { voters: exchange(voters, voterSwap), learners: exchange(learners, reverse(voterSwap)) };
  }
  const seated = new Set([...voters, ...learners].map((node) => node.id));
  const spares = nodes.filter(
    (node) => node.online && node.steady && !node.leaving && !node.removing && !seated.has(node.id),
  );
  const learnerSwap = bestSwap(voters, learners, spares);
  return learnerSwap && { voters: idsOf(voters), learners: exchange(learners, learnerSwap) };
}

function exchange(nodes: readonly Placed[], swap: Swap): NodeId[] {
  return idsOf(nodes)
    .map((id) => (id === swap.out ? swap.in : id))
    .sort();
}

function reverse(swap: Swap): Swap {
  return { out: swap.in, in: swap.out };
}

function unknownNode(id: NodeId, removing: boolean): ObservedNode {
  const nothing = { failureDomain: null, weight: 0, cost: null };
  return { id, online: false, steady: false, caughtUp: false, leaving: false, removing, ...nothing };
}

function idsOf(nodes: readonly Placed[]): NodeId[] {
  return nodes.map((node) => node.id).sort();
}

function largestOdd(count: number): number {
  return count % 2 === 1 ? count : Math.max(1, count - 1);
}

function sameMembers(a: readonly NodeId[], b: readonly NodeId[]): boolean {
  return a.length === b.length && a.every((id) => b.includes(id));
}
