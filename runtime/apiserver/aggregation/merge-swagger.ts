/**
 * OpenAPI v2 of several servers as one document: paths are the first server's that has them, definitions of the same name and another
 * content get another name. (k8s.io/kube-openapi/pkg/aggregator) Pure.
 */
import { isObject, isSameJson, type JsonObject, type JsonValue } from '../schemas/protobuf/json-value.ts';

export interface Swagger {
  readonly paths: JsonObject;
  readonly definitions: JsonObject;
}

const definitionPrefix = '#/definitions/';
const kindsKey = 'x-kubernetes-group-version-kind';

/** The paths that begin so, and the definitions that they need. */
export function belowPath(document: unknown, prefix: string): Swagger {
  const { paths, definitions } = isObject(document as JsonValue) ? (document as JsonObject) : {};
  return select(
    { paths: isObject(paths) ? paths : {}, definitions: isObject(definitions) ? definitions : {} },
    (path) => path.startsWith(prefix),
  );
}

/** @param own also has what stands around paths and definitions */
export function mergeSwagger(own: JsonObject & Swagger, others: readonly Swagger[]): JsonObject {
  const merged = others.reduce<Swagger>((all, other) => mergeTwo(all, other), {
    paths: own.paths,
    definitions: own.definitions,
  });
  return { ...own, ...merged };
}

function mergeTwo(all: Swagger, other: Swagger): Swagger {
  const added = select(other, (path) => !Object.hasOwn(all.paths, path));
  const names = new Map<string, string>();
  for (const [name, definition] of Object.entries(added.definitions)) {
    names.set(name, nameFor(name, definition as JsonValue, [all.definitions, added.definitions]));
  }
  const definitions = new Map(Object.entries(all.definitions));
  for (const [name, definition] of Object.entries(added.definitions)) {
    const own = names.get(name) as string;
    const known = definitions.get(own);
    const renamed = withNames(definition as JsonValue, names);
    definitions.set(own, known === undefined ? renamed : withKindsOf(known as JsonValue, renamed));
  }
  return {
    paths: { ...all.paths, ...(withNames(added.paths, names) as JsonObject) },
    definitions: Object.fromEntries(definitions),
  };
}

/** Its own name, or one with a number behind it where that means something else. */
function nameFor(
  name: string,
  definition: JsonValue,
  [known, added]: readonly [JsonObject, JsonObject],
): string {
  for (let number = 1; ; number += 1) {
    const wanted = number === 1 ? name : `${name}_v${number}`;
    if (number > 1 && Object.hasOwn(added, wanted)) continue;
    const there = Object.hasOwn(known, wanted) ? known[wanted] : undefined;
    if (there === undefined || isSame(there as JsonValue, definition)) return wanted;
  }
}

/** One definition can be that of several kinds. */
function isSame(a: JsonValue, b: JsonValue): boolean {
  return isSameJson(withoutKinds(a), withoutKinds(b));
}

function withoutKinds(definition: JsonValue): JsonValue {
  if (!isObject(definition)) return definition;
  const { [kindsKey]: _, ...others } = definition;
  return others;
}

function withKindsOf(known: JsonValue, other: JsonValue): JsonValue {
  if (!isObject(known) || !isObject(other)) return known;
  const [ofKnown, ofOther] = [known[kindsKey], other[kindsKey]];
  if (!Array.isArray(ofOther)) return known;
  const kinds = Array.isArray(ofKnown) ? ofKnown : [];
  const more = ofOther.filter((kind) => !kinds.some((one) => isSameJson(one, kind)));
  return more.length === 0 ? known : { ...known, [kindsKey]: [...kinds, ...more] };
}

function select({ paths, definitions }: Swagger, isWanted: (path: string) => boolean): Swagger {
  const kept = Object.fromEntries(Object.entries(paths).filter(([path]) => isWanted(path)));
  const needed = new Set<string>();
  const open = namesIn(kept);
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (needed.has(name) || !Object.hasOwn(definitions, name)) continue;
    needed.add(name);
    open.push(...namesIn(definitions[name] as JsonValue));
  }
  const found = Object.entries(definitions).filter(([name]) => needed.has(name));
  return { paths: kept, definitions: Object.fromEntries(found) };
}

/** The definitions that are referred to. */
function namesIn(value: JsonValue): string[] {
  if (Array.isArray(value)) return value.flatMap(namesIn);
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, one]) => {
    const name = key === '$ref' ? nameOfReference(one as JsonValue) : null;
    return name === null ? namesIn(one as JsonValue) : [name];
  });
}

function withNames(value: JsonValue, names: ReadonlyMap<string, string>): JsonValue {
  if (Array.isArray(value)) return value.map((one) => withNames(one, names));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => {
      const name = key === '$ref' ? nameOfReference(one as JsonValue) : null;
      if (name === null) return [key, withNames(one as JsonValue, names)];
      return [key, `${definitionPrefix}${names.get(name) ?? name}`];
    }),
  );
}

/** A property can be called `$ref` as well. */
function nameOfReference(value: JsonValue): string | null {
  return typeof value === 'string' && value.startsWith(definitionPrefix)
    ? value.slice(definitionPrefix.length)
    : null;
}
