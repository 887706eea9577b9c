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

/** @throws ApiError */
export async function discoverResources(client: ApiClient): Promise<readonly DiscoveredResource[]> {
  const documents = [await client.document('/api', accept), await client.document('/apis', accept)];
  return documents.flatMap((document) => listAt(document, 'items').flatMap(resourcesOfGroup));
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
