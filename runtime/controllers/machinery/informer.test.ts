import fc from 'fast-check';
import t, { type Test } from 'tap';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { ApiError } from '../../apiserver/status.ts';
import { createLog } from '../../logging/log.ts';
import type { ApiClient } from '../client/api-client.ts';
import { keyOf, resources } from '../client/places.ts';
import { eventually, openCluster } from '../testing/open-cluster.ts';
import { realClock } from './clock.ts';
import { openInformer } from './informer.ts';

const of = { ...resources.configMaps, namespace: '' };

function configMap(name: string, value: string): ApiObject {
  return { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name, namespace: 'd' }, data: { value } };
}

/** The state that a listener puts together; it sees at once what does not fit. */
function follower(t: Test) {
  const state = new Map<string, ApiObject>();
  const listener = ({ old, next }: { old: ApiObject | null; next: ApiObject | null }): void => {
    const key = keyOf((next ?? old) as ApiObject);
    const known = state.get(key) ?? null;
    if (known?.metadata.resourceVersion !== old?.metadata.resourceVersion)
      t.fail(`${key} was another before`);
    if (old !== null && next !== null) {
      const [before, after] = [Number(old.metadata.resourceVersion), Number(next.metadata.resourceVersion)];
      if (after <= before) t.fail(`${key} went back from ${before} to ${after}`);
    }
    if (next === null) state.delete(key);
    else state.set(key, next);
  };
  return { state, listener };
}

/** What breaks off lists and watches, in the middle, or says that the past is gone. */
function unreliable(client: ApiClient, random: () => number): ApiClient {
  return {
    ...client,
    list: async (what, options = {}) => {
      if (random() < 0.2) throw new ApiError('ServiceUnavailable', 'no leader');
      // Parts are small, and are read while others write.
      return client.list(what, { ...options, limit: 2 });
    },
    watch: async (what, options, onEvent, signal) => {
      if (random() < 0.3) throw new ApiError('Expired', 'too old resource version');
      const stop = new AbortController();
      const left = Math.floor(random() * 5);
      let count = 0;
      const counted: typeof onEvent = (event) => {
        if (stop.signal.aborted) return;
        onEvent(event);
        count += 1;
        if (count > left) stop.abort();
      };
      await client.watch(what, options, counted, AbortSignal.any([signal, stop.signal]));
    },
  };
}

t.test('openInformer ends with what there is, whatever breaks off in between', async (t) => {
  const { client } = await openCluster(t);
  const log = createLog(() => {});
  const step = fc.record({ name: fc.constantFrom('a', 'b', 'c', 'd', 'e'), removes: fc.boolean() });
  const property = fc.asyncProperty(
    fc.array(step, { minLength: 5, maxLength: 30 }),
    fc.array(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), { minLength: 40, maxLength: 40 }),
    async (steps, draws) => {
      const stop = new AbortController();
      let drawn = 0;
      // In the end nothing fails any more.
      const random = (): number => draws[drawn++] ?? 0.99;
      // Waits are short, so that much happens.
      const clock = { ...realClock, after: (_: number, run: () => void) => realClock.after(1, run) };
      const informer = openInformer({
        ...{ client: unreliable(client, random), of, clock, random: () => 0, log },
        signal: stop.signal,
      });
      const { state, listener } = follower(t);
      informer.listen(listener);
      for (const [index, { name, removes }] of steps.entries()) {
        const place = { ...resources.configMaps, namespace: 'd', name };
        if (removes) await client.remove(place).catch(() => {});
        else await client.patch(place, { kind: 'apply', body: configMap(name, String(index)), force: true });
      }
      const { items } = await client.list(of);
      const shown = (objects: Iterable<ApiObject>): readonly string[] =>
        [...objects].map((one) => `${keyOf(one)} ${one.metadata.uid} ${one.metadata.resourceVersion}`).sort();
      const expected = shown(items).join();
      await eventually('the same', async () => shown(informer.lister.all()).join() === expected);
      t.same(shown(state.values()).join(), expected);
      t.same(informer.lister.inNamespace('d').length, items.length);
      stop.abort();
    },
  );
  await fc.assert(property, { numRuns: 12 });
});

t.test(
  'openInformer tells a late listener what there is, and keeps what controllers do not read out of memory',
  async (t) => {
    const { client } = await openCluster(t);
    await client.create(resources.configMaps, {
      ...configMap('a', '1'),
      metadata: { name: 'a', namespace: 'd', labels: { x: 'y' }, finalizers: ['example.com/f'] },
    });
    const common = { client, clock: realClock, random: () => 0, log: createLog(() => {}) };
    const stop = new AbortController();
    t.teardown(() => stop.abort());
    const whole = openInformer({ ...common, of, signal: stop.signal });
    const partial = openInformer({ ...common, of: { ...of, metadataOnly: true }, signal: stop.signal });
    await Promise.all([whole.synced, partial.synced]);
    t.match(whole.lister.get('d', 'a'), {
      kind: 'ConfigMap',
      data: { value: '1' },
      metadata: { labels: { x: 'y' } },
    });
    t.notOk(whole.lister.get('d', 'a')?.metadata.managedFields);
    const bare = partial.lister.get('d', 'a');
    t.match(bare, { kind: 'PartialObjectMetadata', metadata: { finalizers: ['example.com/f'] } });
    t.notOk(bare?.metadata.labels ?? bare?.data);
    const seen: string[] = [];
    whole.listen(({ next }) => void seen.push(String(next?.metadata.name)));
    t.same(seen, ['a']);
  },
);
