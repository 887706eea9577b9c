/** Whether the server of a group-version answers: several ask at a time, and one answer is enough. */
import { aggregatorUser } from './remote-discovery.ts';
import type { RemoteService } from './remote-services.ts';
import type { ServiceCaller } from './service-caller.ts';

const attempts = 5;
const patienceMilliseconds = 5_000;

/** @returns why it cannot be asked, in the real server's words; null: it can */
export async function checkService(caller: ServiceCaller, service: RemoteService): Promise<string | null> {
  const { group, version, namespace, name, port } = service;
  const url = `https://${name}.${namespace}.svc:${port}/apis/${group}/${version}`;
  const over = new AbortController();
  try {
    await Promise.any(Array.from({ length: attempts }, () => askOnce(caller, service, url, over.signal)));
    return null;
  } catch (error) {
    const [first] = error instanceof AggregateError ? (error.errors as readonly Error[]) : [error as Error];
    return `failing or missing response from ${url}: ${first?.message ?? ''}`;
  } finally {
    over.abort();
  }
}

async function askOnce(
  caller: ServiceCaller,
  service: RemoteService,
  url: string,
  over: AbortSignal,
): Promise<void> {
  const late = AbortSignal.timeout(patienceMilliseconds);
  const request = {
    ...{ method: 'GET', path: new URL(url).pathname, user: aggregatorUser },
    headers: ['Accept', 'application/json'],
    signal: AbortSignal.any([over, late]),
  };
  try {
    const answer = await caller.call(service, request);
    const { statusCode = 0 } = answer.resume();
    if (statusCode >= 200 && statusCode < 300) return;
    throw new Error(`bad status from ${url}: ${statusCode}`);
  } catch (error) {
    throw late.aborted ? new Error(`Get "${url}": context deadline exceeded`) : error;
  }
}
