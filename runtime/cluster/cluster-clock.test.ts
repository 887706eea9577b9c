import t from 'tap';
import type { StateView } from '../datastore/state-machine/reading.ts';
import type { Store } from '../datastore/store.ts';
import { ClusterClock } from './cluster-clock.ts';
import { encodeClock, encodeToken, type StoredToken } from './enrolment-records.ts';
import { hasLiveTokens } from './tokens.ts';

/** A datastore that holds the cluster's clock alone; `writes` is how often that was stored. */
function makeStore(seconds: number) {
  const held = { value: encodeClock(seconds), writes: 0 };
  const view = { get: () => held } as unknown as StateView;
  const transact = async ({ success }: { success: readonly { value: Uint8Array }[] }) => {
    held.value = success[0]!.value;
    held.writes += 1;
  };
  return { held, view, store: { transact } as unknown as Store };
}

t.test('ClusterClock stores the time often only while something is to expire, and asks seldom', async (t) => {
  for (const isNeeded of [false, true]) {
    const { held, view, store } = makeStore(1_000);
    const asked: number[] = [];
    const clock = new ClusterClock({
      view: () => view,
      store,
      isNeeded: (now) => {
        asked.push(now);
        return isNeeded;
      },
    });
    clock.hear(1_010);
    await clock.keep();
    t.same(asked, [], 'too early');
    clock.hear(1_100);
    await clock.keep();
    await clock.keep();
    t.same(asked, [1_100], 'by the time of now');
    t.equal(held.writes, isNeeded ? 1 : 0);
    clock.hear(1_700);
    await clock.keep();
    t.equal(held.writes, isNeeded ? 2 : 1, 'after ten minutes in any case');
    t.same(held.value, encodeClock(1_700));
  }
});

t.test('hasLiveTokens counts no token that was used or has expired', async (t) => {
  const token: StoredToken = {
    ...{ id: '01234567', sealedKey: '', expiresAt: 500, spareOnly: false, usedBy: null },
  };
  const used = { ...token, usedBy: '0011223344556677' as StoredToken['usedBy'] };
  const holding = (...tokens: StoredToken[]) =>
    ({ items: () => tokens.map((each) => ({ value: encodeToken(each) })) }) as unknown as StateView;
  t.equal(hasLiveTokens(holding(used, token), 500), true);
  t.equal(hasLiveTokens(holding(used, token), 501), false);
  t.equal(hasLiveTokens(holding(used), 1), false);
});
