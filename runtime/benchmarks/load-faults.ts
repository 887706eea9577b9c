/** The client's part of faults and watches: what it sees of a leader that dies, and when watchers see a write. */
import { setTimeout as sleep } from 'node:timers/promises';
import { toNumber } from '../datastore/etcd/numbers.ts';
import { ascending, Caller, type Job, keyOf, type Measured, put, watch } from './load-jobs.ts';

const writeEveryMilliseconds = 10;
const attemptLimitMilliseconds = 3_000;
const steadySuccesses = 20;
const faultLimitMilliseconds = 30_000;

/**
 * Writes to the survivors every 10 ms, each in turn, waiting for none of them; sends the signal; goes on until writes
 * succeed steadily again. The longest time between two successes is what users would have seen.
 */
export async function fault(job: Extract<Job, { kind: 'fault' }>): Promise<Measured> {
  const callers = job.endpoints.map((endpoint) => new Caller(endpoint, 1));
  const successes: number[] = [];
  let next = 0;
  let stopped = false;
  const write = (): void => {
    const caller = callers[next++ % callers.length]!;
    const request = { key: keyOf(next), value: Buffer.from(String(next)) };
    caller.call(put, request, attemptLimitMilliseconds).then(
      () => successes.push(performance.now()),
      () => {},
    );
  };
  const timer = setInterval(write, writeEveryMilliseconds);
  try {
    while (successes.length < steadySuccesses) await sleep(10);
    const startedAt = performance.now();
    process.kill(job.pid, job.signal);
    // A process that is asked to stop may serve for a while; the gap comes when it goes.
    for (;;) {
      await sleep(20);
      const after = successes.filter((at) => at > startedAt);
      const gone = !isAlive(job.pid);
      const settled = after.length >= steadySuccesses && performance.now() - startedAt > 1_000;
      if (gone && settled && isSteady(after)) break;
      if (performance.now() - startedAt > faultLimitMilliseconds)
        throw new Error('no write succeeded for 30 s');
    }
    stopped = true;
    const points = [startedAt, ...successes.filter((at) => at > startedAt)];
    const gaps = points.slice(1).map((at, index) => at - points[index]!);
    return {
      latencies: [],
      elapsedMilliseconds: performance.now() - startedAt,
      longestGap: Math.max(...gaps),
    };
  } finally {
    clearInterval(timer);
    if (stopped) await sleep(50);
    for (const caller of callers) caller.close();
  }
}

/** The last successes came as often as writes were sent. */
function isSteady(successes: readonly number[]): boolean {
  const last = successes.slice(-steadySuccesses);
  return performance.now() - last[0]! < steadySuccesses * writeEveryMilliseconds * 3;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const watchesPerStream = 100;

/** From the start of a write until the last of all watchers has seen it; once for every write. */
export async function watchFanOut(job: Extract<Job, { kind: 'watch' }>): Promise<Measured> {
  const callers: Caller[] = [];
  const key = Buffer.from('bench-watch');
  let seen = 0;
  let created = 0;
  let onAll: () => void = () => {};
  for (let first = 0; first < job.watchers; first += watchesPerStream) {
    // Streams are spread over the members, as clients would be.
    const caller = new Caller(job.endpoints[callers.length % job.endpoints.length]!, 1);
    callers.push(caller);
    const stream = caller.stream(watch);
    stream.on('error', () => {});
    stream.on('data', (response) => {
      if (response.created) created += 1;
      seen += response.events.length;
      if (seen >= job.watchers) onAll();
    });
    const count = Math.min(watchesPerStream, job.watchers - first);
    for (let index = 0; index < count; index += 1) stream.write({ createRequest: { key } });
  }
  while (created < job.watchers) await sleep(10);
  const writer = new Caller(job.endpoints[0]!, 1);
  const latencies: number[] = [];
  const startedAt = performance.now();
  for (let index = 0; index < job.puts; index += 1) {
    const all = new Promise<void>((resolve) => {
      onAll = resolve;
    });
    seen = 0;
    const before = performance.now();
    const answer = await writer.call(put, { key, value: Buffer.from(String(index)) });
    if (toNumber(answer.header!.revision) === 0) throw new Error('a write without a revision');
    await all;
    latencies.push(performance.now() - before);
  }
  const elapsedMilliseconds = performance.now() - startedAt;
  for (const caller of [...callers, writer]) caller.close();
  return { latencies: latencies.sort(ascending), elapsedMilliseconds };
}
