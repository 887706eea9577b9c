/** `/api`, `/apis` and below: what there is, in one document or piece by piece. */
import { mergeAggregated, mergeGroup, mergePlain } from '../aggregation/merge-discovery.ts';
import type { RemoteVersion } from '../aggregation/remote-discovery.ts';
import { aggregatedDiscovery, etagOf } from '../discovery/aggregated.ts';
import { apiGroup, apiGroupList, apiResourceList, apiVersions } from '../discovery/plain.ts';
import type { GroupVersion } from '../resources/resource.ts';
import type { Registry } from '../schemas/registry.ts';
import { ApiError } from '../status.ts';
import type { HttpAnswer, HttpRequest } from './exchange.ts';
import { writtenAnswer } from './plain-answers.ts';

export interface Discovered {
  readonly registry: Registry;
  /** What this server answers itself. */
  readonly groupVersions: readonly GroupVersion[];
  /** What others answer. */
  readonly remotes: readonly RemoteVersion[];
  /** Where this node is reached, with its port. */
  readonly ownAddress: string;
}

/** @returns null for a path that is none of these */
export function discover(known: Discovered, request: HttpRequest): HttpAnswer | null {
  const { registry, groupVersions, remotes, ownAddress } = known;
  const [root, group, version, ...rest] = request.path.split('/').filter((part) => part !== '');
  if (rest.length > 0) return null;
  if (root === 'api') return discoverCore(registry, groupVersions, request, ownAddress, group, version);
  if (root !== 'apis') return null;
  if (group === undefined) {
    const others = groupVersions.filter((item) => item.group !== '');
    const list = (): object => mergePlain(apiGroupList(groupVersions), remotes);
    return whole(others, remotes, request) ?? written(registry, list(), request);
  }
  if (version === undefined) {
    const found = mergeGroup(apiGroup(groupVersions, group), group, remotes);
    return found === null ? null : written(registry, found, request);
  }
  return resources(registry, groupVersions, { group, version }, request);
}

function discoverCore(
  registry: Registry,
  groupVersions: readonly GroupVersion[],
  request: HttpRequest,
  ownAddress: string,
  version: string | undefined,
  more: string | undefined,
): HttpAnswer | null {
  if (more !== undefined) return null;
  if (version !== undefined) return resources(registry, groupVersions, { group: '', version }, request);
  const core = groupVersions.filter(({ group }) => group === '');
  return whole(core, [], request) ?? written(registry, apiVersions(groupVersions, ownAddress), request);
}

function resources(
  registry: Registry,
  groupVersions: readonly GroupVersion[],
  { group, version }: { readonly group: string; readonly version: string },
  request: HttpRequest,
): HttpAnswer | null {
  const found = groupVersions.find((item) => item.group === group && item.version === version);
  return found === undefined ? null : written(registry, apiResourceList(found), request);
}

const aggregatedForms =
  /application\/json\s*;(?=[^,]*\bg=apidiscovery\.k8s\.io)(?=[^,]*\bas=APIGroupDiscoveryList)[^,]*\bv=(v2beta1|v2)\b/g;

/** Everything at once, for those who ask for it; the answer repeats what was asked for, or clients would not know. */
function whole(
  groupVersions: readonly GroupVersion[],
  remotes: readonly RemoteVersion[],
  { headers }: HttpRequest,
): HttpAnswer | null {
  const [form] = [...(headers.accept ?? '').slice(0, 4096).matchAll(aggregatedForms)];
  if (form === undefined) return null;
  const version = form[1] as 'v2' | 'v2beta1';
  const all = mergeAggregated(aggregatedDiscovery(groupVersions, version), remotes);
  const text = `${JSON.stringify(all)}\n`;
  const etag = etagOf(text);
  const common = { etag, vary: 'Accept' };
  if (headers['if-none-match'] === etag) return { code: 304, headers: common, body: [] };
  const type = `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
  return { code: 200, headers: { ...common, 'content-type': type }, body: [Buffer.from(text)] };
}

function written(registry: Registry, document: object, request: HttpRequest): HttpAnswer {
  // Whoever wants the whole and can do with the pieces has said so further behind.
  const answer = writtenAnswer(registry, 200, document, request);
  if (answer !== null) return { ...answer, headers: { ...answer.headers, vary: 'Accept' } };
  throw new ApiError(
    'NotAcceptable',
    'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf',
  );
}
