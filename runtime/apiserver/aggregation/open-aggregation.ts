/**
 * Group-versions that other servers answer: which they are, what they have, and their requests handed on. What this server has built
 * in it answers itself, whatever an APIService says. (k8s.io/kube-aggregator)
 */
import type { Store } from '../../datastore/store.ts';
import type { UserInfo } from '../authentication/user.ts';
import type { HttpAnswer, HttpRequest } from '../http/exchange.ts';
import { proxyRequest } from './proxy.ts';
import { openRemoteDiscovery, type RemoteVersion } from './remote-discovery.ts';
import { followRemoteServices, type RemoteService } from './remote-services.ts';
import { openServiceCaller, type ServiceCaller, type ServiceCallerOptions } from './service-caller.ts';
import { type WholeSwagger, wholeSwagger } from './whole-swagger.ts';

export interface Aggregation {
  /** Null: the path belongs to no other server. The client has been allowed it. @throws ApiError */
  readonly serve: (request: HttpRequest, user: UserInfo) => Promise<HttpAnswer> | null;
  /** Whether a connection for this path may become one of another protocol. */
  readonly upgrades: (path: string) => boolean;
  /** What to tell of the others. */
  readonly versions: () => readonly RemoteVersion[];
  readonly swagger: WholeSwagger;
  readonly caller: ServiceCaller;
  readonly close: () => void;
}

export interface AggregationOptions extends ServiceCallerOptions {
  readonly store: Store;
  /** Whether this server answers it, whoever else would. */
  readonly isBuiltIn: (group: string, version: string) => boolean;
  /** Called where a request has not reached the server of an APIService of this name. */
  readonly onUnreachable?: (name: string) => void;
}

export function openAggregation(options: AggregationOptions): Aggregation {
  const caller = openServiceCaller(options);
  const services = followRemoteServices(options.store, () => discovery.changed());
  const others = (): readonly RemoteService[] =>
    services.all().filter(({ group, version }) => !options.isBuiltIn(group, version));
  const discovery = openRemoteDiscovery({ services: { all: others }, caller });
  const serviceOf = (path: string): RemoteService | null => {
    const named = groupVersionOf(path);
    const service = named === null ? null : services.of(...named);
    return service === null || options.isBuiltIn(service.group, service.version) ? null : service;
  };
  return {
    caller,
    serve: (request, user) => {
      const service = serviceOf(request.path);
      if (service === null) return null;
      const onUnreachable = (): void => options.onUnreachable?.(`${service.version}.${service.group}`);
      return proxyRequest({ caller, onUnreachable }, service, user, request);
    },
    upgrades: (path) => serviceOf(path) !== null,
    versions: discovery.versions,
    swagger: wholeSwagger(discovery.versions),
    close: () => {
      services.close();
      discovery.close();
      caller.close();
    },
  };
}

/** `/apis/GROUP/VERSION…` and `/openapi/v3/apis/GROUP/VERSION`. */
function groupVersionOf(path: string): [group: string, version: string] | null {
  const parts = path.split('/').filter((part) => part !== '');
  const below = parts[0] === 'openapi' && parts[1] === 'v3' ? parts.slice(2) : parts;
  const [root, group, version] = below;
  return root === 'apis' && group !== undefined && version !== undefined ? [group, version] : null;
}
