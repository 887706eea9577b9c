/** How long a change takes to all who watch. */
import { percentile } from '../statistics.ts';
import { ApiConnection, type ApiTarget } from './api-client.ts';

export interface FanOutFigures {
  /** Milliseconds from the write's beginning until the last watcher has it. */
  readonly median: number;
  readonly p99: number;
}

/** As many as one connection may have open, with room for the writes. */
const watchesPerConnection = 200;

export interface OpenWatches {
  /** Events that all of them have got. */
  readonly told: () => number;
  readonly close: () => void;
}

export async function openWatches(target: ApiTarget, count: number, path: string): Promise<OpenWatches> {
  let told = 0;
  const connections = Array.from(
    { length: Math.ceil(count / watchesPerConnection) },
    () => new ApiConnection(target),
  );
  for (let opened = 0; opened < count; opened += 100) {
    const batch = Math.min(100, count - opened);
    await Promise.all(
      Array.from({ length: batch }, (_, index) => {
        const connection = connections[Math.floor((opened + index) / watchesPerConnection)] as ApiConnection;
        return connection.watch(path, (events) => {
          told += events;
        });
      }),
    );
  }
  const close = (): void => {
    for (const connection of connections) connection.close();
  };
  return { told: () => told, close };
}

/** @param write makes one change; @param count of watchers that are told of it */
export async function measureFanOut(
  watches: OpenWatches,
  count: number,
  rounds: number,
  write: (round: number) => Promise<void>,
): Promise<FanOutFigures> {
  const taken: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const wanted = watches.told() + count;
    const before = performance.now();
    await write(round);
    while (watches.told() < wanted) {
      if (performance.now() - before > 60_000)
        throw new Error(`${wanted - watches.told()} of ${count} watchers were not told`);
      await new Promise((resolve) => setImmediate(resolve));
    }
    taken.push(performance.now() - before);
  }
  taken.sort((a, b) => a - b);
  return { median: percentile(taken, 0.5), p99: percentile(taken, 0.99) };
}
