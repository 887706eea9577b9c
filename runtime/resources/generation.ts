/** Changes that count as what is wanted though they are in the metadata. Pure. */
import type { ObjectMeta } from '../apiserver/schemas/generated/types/meta-v1.ts';

interface WithMetadata {
  readonly metadata?: ObjectMeta | undefined;
}

/** The generation is one more than it was; a change of the spec, which counts by itself, does not make it two. */
export function withRaisedGeneration<T extends WithMetadata>(next: T, old: WithMetadata): T {
  const before = Number(old.metadata?.generation ?? 0);
  const generation = Math.min(before + 1, Number.MAX_SAFE_INTEGER);
  return { ...next, metadata: { ...next.metadata, generation } };
}
