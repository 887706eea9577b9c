/**
 * The OpenAPI v2 document: definitions from the model, paths from the document of 1.30, which has all that 1.32 serves by
 * default. What is in neither, types with an encoding of their own, is taken from that document too.
 */
import type { Definitions } from './definitions.ts';
import type { GroupVersionKind, Operation, Parameter, PathItem, Schema, Swagger } from './document.ts';
import { documentOf } from './served.ts';

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const unsafeDelete = 'ignoreStoreReadErrorWithClusterBreakingPotential';

/** The document with the defaults that only version 3 shows, which `version3.ts` takes it from. */
export function makeSwagger(
  before: Swagger,
  own: Definitions,
  groupVersions: readonly { readonly group: string; readonly version: string }[],
  version: string,
): Swagger {
  const all: Definitions = { ...before.definitions, ...ownWithMeta(before, own, groupVersions) };
  const served = Object.entries(before.paths).filter(([path]) => documentOf(path) !== null);
  const parameter = unsafeDeleteParameter(all);
  const paths = Object.fromEntries(served.map(([path, item]) => [path, withParameter(item, parameter)]));
  return {
    ...before,
    info: { ...before.info, version: `v${version}` },
    paths,
    // Parameters that many operations share are in a place of their own.
    definitions: reachable(all, [paths, before.parameters]),
  };
}

/** Version 2 says nothing of defaults. */
export function withoutDefaults(swagger: Swagger): Swagger {
  const definitions = Object.entries(swagger.definitions).map(([name, schema]) => [
    name,
    withoutDefault(schema),
  ]);
  return { ...swagger, definitions: Object.fromEntries(definitions) as Definitions };
}

function withoutDefault({ default: _, ...schema }: Schema): Schema {
  const { properties, items, additionalProperties } = schema;
  return {
    ...schema,
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, of]) => [name, withoutDefault(of)]),
      ),
    }),
    ...(items && { items: withoutDefault(items) }),
    ...(additionalProperties && { additionalProperties: withoutDefault(additionalProperties) }),
  };
}

/** Kinds of `meta/v1` are of every group-version that Kubernetes knows; the older document says which are of which. */
function ownWithMeta(
  before: Swagger,
  own: Definitions,
  groupVersions: readonly { readonly group: string; readonly version: string }[],
): Definitions {
  const changed = Object.entries(own).map(([name, schema]) => {
    const kinds = before.definitions[name]?.['x-kubernetes-group-version-kind'];
    if (!name.startsWith(`${meta}.`) || kinds === undefined) return [name, schema] as const;
    return [
      name,
      { ...schema, 'x-kubernetes-group-version-kind': withAllVersions(kinds, groupVersions) },
    ] as const;
  });
  return Object.fromEntries(changed);
}

function withAllVersions(
  kinds: readonly GroupVersionKind[],
  groupVersions: readonly { readonly group: string; readonly version: string }[],
): readonly GroupVersionKind[] {
  // Status and the discovery documents are of the core group alone; 1.30 had Status once more by mistake.
  if (kinds.length <= 2) return kinds.filter(({ group }) => group === '');
  const kind = kinds[0]!.kind;
  const all = [...kinds, ...groupVersions.map(({ group, version }) => ({ group, kind, version }))];
  const byKey = new Map(all.map((item) => [`${item.group}/${item.version}`, item]));
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
}

/** New since 1.30, among what a delete may be asked with. */
function unsafeDeleteParameter(definitions: Definitions): Parameter {
  const description = definitions[`${meta}.DeleteOptions`]?.properties?.[unsafeDelete]?.description ?? '';
  return { description, in: 'query', name: unsafeDelete, type: 'boolean', uniqueItems: true };
}

function withParameter(item: PathItem, parameter: Parameter): PathItem {
  const operation = item.delete as Operation | undefined;
  const at = operation?.parameters?.findIndex(({ $ref }) => $ref?.includes('/gracePeriodSeconds-')) ?? -1;
  if (operation === undefined || at < 0) return item;
  return {
    ...item,
    delete: { ...operation, parameters: operation.parameters!.toSpliced(at + 1, 0, parameter) },
  };
}

/** The definitions that something refers to, from these on, sorted by name. */
export function reachable(definitions: Definitions, from: unknown): Definitions {
  const found = new Map<string, Schema>();
  const visit = (value: unknown): void => {
    for (const [, name = ''] of JSON.stringify(value).matchAll(
      /"#\/(?:definitions|components\/schemas)\/([^"]+)"/g,
    )) {
      const schema = definitions[name];
      if (schema === undefined || found.has(name)) continue;
      found.set(name, schema);
      visit(schema);
    }
  };
  visit(from);
  return Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}
