/**
 * What a resource is, and the words in which `groups/` writes each one down: what is usual is left out there.
 */

import type { GroupVersionKind } from '../schemas/registry.ts';

export const allVerbs = [
  ...(['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'] as const),
] as const;
export type ResourceVerb = (typeof allVerbs)[number];

export interface Subresource {
  readonly name: string;
  /** Of the object that is sent and answered; null: the resource's own. */
  readonly kind: GroupVersionKind | null;
  readonly verbs: readonly ResourceVerb[];
}

/** Where objects lie and in which form. */
export interface ResourceStorage {
  /** With a slash at both ends: `/registry/pods/`. */
  readonly prefix: string;
  /** The form that is stored. Another one of the same resource is converted. */
  readonly kind: GroupVersionKind;
}

/** A resource in one version. */
export interface Resource extends GroupVersionKind {
  /** The plural that stands in paths. */
  readonly resource: string;
  readonly singular: string;
  readonly namespaced: boolean;
  readonly verbs: readonly ResourceVerb[];
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  /** Sorted by name. */
  readonly subresources: readonly Subresource[];
  /** Null: nothing is ever stored, the answer is made for the request. */
  readonly storage: ResourceStorage | null;
  /** It comes from a definition of custom resources. */
  readonly isCustom?: true;
}

export interface GroupVersion {
  readonly group: string;
  readonly version: string;
  /** Sorted by name. */
  readonly resources: readonly Resource[];
}

export interface ResourceOptions {
  readonly clusterScoped?: boolean;
  readonly verbs?: readonly ResourceVerb[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly subresources?: readonly Subresource[];
  /** Behind `/registry/`, where it is not the resource's name. */
  readonly storedAt?: string;
  /** Where it is not this group and version. */
  readonly storedAs?: { readonly group: string; readonly version: string };
  readonly virtual?: true;
}

export type ResourceRecord = readonly [resource: string, kind: string, options?: ResourceOptions];

/** A group in one version, out of what `groups/` says of it. */
export function groupVersion(
  group: string,
  version: string,
  records: readonly ResourceRecord[],
): GroupVersion {
  return { group, version, resources: records.map((record) => makeResource(group, version, record)) };
}

/** What is asked once and forgotten: `kubectl auth can-i`. */
export function review(resource: string, kind: string, options: ResourceOptions = {}): ResourceRecord {
  return [resource, kind, { clusterScoped: true, ...options, verbs: ['create'], virtual: true }];
}

/** A subresource with verbs and, where it is not the resource's own, a kind. */
export function subresource(
  name: string,
  verbs: readonly ResourceVerb[],
  kind: GroupVersionKind | null = null,
): Subresource {
  return { name, verbs, kind };
}

export const status = subresource('status', ['get', 'patch', 'update']);
export const scale = subresource('scale', ['get', 'patch', 'update'], {
  group: 'autoscaling',
  version: 'v1',
  kind: 'Scale',
});

function makeResource(
  group: string,
  version: string,
  [resource, kind, options = {}]: ResourceRecord,
): Resource {
  return {
    ...{ group, version, resource, kind },
    singular: kind.toLowerCase(),
    namespaced: options.clusterScoped !== true,
    verbs: options.verbs ?? allVerbs,
    shortNames: options.shortNames ?? [],
    categories: options.categories ?? [],
    subresources: options.subresources ?? [],
    storage:
      options.virtual === true
        ? null
        : {
            prefix: `/registry/${options.storedAt ?? resource}/`,
            kind: { ...(options.storedAs ?? { group, version }), kind },
          },
  };
}
