/** What a definition of custom resources says, as the rest of the server has to know it. Pure. */
import type { ApiObject } from '../objects/object-bytes.ts';
import type { GroupVersion, Resource, ResourceVerb, Subresource } from '../resources/resource.ts';
import { scale, status } from '../resources/resource.ts';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionCondition,
  CustomResourceDefinitionVersion,
} from '../schemas/generated/types/apiextensions-v1.ts';

/** Objects come as Go writes them, so that they are of this type. */
export function asDefinition(object: ApiObject): CustomResourceDefinition {
  return object as unknown as CustomResourceDefinition;
}

export function conditionOf(
  { status }: CustomResourceDefinition,
  type: string,
): CustomResourceDefinitionCondition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

export function hasCondition(definition: CustomResourceDefinition, type: string): boolean {
  return conditionOf(definition, type)?.status === 'True';
}

export function isTerminating({ metadata }: CustomResourceDefinition): boolean {
  return (metadata?.deletionTimestamp ?? null) !== null;
}

/** `/registry/GROUP/PLURAL/` */
export function storagePrefixOf({ spec }: CustomResourceDefinition): string {
  return `/registry/${spec.group}/${spec.names.plural}/`;
}

export function storedVersionOf({ spec }: CustomResourceDefinition): string {
  // Go writes null for none.
  return spec.versions?.find(({ storage }) => storage)?.name ?? '';
}

/** The order in which the real server names them. */
const verbs = [
  ...(['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'] as const),
] as const;
/** Nothing is made or changed any more in what is going away. */
const lastVerbs: readonly ResourceVerb[] = ['delete', 'deletecollection', 'get', 'list', 'watch'];

/** A resource for every version that is served; none while the definition is not established. */
export function resourcesOf(definition: CustomResourceDefinition): readonly Resource[] {
  if (!hasCondition(definition, 'Established')) return [];
  const { spec, status: now } = definition;
  const names = now?.acceptedNames ?? spec.names;
  const isEnding = isTerminating(definition);
  const { group } = spec;
  const { kind } = names;
  return spec.versions
    .filter(({ served }) => served)
    .map((version) => ({
      ...{ group, version: version.name, kind, isCustom: true as const },
      resource: names.plural,
      singular: names.singular ?? kind.toLowerCase(),
      namespaced: spec.scope === 'Namespaced',
      verbs: isEnding ? lastVerbs : verbs,
      shortNames: names.shortNames ?? [],
      categories: names.categories ?? [],
      subresources: subresourcesOf(version),
      storage: {
        prefix: storagePrefixOf(definition),
        kind: { group, version: storedVersionOf(definition), kind },
      },
    }));
}

function subresourcesOf({ subresources }: CustomResourceDefinitionVersion): readonly Subresource[] {
  const own = { ...(subresources ?? {}) };
  return [
    ...((own.status ?? null) === null ? [] : [status]),
    ...((own.scale ?? null) === null ? [] : [scale]),
  ];
}

/** Groups by their names, their versions by how stable they are: v2, v1, v2beta1, v1alpha1, and then others. */
export function groupVersionsOf(resources: readonly Resource[]): readonly GroupVersion[] {
  const names = new Map(resources.map(({ group, version }) => [`${group}/${version}`, { group, version }]));
  return [...names.values()]
    .sort((a, b) =>
      a.group === b.group ? compareVersions(a.version, b.version) : a.group < b.group ? -1 : 1,
    )
    .map(({ group, version }) => ({
      ...{ group, version },
      resources: resources
        .filter((resource) => resource.group === group && resource.version === version)
        .sort((a, b) => (a.resource < b.resource ? -1 : 1)),
    }));
}

/** Below 0: the first one is preferred. (k8s.io/apimachinery/pkg/version/helpers.go) */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [rankOf(a), rankOf(b)];
  if (left === null || right === null) {
    if (left !== null || right !== null) return left === null ? 1 : -1;
    return a < b ? -1 : a > b ? 1 : 0;
  }
  const index = left.findIndex((value, at) => value !== right[at]);
  return index < 0 ? 0 : (right[index] as number) - (left[index] as number);
}

const stability = { alpha: 0, beta: 1, '': 2 } as const;

function rankOf(version: string): readonly number[] | null {
  const match = /^v([1-9]\d{0,9})(?:(alpha|beta)([1-9]\d{0,9}))?$/.exec(version);
  if (match === null) return null;
  const [, major, level = '', minor = 0] = match;
  return [stability[level as keyof typeof stability], Number(major), Number(minor)];
}
