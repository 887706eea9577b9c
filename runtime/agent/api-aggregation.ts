/** API groups that other servers answer, as this node reaches them, and what those have to know of it. */
import { checkService } from '../apiserver/aggregation/check-service.ts';
import { type Aggregation, openAggregation } from '../apiserver/aggregation/open-aggregation.ts';
import { readRemoteService } from '../apiserver/aggregation/remote-services.ts';
import type { Kinds } from '../apiserver/handlers/kinds.ts';
import { builtInGroupVersions } from '../apiserver/resources/built-in.ts';
import { type ApiKeys, proxyName } from '../cluster/api-keys.ts';
import type { ControllersOptions } from '../controllers/start-controllers.ts';
import type { Store } from '../datastore/store.ts';
import type { Credentials } from '../peers/trust.ts';
import { resolveServices } from './service-addresses.ts';

export interface ApiAggregationOptions {
  readonly store: Store;
  readonly kinds: Kinds;
  readonly keys: () => ApiKeys;
  readonly credentials: () => Credentials;
  readonly onUnreachable: (name: string) => void;
}

export interface ApiAggregation extends Aggregation {
  readonly forControllers: Required<Pick<ControllersOptions, 'checkApiService' | 'extensionAuthentication'>>;
}

export function openApiAggregation({
  store,
  kinds,
  keys,
  credentials,
  onUnreachable,
}: ApiAggregationOptions): ApiAggregation {
  const aggregation = openAggregation({
    ...{ store, resolve: resolveServices(kinds), identity: () => keys().frontProxy ?? null },
    onUnreachable,
    isBuiltIn: (group, version) =>
      builtInGroupVersions.some((one) => one.group === group && one.version === version),
  });
  return {
    ...aggregation,
    forControllers: {
      checkApiService: async (apiService) => {
        const service = readRemoteService(apiService);
        return service === null ? null : await checkService(aggregation.caller, service);
      },
      extensionAuthentication: () => {
        const proxyAuthority = keys().frontProxy?.authority;
        const clientAuthorities = credentials().caCertificate;
        return proxyAuthority === undefined
          ? null
          : { clientAuthorities, proxyAuthority, proxyNames: [proxyName] };
      },
    },
  };
}
