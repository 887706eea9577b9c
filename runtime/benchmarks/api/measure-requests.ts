/** How many requests a server answers, and how long each takes. */
import { percentile } from '../statistics.ts';
import type { ApiConnection } from './api-client.ts';

export interface RequestFigures {
  readonly perSecond: number;
  /** Milliseconds. */
  readonly median: number;
  readonly p99: number;
}

/** @param inFlight requests at a time, each the next as soon as it is answered. @throws Error for an answer that is no success */
export async function measureRequests(
  connection: ApiConnection,
  inFlight: number,
  milliseconds: number,
  request: (number: number) => { readonly method: string; readonly path: string; readonly body?: Uint8Array },
): Promise<RequestFigures> {
  const taken: number[] = [];
  const startedAt = performance.now();
  const endAt = startedAt + milliseconds;
  let next = 0;
  const work = async (): Promise<void> => {
    while (performance.now() < endAt) {
      const { method, path, body } = request(next++);
      const before = performance.now();
      const { code, body: said } = await connection.ask(method, path, body);
      if (code >= 300) throw new Error(`${method} ${path}: ${code} ${said.toString().slice(0, 300)}`);
      taken.push(performance.now() - before);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, work));
  const seconds = (performance.now() - startedAt) / 1000;
  taken.sort((a, b) => a - b);
  return { perSecond: taken.length / seconds, median: percentile(taken, 0.5), p99: percentile(taken, 0.99) };
}
