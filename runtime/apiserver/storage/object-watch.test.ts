import t, { type Test } from 'tap';
import { openSoloStore } from '../../datastore/testing/solo-store.ts';
import { type ApiObject, decodeFromStore } from '../objects/object-bytes.ts';
import { ObjectStore } from './object-store.ts';
import { watchObjects } from './object-watch.ts';
import type { ObjectEvent, Selects } from './watch-events.ts';
import { planWatch, type WatchOptions } from './watch-plan.ts';

const prefix = '/registry/configmaps/';

function configMap(name: string, app: string): ApiObject {
  return { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name, labels: { app } } };
}

const isWeb: Selects = (bytes) => /"app":"web"/.test(Buffer.from(bytes).toString());

/** Watches until the test ends. */
async function watching(
  t: Test,
  store: Parameters<typeof watchObjects>[0]['store'],
  startRevision: number,
  selects: Selects | null,
) {
  const stop = new AbortController();
  t.teardown(() => stop.abort());
  const seen: ObjectEvent[] = [];
  const started = Promise.withResolvers<() => number>();
  const ended = watchObjects(
    { store, prefix, startRevision, selects },
    { onStarted: started.resolve, onEvents: (events) => void seen.push(...events) },
    stop.signal,
  );
  ended.catch(started.reject);
  return { seen, ended, stop, through: await started.promise };
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries += 1) {
    if (tries > 3000) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** TYPE NAME APP */
function brief({ type, bytes, revision }: ObjectEvent): string {
  const { metadata } = decodeFromStore(bytes, revision);
  return `${type} ${metadata.name} ${metadata.labels?.app}`;
}

t.test('a watch tells what happens, to all and to those who select', async (t) => {
  const { store } = await openSoloStore(t, t.testdir());
  const objects = new ObjectStore({ store, prefix });
  const first = await objects.create('d/a', configMap('a', 'web'));
  const start = first?.revision ?? 0;
  const label = (app: string) =>
    objects.change('d/a', (now) => ({
      kind: 'store',
      object: { ...now, metadata: { ...now.metadata, labels: { app } } },
    }));
  const live = await watching(t, store, start, isWeb);
  await label('db');
  const back = await label('web');
  await objects.create('d/b', configMap('b', 'db'));
  await store.transact({
    success: [{ operation: 'put', key: Buffer.from('/registry/configmapsx'), value: Buffer.from('') }],
  });
  await objects.change('d/a', (now) => ({ kind: 'store', object: { ...now, data: { k: 'v' } } }));
  const gone = await objects.change('d/a', () => ({ kind: 'delete' }));
  await objects.change('d/b', () => ({ kind: 'delete' }));
  const all = await watching(t, store, start, null);
  await until(() => live.seen.length >= 5 && all.seen.length >= 7);
  t.same(live.seen.map(brief), [
    'ADDED a web',
    'DELETED a web',
    'ADDED a web',
    'MODIFIED a web',
    'DELETED a web',
  ]);
  t.equal(live.seen[2]?.revision, back?.object.revision);
  t.equal(live.seen[4]?.revision, gone?.object.revision, 'a deletion has the version of the deletion');
  t.same(all.seen.map(brief), [
    ...[
      'ADDED a web',
      'MODIFIED a db',
      'MODIFIED a web',
      'ADDED b db',
      'MODIFIED a web',
      'DELETED a web',
      'DELETED b db',
    ],
  ]);
  await until(() => live.through() >= (gone?.object.revision ?? 0));
  live.stop.abort();
  await live.ended;
});

t.test('a watch from what is not kept any more says so', async (t) => {
  const { store } = await openSoloStore(t, t.testdir());
  const objects = new ObjectStore({ store, prefix });
  const first = await objects.create('d/a', configMap('a', 'web'));
  const second = await objects.create('d/b', configMap('b', 'web'));
  await store.compact(second?.revision ?? 0);
  const { ended } = await watching(t, store, first?.revision ?? 0, null);
  await t.rejects(ended, {
    ...{ name: 'ApiError', code: 410, reason: 'Expired', message: /^too old resource version: \d+ \(\d+\)$/ },
  });
});

t.test('planWatch says where a watch begins, and what contradicts itself', async (t) => {
  const nothing: WatchOptions = {
    ...{ resourceVersion: '', resourceVersionMatch: '', sendInitialEvents: '', allowWatchBookmarks: false },
  };
  const plan = (given: Partial<WatchOptions>) => planWatch({ ...nothing, ...given });
  const initial = {
    resourceVersionMatch: 'NotOlderThan',
    sendInitialEvents: 'true',
    allowWatchBookmarks: true,
  } as const;
  t.same(plan({}), { kind: 'fromState', least: null, marksEnd: false });
  t.same(plan({ resourceVersion: '0' }), { kind: 'fromState', least: 0, marksEnd: false });
  t.same(plan({ resourceVersion: '7' }), { kind: 'after', revision: 7 });
  t.same(plan({ ...initial }), { kind: 'fromState', least: null, marksEnd: true });
  t.same(plan({ ...initial, resourceVersion: '7' }), { kind: 'fromState', least: 7, marksEnd: true });
  t.same(plan({ ...initial, sendInitialEvents: 'false' }), { kind: 'after', revision: null });
  t.throws(() => plan({ resourceVersionMatch: 'NotOlderThan' }), { code: 422 });
  t.throws(() => plan({ ...initial, resourceVersionMatch: 'Exact' }), { code: 422 });
  t.throws(() => plan({ ...initial, allowWatchBookmarks: false }), {
    code: 422,
    message: /allowWatchBookmarks/,
  });
  t.throws(() => plan({ resourceVersion: 'x' }), { code: 500 });
});
