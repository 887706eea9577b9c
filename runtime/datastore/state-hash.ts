/** The checksum of all key versions at a revision, made in steps so that nothing else waits for it. */
import { type Clock, pause } from './clock.ts';
import type { StateMachine } from './state-machine/state-machine.ts';
import { StoreError, type StoreHash } from './store.ts';

const rowsInAStep = 500;

/** The checksum at `revision`, 0 for the newest. `machine` gives the present one: a snapshot may put another in its place. */
export async function hashInSteps(
  machine: () => StateMachine,
  revision: number,
  clock: Clock,
): Promise<StoreHash> {
  for (;;) {
    const hashed = machine();
    const newest = hashed.view.number('revision');
    const oldest = hashed.view.number('compactedRevision');
    if (revision > newest) throw new StoreError('future', `revision ${revision} is in the future`, newest);
    if (revision > 0 && revision < oldest)
      throw new StoreError('compacted', `revision ${revision} is compacted`, oldest);
    const hashing = hashed.hashing(revision === 0 ? newest : revision);
    // A compaction, or another state in its place, changes what there is to read: then it begins anew.
    const isSame = (): boolean =>
      machine() === hashed && hashed.view.number('compactedRevision') === hashing.compactedRevision;
    let hash = hashing.step(rowsInAStep);
    while (hash === null && isSame()) {
      await pause(clock, 1);
      if (isSame()) hash = hashing.step(rowsInAStep);
    }
    if (hash !== null && isSame())
      return { hash, revision: hashing.revision, compactedRevision: hashing.compactedRevision };
  }
}
