import t from 'tap';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { ApiError } from '../../apiserver/status.ts';
import { createLog } from '../../logging/log.ts';
import { fakeClock, settle } from '../testing/fake-clock.ts';
import { runController } from './controller.ts';
import type { Change, Informer } from './informer.ts';
import { objectIndex } from './object-index.ts';

function testInformer() {
  const { lister } = objectIndex();
  const listeners: ((change: Change) => void)[] = [];
  const { promise: synced, resolve: finish } = Promise.withResolvers<void>();
  const informer: Informer = {
    ...{ lister, synced, hasSynced: () => true },
    listen: (listener) => void listeners.push(listener),
  };
  const tell = (old: ApiObject | null, next: ApiObject | null): void => {
    for (const listener of listeners) listener({ old, next });
  };
  return { informer, finish, tell };
}

const object = (name: string, owner: string): ApiObject => ({
  ...{ kind: 'K', apiVersion: 'v1', metadata: { name, labels: { owner } } },
});
const keysOf = ({ metadata }: ApiObject): readonly string[] => [metadata.labels?.owner ?? ''];

function setup() {
  const lines: string[] = [];
  const log = createLog((line) => void lines.push(line), 'info');
  const clock = fakeClock();
  const stop = new AbortController();
  return { ...testInformer(), lines, clock, stop, surroundings: { clock, log, signal: stop.signal } };
}

t.test(
  'runController waits until all is known, then looks at what an object was for and is for',
  async (t) => {
    const { informer, finish, tell, surroundings } = setup();
    const looked: string[] = [];
    const observe = (key: string): string => {
      looked.push(key);
      return key;
    };
    runController(
      { name: 'c', sources: [{ informer, keysOf }], observe, plan: () => [], act: async () => {} },
      surroundings,
    );
    tell(object('a', 'x'), object('a', 'y'));
    await settle();
    t.same(looked, []);
    finish();
    await settle();
    t.same(looked, ['x', 'y']);
  },
);

t.test('runController tries again what failed, says so, and leaves out what comes after it', async (t) => {
  const { informer, finish, tell, surroundings, clock, lines } = setup();
  const acted: string[] = [];
  let failures: unknown[] = [new Error('a fault'), new ApiError('Conflict', 'somebody was quicker')];
  const act = async (action: string): Promise<void> => {
    const failure = action === 'second' ? failures.shift() : undefined;
    if (failure !== undefined) throw failure;
    acted.push(action);
  };
  const plan = (): readonly string[] => ['first', 'second', 'third'];
  runController(
    { name: 'c', sources: [{ informer, keysOf }], observe: (key) => key, plan, act },
    surroundings,
  );
  finish();
  tell(null, object('a', 'x'));
  await clock.advance(1000);
  t.same(acted, ['first', 'first', 'first', 'second', 'third']);
  t.equal(lines.length, 1, 'a conflict is no news');
  t.match(lines[0], /warning: a controller could not do its work, and tries again controller=c key=x/);
  failures = [];
});

t.test(
  'runController looks again when it was asked to, and at all from time to time, until it is stopped',
  async (t) => {
    const { informer, finish, surroundings, clock, stop } = setup();
    const looked: string[] = [];
    const observe = (key: string): string => {
      looked.push(`${key} ${clock.now()}`);
      return key;
    };
    runController(
      {
        ...{ name: 'c', sources: [{ informer, keysOf }], observe, plan: () => [], act: async () => {} },
        againAfter: (key) => (key === 'soon' ? 400 : null),
        regularly: { keys: () => ['soon', 'never'], everyMilliseconds: 1000 },
      },
      surroundings,
    );
    finish();
    await clock.advance(1000);
    t.same(looked, ['soon 0', 'never 0', 'soon 400', 'soon 800', 'soon 1000', 'never 1000']);
    stop.abort();
    await clock.advance(10_000);
    t.equal(looked.length, 6);
    t.equal(clock.timers(), 0);
  },
);
