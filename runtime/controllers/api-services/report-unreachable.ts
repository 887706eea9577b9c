/**
 * An APIService is not available from the moment on at which a request has not reached its server, instead of from the controller's
 * next look on. Every node does this for the requests that it hands on; the controller of the one that leads looks again by that.
 */
import { groups, type UserInfo } from '../../apiserver/authentication/user.ts';
import type { ApiServer } from '../../apiserver/http/api-server.ts';
import { listAt, stringAt } from '../../apiserver/objects/read-path.ts';
import type { Log } from '../../logging/log.ts';
import { type ApiClient, apiClient } from '../client/api-client.ts';
import { resources } from '../client/places.ts';
import { perform } from '../client/writes.ts';
import { type Clock, realClock, timeOf } from '../machinery/clock.ts';
import { failed, isRemote, planAvailability } from './plan-availability.ts';
import type { CheckApiService } from './run-api-services.ts';

export interface ReportOptions {
  readonly server: Pick<ApiServer, 'handleAs'>;
  readonly log: Log;
  readonly check: CheckApiService;
  /** Default: the machine's. */
  readonly clock?: Clock;
}

/** After an answer, so many milliseconds nobody asks again. */
const restMilliseconds = 5_000;

/** @returns to be called with the name of an APIService whose server was not reached; resolves when it is told */
export function reportUnreachable({ server, log, check, clock = realClock }: ReportOptions) {
  const client = apiClient({ server, user: reporter, userAgent: 'kube-aggregator/v1.32' });
  const asked = new Map<string, number>();
  return async (name: string): Promise<void> => {
    if (clock.now() - (asked.get(name) ?? -restMilliseconds) < restMilliseconds) return;
    asked.set(name, clock.now());
    try {
      await report(client, name, check, timeOf(clock.wallNow()));
    } catch (error) {
      log.debug({ name, error: String(error) }, 'it could not be told that an API service is not reached');
    }
  };
}

/** @throws ApiError */
async function report(client: ApiClient, name: string, check: CheckApiService, now: string): Promise<void> {
  const apiService = await client.find({ ...resources.apiServices, namespace: '', name });
  if (apiService === null || !isRemote(apiService)) return;
  const isAvailable = listAt(apiService, 'status', 'conditions').some(
    (one) => stringAt(one, 'type') === 'Available' && stringAt(one, 'status') === 'True',
  );
  const why = isAvailable ? await check(apiService) : null;
  if (why === null) return;
  const verdict = failed('FailedDiscoveryCheck', why);
  for (const write of planAvailability({ apiService, verdict, now })) await perform(client, write);
}

const reporter: UserInfo = {
  ...{ name: 'system:apiserver', uid: '', extra: {} },
  groups: [groups.masters, groups.authenticated],
};
