import t from 'tap';
import type { Change } from './state-machine/model.ts';
import type { LiveChanges, StoreCore } from './store-core.ts';
import { WatchHub } from './watch-hub.ts';

const change = (modifyRevision: number): Change => ({
  ...{ type: 'put', key: new Uint8Array([107]), value: new Uint8Array(), createRevision: 1 },
  ...{ modifyRevision, version: 1, lease: 0 },
});

t.test(
  'WatchHub waits while the state here is behind what the stream has told, and misses nothing',
  async (t) => {
    let hear: (live: LiveChanges) => void = () => {};
    let reads = 0;
    const core: Pick<StoreCore, 'revision' | 'changes' | 'listen'> = {
      revision: async () => 100,
      // The node became a replica anew: its state has only got to revision 5.
      changes: async () => {
        reads += 1;
        return { kind: 'changes', changes: [], through: 5 };
      },
      listen: (_, listener) => {
        hear = listener;
        listener({ changes: [], since: 100, through: 100, gap: false });
        return () => {};
      },
    };
    const told: number[] = [];
    const abort = new AbortController();
    const request = { key: new Uint8Array([1]), end: new Uint8Array([255]), startRevision: 50 };
    const onBatch = ({ changes }: { changes: readonly Change[] }): void => {
      told.push(...changes.map(({ modifyRevision }) => modifyRevision));
    };
    const watching = new WatchHub(core as StoreCore).watch(
      request,
      { onStarted: () => {}, onBatch },
      abort.signal,
    );
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    await turn();
    t.ok(reads < 5, `it asked ${reads} times`);
    hear({ changes: [], since: 5, through: 5, gap: true });
    await turn();
    hear({ changes: [change(49), change(50), change(51)], since: 5, through: 51, gap: false });
    await turn();
    hear({ changes: [change(52)], since: 51, through: 52, gap: false });
    await turn();
    t.same(told, [50, 51, 52]);
    abort.abort();
    await watching;
  },
);
