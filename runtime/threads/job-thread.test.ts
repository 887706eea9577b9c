import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import t, { type Test } from 'tap';
import { JobThread } from './job-thread.ts';
import type { jobs } from './testing/thread.ts';

/** A job thread for a test, and the threads that it has started. */
function open(t: Test, restMilliseconds: number | null) {
  const started: Worker[] = [];
  const start = (): Worker => {
    const worker = new Worker(new URL('./testing/thread.ts', import.meta.url));
    started.push(worker);
    return worker;
  };
  const thread = new JobThread<typeof jobs>({ title: 'the thread', start, restMilliseconds });
  t.teardown(() => thread.close());
  return { thread, started };
}

t.test('JobThread starts its thread for the first job and answers one after the other', async (t) => {
  const { thread, started } = open(t, null);
  t.equal(started.length, 0);
  const answers = await Promise.all([thread.run('wait', 100), thread.run('wait', 0), thread.run('wait', 10)]);
  t.same(
    answers.map(({ done }) => done),
    [1, 2, 3],
    'also where a later one takes less time',
  );
  t.equal(started.length, 1);
});

t.test('JobThread rejects with the message of a job that fails, and goes on', async (t) => {
  const { thread, started } = open(t, null);
  const [failed, next] = await Promise.allSettled([
    thread.run('fail', 'no such file'),
    thread.run('wait', 0),
  ]);
  t.match(failed, { status: 'rejected', reason: new Error('no such file') });
  t.match(next, { status: 'fulfilled', value: { done: 1 } });
  await t.rejects(thread.run('dance' as 'fail', ''), { message: 'This thread knows no job "dance".' });
  t.equal(started.length, 1);
});

t.test('JobThread ends a thread that rests, and starts another when there is something to do', async (t) => {
  const { thread, started } = open(t, 50);
  const first = await thread.run('wait', 0);
  const during = thread.run('wait', 200);
  await during;
  t.equal(started.length, 1, 'a job that takes longer than the rest is waited for');
  await once(started[0]!, 'exit');
  const second = await thread.run('wait', 0);
  t.equal(started.length, 2);
  t.not(second.threadId, first.threadId);
  t.equal(second.done, 1, 'nothing is left of the first');
});

t.test('JobThread rejects what a thread that has ended was asked, and starts another', async (t) => {
  const { thread, started } = open(t, null);
  const asked = [thread.run('die'), thread.run('wait', 0)];
  for (const outcome of await Promise.allSettled(asked))
    t.match(outcome, { status: 'rejected', reason: new Error('the thread ended') });
  t.match(await thread.run('wait', 0), { done: 1 });
  t.equal(started.length, 2);
});

t.test('JobThread.close ends the thread with what it is doing', async (t) => {
  const { thread, started } = open(t, 10);
  const asked = thread.run('wait', 60_000);
  const ended = once(started[0]!, 'exit');
  await Promise.all([t.rejects(asked, { message: 'the thread ended' }), thread.close(), ended]);
  await t.rejects(thread.run('wait', 0), { message: 'the thread was ended' });
  t.equal(started.length, 1);
});
