/**
 * Aggregated discovery: all that is served, in one document for the core group (`/api`) and one for the others (`/apis`).
 * (k8s.io/api/apidiscovery/v2; v2beta1 differs in its name alone) Pure.
 */
import { createHash } from 'node:crypto';
import type { GroupVersion, Resource, Subresource } from '../resources/resource.ts';
import type { GroupVersionKind } from '../schemas/registry.ts';

export interface AggregatedDiscovery {
  readonly kind: 'APIGroupDiscoveryList';
  readonly apiVersion: string;
  readonly metadata: Readonly<Record<string, never>>;
  readonly items: readonly GroupDiscovery[];
}

interface GroupDiscovery {
  readonly metadata: { readonly name?: string; readonly creationTimestamp: null };
  readonly versions: readonly {
    readonly version: string;
    readonly resources: readonly ResourceDiscovery[];
    readonly freshness: 'Current';
  }[];
}

interface ResourceDiscovery {
  readonly resource: string;
  readonly responseKind: GroupVersionKind;
  readonly scope: 'Namespaced' | 'Cluster';
  readonly singularResource: string;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly subresources?: readonly SubresourceDiscovery[];
}

interface SubresourceDiscovery {
  readonly subresource: string;
  readonly responseKind: GroupVersionKind;
  readonly verbs: readonly string[];
}

/** @param groupVersions in order of priority; the versions of a group stand together. */
export function aggregatedDiscovery(
  groupVersions: readonly GroupVersion[],
  version: 'v2' | 'v2beta1',
): AggregatedDiscovery {
  const groups = [...new Set(groupVersions.map(({ group }) => group))];
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: groups.map((group) => ({
      metadata: { ...(group === '' ? {} : { name: group }), creationTimestamp: null },
      versions: groupVersions
        .filter((item) => item.group === group)
        .map((item) => ({
          version: item.version,
          resources: item.resources.map(describeResource),
          freshness: 'Current' as const,
        })),
    })),
  };
}

/** For the ETag header, with its quotes. Any change of the bytes changes it. */
export function etagOf(bytes: Uint8Array | string): string {
  return `"${createHash('sha512').update(bytes).digest('hex').toUpperCase()}"`;
}

function describeResource(resource: Resource): ResourceDiscovery {
  return {
    resource: resource.resource,
    responseKind: ownKind(resource, resource.kind),
    scope: resource.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: resource.singular,
    verbs: resource.verbs,
    ...(resource.shortNames.length === 0 ? {} : { shortNames: resource.shortNames }),
    ...(resource.categories.length === 0 ? {} : { categories: resource.categories }),
    ...(resource.subresources.length === 0
      ? {}
      : { subresources: resource.subresources.map((item) => describeSubresource(resource, item)) }),
  };
}

function describeSubresource(resource: Resource, { name, kind, verbs }: Subresource): SubresourceDiscovery {
  const isOwn = kind === null || (kind.group === resource.group && kind.version === resource.version);
  return {
    subresource: name,
    responseKind: isOwn ? ownKind(resource, kind?.kind ?? resource.kind) : kind,
    verbs,
  };
}

/** A kind of the resource's own group and version is written without them, but for custom resources. */
function ownKind({ group, version, isCustom }: Resource, kind: string): GroupVersionKind {
  return isCustom ? { group, version, kind } : { group: '', version: '', kind };
}
