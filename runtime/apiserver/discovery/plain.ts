/**
 * Discovery for clients that do not know the aggregated one: a document for each group-version. The core group's have no
 * `apiVersion`, as in the real server. (k8s.io/apimachinery/pkg/apis/meta/v1) Pure.
 */
import { createHash } from 'node:crypto';
import type { GroupVersion, Resource, Subresource } from '../resources/resource.ts';
import type { GroupVersionKind } from '../schemas/registry.ts';

export interface ApiVersions {
  readonly kind: 'APIVersions';
  readonly versions: readonly string[];
  readonly serverAddressByClientCIDRs: readonly {
    readonly clientCIDR: string;
    readonly serverAddress: string;
  }[];
}

interface VersionName {
  readonly groupVersion: string;
  readonly version: string;
}

interface GroupVersions {
  readonly name: string;
  readonly versions: readonly VersionName[];
  readonly preferredVersion: VersionName;
}

export interface ApiGroup extends GroupVersions {
  readonly kind: 'APIGroup';
  readonly apiVersion: 'v1';
}

export interface ApiGroupList {
  readonly kind: 'APIGroupList';
  readonly apiVersion: 'v1';
  readonly groups: readonly GroupVersions[];
}

export interface ApiResource {
  /** `pods` or `pods/status`. */
  readonly name: string;
  readonly singularName: string;
  readonly namespaced: boolean;
  readonly group?: string;
  readonly version?: string;
  readonly kind: string;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly storageVersionHash?: string;
}

export interface ApiResourceList {
  readonly kind: 'APIResourceList';
  readonly apiVersion?: 'v1';
  readonly groupVersion: string;
  readonly resources: readonly ApiResource[];
}

/** `/api`. @param serverAddress where clients reach this server, with its port. */
export function apiVersions(groupVersions: readonly GroupVersion[], serverAddress: string): ApiVersions {
  return {
    kind: 'APIVersions',
    versions: groupVersions.filter(({ group }) => group === '').map(({ version }) => version),
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
  };
}

/** `/apis` */
export function apiGroupList(groupVersions: readonly GroupVersion[]): ApiGroupList {
  const groups = new Set(groupVersions.map(({ group }) => group));
  groups.delete('');
  return {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: [...groups].flatMap((group) => versionsOf(groupVersions, group) ?? []),
  };
}

/** `/apis/GROUP`; null: there is no such group. */
export function apiGroup(groupVersions: readonly GroupVersion[], group: string): ApiGroup | null {
  const found = group === '' ? null : versionsOf(groupVersions, group);
  return found === null ? null : { kind: 'APIGroup', apiVersion: 'v1', ...found };
}

/** `/api/v1`, `/apis/GROUP/VERSION` */
export function apiResourceList(groupVersion: GroupVersion): ApiResourceList {
  return {
    kind: 'APIResourceList',
    ...(groupVersion.group === '' ? {} : { apiVersion: 'v1' as const }),
    groupVersion: formatGroupVersion(groupVersion),
    resources: groupVersion.resources.flatMap((resource) => [
      describeResource(resource),
      ...resource.subresources.map((item) => describeSubresource(resource, item)),
    ]),
  };
}

/** It changes when objects begin to be stored in another form. (k8s.io/apiserver/pkg/endpoints/discovery) */
export function storageVersionHash({ group, version, kind }: GroupVersionKind): string {
  const digest = createHash('sha256').update(`${group}/${version}/${kind}`).digest();
  return digest.subarray(0, 8).toString('base64');
}

function versionsOf(groupVersions: readonly GroupVersion[], group: string): GroupVersions | null {
  const versions = groupVersions
    .filter((item) => item.group === group)
    .map((item) => ({ groupVersion: formatGroupVersion(item), version: item.version }));
  const [preferredVersion] = versions;
  return preferredVersion === undefined ? null : { name: group, versions, preferredVersion };
}

function describeResource(resource: Resource): ApiResource {
  const { shortNames, categories, storage } = resource;
  return {
    name: resource.resource,
    singularName: resource.singular,
    namespaced: resource.namespaced,
    kind: resource.kind,
    verbs: resource.verbs,
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
    ...(storage === null ? {} : { storageVersionHash: storageVersionHash(storage.kind) }),
  };
}

function describeSubresource(resource: Resource, { name, kind, verbs }: Subresource): ApiResource {
  const isForeign = kind !== null && (kind.group !== resource.group || kind.version !== resource.version);
  return {
    name: `${resource.resource}/${name}`,
    singularName: '',
    namespaced: resource.namespaced,
    ...(isForeign ? { group: kind.group, version: kind.version } : {}),
    kind: kind?.kind ?? resource.kind,
    verbs,
  };
}

function formatGroupVersion({
  group,
  version,
}: {
  readonly group: string;
  readonly version: string;
}): string {
  return group === '' ? version : `${group}/${version}`;
}
