/**
 * Which nodes are the better ones to hold seats: spread over failure domains first, then by weight, then by what was
 * measured. Pure; `plan-roles.ts` decides when seats move at all.
 */
import type { NodeId } from '../../raft/types.ts';

export interface Placed {
  readonly id: NodeId;
  /** What fails together: a rack, a site; null where nothing was said, which counts as one domain of its own. */
  readonly failureDomain: string | null;
  /** A person's wish: lower is promoted first, higher is demoted first. */
  readonly weight: number;
  /** What it costs to have this node confirm a write, in milliseconds (`loadCost`); null when not known. */
  readonly cost: number | null;
}

/** Below these a difference in measured cost moves nobody who has a seat. */
const muchCheaperTimes = 4;
const muchCheaperMilliseconds = 20;

/** How crowded domains are: lower is better spread. The sum of squares falls with every step towards even. */
export function crowding(nodes: readonly Placed[]): number {
  const counts = new Map<string | null, number>();
  for (const { failureDomain } of nodes) counts.set(failureDomain, (counts.get(failureDomain) ?? 0) + 1);
  return [...counts.values()].reduce((sum, count) => sum + count * count, 0);
}

/** Takes up to `count` candidates, one after the other, each the best beside those who have seats by then. */
export function chooseBest<Node extends Placed>(
  seated: readonly Placed[],
  candidates: readonly Node[],
  count: number,
): Node[] {
  const chosen: Node[] = [];
  const left = [...candidates];
  while (chosen.length < count && left.length > 0) {
    const beside = [...seated, ...chosen];
    left.sort((a, b) => crowding([...beside, a]) - crowding([...beside, b]) || compareAlone(a, b));
    chosen.push(left.shift() as Node);
  }
  return chosen;
}

/** Takes away the worst of the nodes, one after the other, as many as `count`. */
export function dropWorst<Node extends Placed>(nodes: readonly Node[], count: number): Node[] {
  const kept = [...nodes];
  for (let dropped = 0; dropped < count && kept.length > 0; dropped += 1) {
    const without = (node: Node): Node[] => kept.filter((each) => each !== node);
    const [worst] = [...kept].sort(
      (a, b) => crowding(without(a)) - crowding(without(b)) || compareAlone(b, a),
    );
    kept.splice(kept.indexOf(worst as Node), 1);
  }
  return kept;
}

export interface Swap {
  readonly out: NodeId;
  readonly in: NodeId;
}

/**
 * The one exchange that is most worth while, or null. `beside` have seats too and stay. Every exchange makes crowding,
 * then the sum of weights, then the cost smaller, so that exchanges come to an end.
 */
export function bestSwap(
  beside: readonly Placed[],
  seated: readonly Placed[],
  candidates: readonly Placed[],
): Swap | null {
  const now = crowding([...beside, ...seated]);
  const gains = seated.flatMap((out) =>
    candidates.map((candidate) => {
      const after = [...beside, ...seated.filter((each) => each !== out), candidate];
      return { out, candidate, spread: now - crowding(after), weight: out.weight - candidate.weight };
    }),
  );
  const worthWhile = gains.filter(
    ({ spread, weight, out, candidate }) =>
      spread > 0 ||
      (spread === 0 && weight > 0) ||
      (spread === 0 && weight === 0 && isMuchCheaper(candidate, out)),
  );
  const [best] = worthWhile.sort(
    (a, b) =>
      b.spread - a.spread ||
      b.weight - a.weight ||
      compareAlone(a.candidate, b.candidate) ||
      compareAlone(b.out, a.out),
  );
  return best === undefined ? null : { out: best.out.id, in: best.candidate.id };
}

/** What it costs to have a node confirm a write, from what it measured of itself. */
export function loadCost(load: {
  readonly syncMilliseconds: number;
  /** Runnable work for each processor; 1 is fully busy. */
  readonly processorLoad: number;
  /** 0 to 1. */
  readonly freeMemory: number;
}): number {
  const disk = Math.max(1, load.syncMilliseconds);
  const isShortOfMemory = load.freeMemory < 0.1;
  return disk * (1 + Math.max(0, load.processorLoad)) * (isShortOfMemory ? 2 : 1);
}

/** Better first: lower weight, then clearly lower cost, then the id, so that everybody orders alike. */
function compareAlone(a: Placed, b: Placed): number {
  return a.weight - b.weight || costClass(a) - costClass(b) || Number(a.id > b.id) - Number(a.id < b.id);
}

/** Costs of one order of magnitude are alike: what is measured varies from one second to the next. */
function costClass({ cost }: Placed): number {
  return cost === null ? 0 : Math.floor(Math.log2(Math.max(1, cost)) / 2);
}

function isMuchCheaper(a: Placed, b: Placed): boolean {
  if (a.cost === null || b.cost === null) return false;
  return a.cost * muchCheaperTimes < b.cost && b.cost - a.cost > muchCheaperMilliseconds;
}
