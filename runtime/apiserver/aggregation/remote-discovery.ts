/**
 * What the servers of other group-versions have, as this server tells it in its own discovery: asked when their APIService changes
 * and from time to time; what was known last is told, as stale, while they do not answer.
 * (k8s.io/kube-aggregator/pkg/apiserver/handler_discovery.go)
 */
import { isDeepStrictEqual } from 'node:util';
import type { UserInfo } from '../authentication/user.ts';
import { groups } from '../authentication/user.ts';
import { parseJson } from '../objects/json-text.ts';
import { listAt, objectAt, stringAt } from '../objects/read-path.ts';
import { readAnswer } from '../outgoing/read-answer.ts';
import { belowPath, type Swagger } from './merge-swagger.ts';
import { readPlainResources } from './plain-resources.ts';
import type { RemoteService, RemoteServices } from './remote-services.ts';
import type { ServiceCaller } from './service-caller.ts';

/** What is told of one. */
export interface RemoteVersion {
  readonly service: RemoteService;
  /** As `APIResourceDiscovery`. */
  readonly resources: readonly object[];
  readonly freshness: 'Current' | 'Stale';
  /** Where its OpenAPI is, below this server; '' where it has none. */
  readonly openApiUrl: string;
  /** Its OpenAPI v2, as far as it is about this group-version; null: it has told none. */
  readonly swagger: Swagger | null;
}

export interface RemoteDiscovery {
  readonly versions: () => readonly RemoteVersion[];
  /** To be called when the APIServices are others. */
  readonly changed: () => void;
  readonly close: () => void;
}

export interface RemoteDiscoveryOptions {
  readonly services: Pick<RemoteServices, 'all'>;
  readonly caller: ServiceCaller;
}

/** Reads what the others have. */
export const aggregatorUser: UserInfo = {
  ...{ name: 'system:kube-aggregator', uid: '', extra: {} },
  groups: [groups.masters],
};

const everyMilliseconds = 60_000;
const afterFailureMilliseconds = 5_000;
const patienceMilliseconds = 5_000;
const mostBytes = 8 * 1024 * 1024;

interface Known {
  readonly fingerprint: string;
  resources: readonly object[];
  openApiUrl: string;
  swagger: Swagger | null;
  freshness: 'Current' | 'Stale';
  timer: NodeJS.Timeout | undefined;
  readonly stop: AbortController;
}

export function openRemoteDiscovery({ services, caller }: RemoteDiscoveryOptions): RemoteDiscovery {
  const known = new Map<string, Known>();
  const look = async (service: RemoteService, entry: Known): Promise<void> => {
    const found = await ask(caller, service, entry).catch(() => null);
    if (entry.stop.signal.aborted) return;
    if (found === null) entry.freshness = 'Stale';
    else Object.assign(entry, found, { freshness: 'Current' });
    const pause = found === null ? afterFailureMilliseconds : everyMilliseconds;
    entry.timer = setTimeout(() => void look(service, entry), pause);
  };
  const forget = (name: string): Known | undefined => {
    const entry = known.get(name);
    entry?.stop.abort();
    clearTimeout(entry?.timer);
    known.delete(name);
    return entry;
  };
  return {
    versions: () =>
      services.all().map((service) => {
        const entry = known.get(nameOf(service));
        const { resources = [], freshness = 'Stale' as const, openApiUrl = '', swagger = null } = entry ?? {};
        return { service, resources, freshness, openApiUrl, swagger };
      }),
    changed: () => {
      const wanted = new Map(services.all().map((service) => [nameOf(service), service]));
      for (const name of [...known.keys()]) if (!wanted.has(name)) forget(name);
      for (const [name, service] of wanted) {
        const fingerprint = JSON.stringify(service);
        if (known.get(name)?.fingerprint === fingerprint) continue;
        const old = forget(name);
        const entry: Known = {
          ...{ fingerprint, resources: old?.resources ?? [], openApiUrl: old?.openApiUrl ?? '' },
          swagger: old?.swagger ?? null,
          ...{ freshness: 'Stale', timer: undefined, stop: new AbortController() },
        };
        known.set(name, entry);
        void look(service, entry);
      }
    },
    close: () => {
      for (const name of [...known.keys()]) forget(name);
    },
  };
}

function nameOf({ group, version }: RemoteService): string {
  return `${version}.${group}`;
}

const aggregatedAccept = [
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
  'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList;q=0.9',
  'application/json;q=0.8',
].join(',');

/** Rejects where it does not say what it has. */
async function ask(
  caller: ServiceCaller,
  service: RemoteService,
  { stop: { signal: stop }, swagger: known }: Known,
) {
  const read = async (path: string, accept: string): Promise<unknown> => {
    const signal = AbortSignal.any([stop, AbortSignal.timeout(patienceMilliseconds)]);
    const headers = ['Accept', accept];
    const request = { method: 'GET', path, headers, user: aggregatorUser, signal };
    const response = await caller.call(service, request);
    const text = (await readAnswer(response, mostBytes)).toString('utf8');
    if (response.statusCode !== 200)
      throw new Error(`${path} was answered with the code ${response.statusCode}`);
    return parseJson(text);
  };
  const { group, version } = service;
  const resources =
    (await read('/apis', aggregatedAccept).then(
      (document) => aggregatedResources(document, service),
      () => null,
    )) ?? readPlainResources(await read(`/apis/${group}/${version}`, 'application/json'), group, version);
  const openApi = await read('/openapi/v3', 'application/json').catch(() => null);
  const openApiUrl = stringAt(openApi, 'paths', `apis/${group}/${version}`, 'serverRelativeURL');
  const document = await read('/openapi/v2', 'application/json').catch(() => null);
  const swagger = document === null ? null : belowPath(document, `/apis/${group}/${version}/`);
  // The same one is the same thing, so that nothing is made of it anew.
  const isKnown = known !== null && swagger !== null && isDeepStrictEqual(swagger, known);
  return { resources, openApiUrl, swagger: isKnown ? known : swagger };
}

/** Null where it does not tell all at once. */
function aggregatedResources(document: unknown, { group, version }: RemoteService): readonly object[] | null {
  if (stringAt(document, 'kind') !== 'APIGroupDiscoveryList') return null;
  const found = listAt(document, 'items').find((item) => stringAt(item, 'metadata', 'name') === group);
  const own = listAt(found, 'versions').find((item) => stringAt(item, 'version') === version);
  return own === undefined ? null : listAt(own, 'resources').map((item) => objectAt(item));
}
