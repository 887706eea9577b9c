/**
 * OpenAPI v2 with the custom resources in it, of which it says what their documents of v3 say. What v2 has no words for is left out.
 * (k8s.io/apiextensions-apiserver/pkg/controller/openapi/v2) Pure.
 */
import { isObject, type JsonObject, type JsonValue } from '../../schemas/protobuf/json-value.ts';

/**
 * @param plain that of the built-in resources
 * @param custom documents of v3
 */
export function withCustomResources(plain: JsonObject, custom: readonly JsonObject[]): JsonObject {
  const definitions = { ...(plain.definitions as JsonObject) };
  const paths = { ...(plain.paths as JsonObject) };
  for (const document of custom) {
    const { schemas = {} } = (document.components ?? {}) as { readonly schemas?: JsonObject };
    for (const [name, schema] of entriesOf(schemas)) definitions[name] ??= toVersionTwo(schema);
    for (const [path, item] of entriesOf((document.paths ?? {}) as JsonObject))
      paths[path] = pathToVersionTwo(item);
  }
  return { ...plain, definitions, paths };
}

/** Of JSON schema, v2 knows no choices, and nothing that may be null. */
const unknownWords: ReadonlySet<string> = new Set(['oneOf', 'anyOf', 'not', 'nullable']);

function toVersionTwo(schema: JsonValue): JsonValue {
  if (Array.isArray(schema)) return schema.map(toVersionTwo);
  if (!isObject(schema)) return schema;
  return Object.fromEntries(
    entriesOf(schema)
      .filter(([word]) => !unknownWords.has(word))
      .map(([word, value]) => [
        word,
        word === '$ref' ? refToVersionTwo(value) : wordToVersionTwo(word, value),
      ]),
  );
}

/** Names of properties are no words, and defaults and the like are values. */
function wordToVersionTwo(word: string, value: JsonValue): JsonValue {
  if (word === 'default' || word === 'enum' || word === 'example') return value;
  if (word !== 'properties' || !isObject(value)) return toVersionTwo(value);
  return Object.fromEntries(entriesOf(value).map(([name, schema]) => [name, toVersionTwo(schema)]));
}

function entriesOf(object: JsonObject): [string, JsonValue][] {
  return Object.entries(object) as [string, JsonValue][];
}

function refToVersionTwo(reference: JsonValue): JsonValue {
  return String(reference).replace('#/components/schemas/', '#/definitions/');
}

function pathToVersionTwo(item: JsonValue): JsonValue {
  const operations = entriesOf(item as JsonObject);
  return Object.fromEntries(operations.map(([method, operation]) => [method, operationOf(operation)]));
}

function operationOf(operation: JsonValue): JsonValue {
  const { parameters = [], responses = {}, ...others } = operation as unknown as Operation;
  const answers = Object.entries(responses).map(([code, { description, content }]) => {
    const [given] = Object.values(content ?? {});
    const schema = given === undefined ? {} : { schema: toVersionTwo(given.schema) };
    return [code, { description, ...schema }];
  });
  return {
    ...others,
    ...{
      consumes: ['application/json', 'application/yaml'],
      produces: ['application/json', 'application/yaml'],
    },
    parameters: parameters.map(({ schema, ...parameter }) => ({ ...parameter, ...(schema as JsonObject) })),
    responses: Object.fromEntries(answers),
  } as JsonObject;
}

interface Operation {
  readonly parameters?: readonly { readonly schema: JsonValue }[];
  readonly responses?: Readonly<
    Record<
      string,
      { readonly description: string; readonly content?: Readonly<Record<string, { schema: JsonValue }>> }
    >
  >;
}
