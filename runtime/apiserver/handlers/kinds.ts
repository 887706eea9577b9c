/** Resources by their names in a path, as the handlers see them; each is made when it is first asked for. */
import type { Store } from '../../datastore/store.ts';
import type { ApiObject } from '../objects/object-bytes.ts';
import { findResource } from '../resources/built-in.ts';
import type { GroupVersion, Resource } from '../resources/resource.ts';
import type { OpenApiDocument } from '../schemas/openapi.ts';
import type { GroupVersionKind, Registry } from '../schemas/registry.ts';
import { type ServedKind, type Strategy, serveKind } from './served-kind.ts';

export interface ResourceName {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
}

export interface Kinds {
  readonly groupVersions: readonly GroupVersion[];
  /** Null: there is no such resource. */
  readonly resource: (name: ResourceName) => Resource | null;
  /** Of a resource that is stored. */
  readonly served: (resource: Resource) => ServedKind;
  /** Descriptions of what is not built in. */
  readonly openApi: () => readonly OpenApiDocument[];
}

export interface KindsOptions {
  readonly registry: Registry;
  readonly store: Store;
  readonly groupVersions: readonly GroupVersion[];
  readonly strategyOf: (resource: Resource) => Strategy;
  /** Makes an object one of another version. */
  readonly convert: (object: ApiObject, to: GroupVersionKind) => ApiObject;
}

export function openKinds(options: KindsOptions): Kinds {
  const { registry, store, groupVersions, strategyOf, convert } = options;
  const made = new Map<Resource, ServedKind>();
  return {
    groupVersions,
    resource: (name) => findResource(groupVersions, name),
    served: (resource) => {
      const known = made.get(resource);
      if (known !== undefined) return known;
      const kind = serveKind({ registry, resource, store, convert, strategy: strategyOf(resource) });
      made.set(resource, kind);
      return kind;
    },
    openApi: () => [],
  };
}
