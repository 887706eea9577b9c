/**
 * What the core does when its own rules are broken: stop, before a wrong state spreads to disk and peers.
 * Only mistakes of this program get here; messages of peers are checked in `validation.ts` and dropped.
 */

export class RaftInvariantError extends Error {
  override readonly name = 'RaftInvariantError';
  readonly code = 'invariant';
}

/** Throws RaftInvariantError unless the condition holds. */
export function invariant(condition: boolean, message: string): asserts condition {
  if (!condition) throw new RaftInvariantError(`Raft invariant broken: ${message}`);
}
