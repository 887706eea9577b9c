/**
 * What a server says of one group-version (`APIResourceList`), in the form in which all are told at once.
 * (k8s.io/apiserver/pkg/endpoints: ConvertGroupVersionIntoToDiscovery) Pure.
 */
import { isSet, listAt, stringAt, stringsAt } from '../objects/read-path.ts';

interface Described {
  readonly resource: string;
  readonly responseKind: { readonly group: string; readonly version: string; readonly kind: string };
  readonly scope: 'Namespaced' | 'Cluster';
  readonly singularResource: string;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  subresources?: object[];
}

/** @returns items as `APIResourceDiscovery` */
export function readPlainResources(document: unknown, group: string, version: string): readonly object[] {
  const all = new Map<string, Described>();
  const items = listAt(document, 'resources');
  for (const item of items) {
    const name = stringAt(item, 'name');
    if (!name.includes('/')) all.set(name, describe(item, group, version));
  }
  for (const item of items) {
    const [resource = '', subresource] = stringAt(item, 'name').split('/');
    if (subresource === undefined) continue;
    // What has no resource above it is told all the same.
    const above = all.get(resource) ?? { ...describe(item, group, version), resource, verbs: [] };
    all.set(resource, above);
    const { responseKind, verbs } = describe(item, group, version);
    above.subresources = [...(above.subresources ?? []), { subresource, responseKind, verbs }];
  }
  return [...all.values()];
}

function describe(item: unknown, group: string, version: string): Described {
  const shortNames = stringsAt(item, 'shortNames');
  const categories = stringsAt(item, 'categories');
  return {
    resource: stringAt(item, 'name'),
    responseKind: {
      group: stringAt(item, 'group') || group,
      version: stringAt(item, 'version') || version,
      kind: stringAt(item, 'kind'),
    },
    scope: isNamespaced(item) ? 'Namespaced' : 'Cluster',
    ...{ singularResource: stringAt(item, 'singularName'), verbs: stringsAt(item, 'verbs') },
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
  };
}

function isNamespaced(item: unknown): boolean {
  return isSet(item) && (item as { readonly namespaced?: unknown }).namespaced === true;
}
