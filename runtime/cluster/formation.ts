/**
 * What a blank machine does next: a pure decision over what it has heard. Machines that find a member join it.
 * Machines that find only blank ones wait until they are enough, agree on the same set, and the lowest id starts
 * the cluster with the promises of the others, so that overlapping sets cannot start two.
 */
import type { NodeId } from '../raft/types.ts';

/** A machine that proved the secret and was heard of within the last seconds. */
export interface HeardPeer {
  readonly id: NodeId;
  /** null: blank. */
  readonly clusterId: string | null;
  /** The blank machines it has heard of itself, without itself. */
  readonly blanks: readonly NodeId[];
}

export interface FormationObservation {
  readonly self: NodeId;
  readonly expect: number;
  /** Why this machine may join and never start anew, as full sentences; null when it may start. */
  readonly objection: string | null;
  /** Whether discovery has had the time to find a cluster that is there already. */
  readonly listenedEnough: boolean;
  readonly peers: readonly HeardPeer[];
}

export type FormationDecision =
  | { readonly kind: 'join'; readonly members: readonly NodeId[] }
  /** The set is complete and this node is its lowest: ask the others for their promise, then start. */
  | { readonly kind: 'found'; readonly others: readonly NodeId[] }
  | { readonly kind: 'wait'; readonly reason: string };

export function decideFormation(observation: FormationObservation): FormationDecision {
  const { self, expect, peers } = observation;
  const clusters = [...new Set(peers.map((peer) => peer.clusterId).filter((id) => id !== null))].sort();
  if (clusters.length > 1) return { kind: 'wait', reason: severalClusters(clusters) };
  if (clusters.length === 1) {
    return {
      kind: 'join',
      members: peers
        .filter((peer) => peer.clusterId !== null)
        .map((peer) => peer.id)
        .sort(),
    };
  }
  const blanks = [self, ...peers.map((peer) => peer.id)].sort();
  if (observation.objection !== null) return { kind: 'wait', reason: observation.objection };
  if (blanks.length < expect) {
    return {
      kind: 'wait',
      reason: `${blanks.length} of ${expect} nodes found: the cluster starts when ${expect} have found each other (cluster.expect).`,
    };
  }
  if (!observation.listenedEnough)
    return { kind: 'wait', reason: 'Looking for a cluster that exists already.' };
  if (blanks[0] !== self)
    return { kind: 'wait', reason: `Waiting for node ${blanks[0]} to start the cluster.` };
  const disagreeing = peers.filter((peer) => !sameSet([peer.id, ...peer.blanks], blanks));
  if (disagreeing.length > 0)
    return { kind: 'wait', reason: 'Waiting until all nodes have found each other.' };
  return { kind: 'found', others: blanks.filter((id) => id !== self) };
}

/**
 * Whether to promise `candidate` not to start, and not to let another start, a cluster.
 * @param mustBeKnown where vouchers are demanded: only those that have shown one are among the peers.
 */
export function decidePromise(
  self: NodeId,
  candidate: NodeId,
  promisedTo: NodeId | null,
  peers: readonly HeardPeer[],
  mustBeKnown = false,
): { readonly granted: true } | { readonly granted: false; readonly reason: string } {
  if (promisedTo !== null && promisedTo !== candidate)
    return { granted: false, reason: `promised to ${promisedTo}` };
  if (peers.some((peer) => peer.clusterId !== null))
    return { granted: false, reason: 'a cluster exists already' };
  if (mustBeKnown && !peers.some(({ id }) => id === candidate))
    return { granted: false, reason: `${candidate} has shown no voucher that counts here` };
  const lowest = [self, candidate, ...peers.map((peer) => peer.id)].sort()[0];
  return lowest === candidate ? { granted: true } : { granted: false, reason: `${lowest} comes first` };
}

function severalClusters(clusters: readonly string[]): string {
  return `There are several clusters of this name here (${clusters.join(', ')}): rename one, or switch off its nodes, and this node joins the other.`;
}

function sameSet(a: readonly NodeId[], sorted: readonly NodeId[]): boolean {
  const other = [...new Set(a)].sort();
  return other.length === sorted.length && other.every((id, index) => id === sorted[index]);
}
