/**
 * What discovery yields: places where a machine of the cluster may be. A hint is anybody's word. It makes a node knock at
 * a door; who opens has to prove the secret (`forming.ts`) or its identity (`peer-finder.ts`).
 */
import type { Endpoint } from '../../peers/dial.ts';
import type { NodeId } from '../../raft/types.ts';

/**
 * Where a hint comes from, the surest last: heard on the link, looked up in DNS, said by a machine that proved the secret,
 * named in the configuration.
 */
export type HintOrigin = 'heard' | 'lookedUp' | 'proved' | 'configured';

export interface Hint {
  readonly endpoint: Endpoint;
  /** Who is said to be there; null when nothing is said. */
  readonly id: NodeId | null;
  readonly origin: HintOrigin;
}

/** A source that runs: multicast DNS, names. */
export interface HintSource {
  /** Look often, while this node misses somebody; else seldom. */
  setEager(eager: boolean): void;
  /** What keeps it from finding anything, as sentences for a person. */
  problems(): readonly string[];
  close(): void;
}

/** Starts a source. It may call `onHint` at any time until it is closed, and calls it again for what is still true. */
export type StartHintSource = (onHint: (hint: Hint) => void) => HintSource;
