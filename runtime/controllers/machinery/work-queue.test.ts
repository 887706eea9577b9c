import fc from 'fast-check';
import t from 'tap';
import { fakeClock, settle } from '../testing/fake-clock.ts';
import { retryDelays } from './retry-delays.ts';
import { openWorkQueue } from './work-queue.ts';

t.test('retryDelays doubles from 5 ms to 1000 s, and begins anew after a success', async (t) => {
  const delays = retryDelays();
  // Far apart, so that the count of all together does not matter.
  const waits = Array.from({ length: 20 }, (_, index) => delays.next('a', index * 1e6));
  t.same(waits.slice(0, 5), [5, 10, 20, 40, 80]);
  t.equal(waits.at(-1), 1_000_000);
  t.equal(delays.next('b', 2e8), 5);
  delays.forget('a');
  t.equal(delays.next('a', 3e8), 5);
});

t.test('retryDelays lets a hundred go at once, and then ten in a second', async (t) => {
  const delays = retryDelays();
  const waits = Array.from({ length: 120 }, (_, index) => delays.next(`key-${index}`, 0));
  t.same(new Set(waits.slice(0, 100)), new Set([5]));
  t.equal(waits[101], 200);
  t.equal(waits[119], 2000);
  t.equal(delays.next('later', 60_000), 5);
});

t.test(
  'openWorkQueue works on a key that is added meanwhile once more, and never twice at a time',
  async (t) => {
    const { signal } = new AbortController();
    const ends: (() => void)[] = [];
    let atOnce = 0;
    let most = 0;
    let runs = 0;
    const work = async (): Promise<void> => {
      runs += 1;
      atOnce += 1;
      most = Math.max(most, atOnce);
      await new Promise<void>((resolve) => void ends.push(resolve));
      atOnce -= 1;
    };
    const queue = openWorkQueue({ clock: fakeClock(), workers: 3, work, onFailure: () => {}, signal });
    for (let times = 0; times < 5; times += 1) queue.add('a');
    await settle();
    t.equal(runs, 1);
    ends.shift()?.();
    await settle();
    t.equal(runs, 2);
    ends.shift()?.();
    await settle();
    t.equal(runs, 2);
    t.equal(most, 1);
    t.equal(queue.pending(), 0);
  },
);

t.test('openWorkQueue tries again what failed, later each time, until it succeeds', async (t) => {
  const { signal } = new AbortController();
  const clock = fakeClock();
  const attempts: number[] = [];
  const failures: number[] = [];
  const work = async (): Promise<void> => {
    attempts.push(clock.now());
    if (attempts.length < 4) throw new Error('not yet');
  };
  const onFailure = (_: string, __: unknown, milliseconds: number): void => void failures.push(milliseconds);
  const queue = openWorkQueue({ clock, workers: 1, work, onFailure, signal });
  queue.add('a');
  await clock.advance(1000);
  t.same(attempts, [0, 5, 15, 35]);
  t.same(failures, [5, 10, 20]);
});

t.test(
  'openWorkQueue keeps the earliest of several wishes to wait, and none after it is stopped',
  async (t) => {
    const stop = new AbortController();
    const clock = fakeClock();
    const worked: number[] = [];
    const work = async (): Promise<void> => void worked.push(clock.now());
    const queue = openWorkQueue({ clock, workers: 1, work, onFailure: () => {}, signal: stop.signal });
    queue.addAfter('a', 500);
    queue.addAfter('a', 100);
    queue.addAfter('a', 900);
    await clock.advance(2000);
    t.same(worked, [100]);
    queue.addAfter('a', 100);
    stop.abort();
    queue.add('a');
    queue.addAfter('b', 10);
    await clock.advance(2000);
    t.same(worked, [100]);
    t.equal(clock.timers(), 0);
  },
);

t.test('openWorkQueue loses no change, whatever the order and whatever fails', async (t) => {
  const step = fc.record({
    key: fc.constantFrom('a', 'b', 'c'),
    fails: fc.boolean(),
    turns: fc.integer({ min: 0, max: 3 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 30 }),
      fc.integer({ min: 1, max: 3 }),
      async (steps, workers) => {
        const { signal } = new AbortController();
        const clock = fakeClock();
        const wanted = new Map<string, number>();
        const done = new Map<string, number>();
        const busy = new Set<string>();
        let failing = steps.filter(({ fails }) => fails).length;
        const work = async (key: string): Promise<void> => {
          if (busy.has(key)) throw new Error('twice at a time');
          busy.add(key);
          const seen = wanted.get(key) as number;
          await new Promise((resolve) => setImmediate(resolve));
          busy.delete(key);
          failing -= 1;
          if (failing >= 0) throw new Error('a failure');
          done.set(key, seen);
        };
        const queue = openWorkQueue({ clock, workers, work, onFailure: () => {}, signal });
        for (const [index, { key, turns }] of steps.entries()) {
          wanted.set(key, index);
          queue.add(key);
          for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
        }
        await clock.advance(1e9);
        t.same(done, wanted);
      },
    ),
    { numRuns: 25 },
  );
});
