/** Short ways to write entries, terms and bases in tests. */
import type { Configuration, Entry, HardState, SnapshotMeta } from '../../../raft/types.ts';
import type { AppendBatch } from '../log-storage.ts';

/** Entries of one term from an index through another; `bytes` of data each. */
export function entries(from: number, through: number, term = 1, bytes = 8): Entry[] {
  return Array.from({ length: through - from + 1 }, (_, offset) => {
    const index = from + offset;
    return { index, term, kind: 'command', data: new Uint8Array(bytes).fill(index * 7 + term) } as Entry;
  });
}

export function hardState(term: number, vote: string | null = null): HardState {
  return { term, vote, commit: 0 } as HardState;
}

export function baseAt(index: number, term = 1): SnapshotMeta {
  const configuration = { voters: ['a', 'b'], outgoing: [], learners: [] } as unknown as Configuration;
  return { index, term, configuration } as SnapshotMeta;
}

export function batch(parts: Partial<AppendBatch>): AppendBatch {
  return { hardState: null, base: null, entries: [], ...parts };
}
