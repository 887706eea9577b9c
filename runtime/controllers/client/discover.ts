/** Which resources the server has, as clients find them. */
import { listAt, objectAt, stringAt, stringsAt } from '../../apiserver/objects/read-path.ts';
import type { ApiClient } from './api-client.ts';
import type { ResourceName } from './places.ts';

export interface DiscoveredResource extends ResourceName {
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  /** In the version of its group that the server prefers. */
  readonly isPreferred: boolean;
}

const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

export interface Discovery {
  readonly resources: readonly DiscoveredResource[];
  /** As `GROUP/VERSION`, those of other servers that do not say now what they have: it may be more, or less. */
  readonly stale: readonly string[];
}

/** @throws ApiError */
export async function discoverResources(client: ApiClient): Promise<Discovery> {
  const documents = [await client.document('/api', accept), await client.document('/apis', accept)];
  const groups = documents.flatMap((document) => listAt(document, 'items'));
  return { resources: groups.flatMap(resourcesOfGroup), stale: groups.flatMap(staleOfGroup) };
}

function staleOfGroup(group: unknown): readonly string[] {
  return listAt(group, 'versions')
    .filter((version) => stringAt(version, 'freshness') === 'Stale')
    .map((version) => `${stringAt(group, 'metadata', 'name')}/${stringAt(version, 'version')}`);
}

function resourcesOfGroup(group: unknown): readonly DiscoveredResource[] {
  const seen = new Set<string>();
  return listAt(group, 'versions').flatMap((version) =>
    listAt(version, 'resources').map((item) => {
      const resource = stringAt(item, 'resource');
      const isPreferred = !seen.has(resource);
      seen.add(resource);
      return {
        ...{ group: stringAt(group, 'metadata', 'name'), version: stringAt(version, 'version'), resource },
        kind: stringAt(objectAt(item, 'responseKind'), 'kind'),
        namespaced: stringAt(item, 'scope') === 'Namespaced',
        ...{ verbs: stringsAt(item, 'verbs'), isPreferred },
      };
    }),
  );
}
