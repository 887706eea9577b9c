/** From the OpenAPI v2 document to those of v3, one for each group-version, by the rules of k8s.io/kube-openapi. */
import type { Definitions } from './definitions.ts';
import type { Operation, Parameter, PathItem, Schema, Swagger } from './document.ts';
import { documentOf } from './served.ts';
import { reachable } from './version2.ts';

/** By name, such as `apis/apps/v1`. */
export type Documents = ReadonlyMap<string, unknown>;

export function makeVersion3(swagger: Swagger): Documents {
  const schemas = Object.fromEntries(
    Object.entries(swagger.definitions).map(([name, schema]) => [name, definition(name, schema)]),
  );
  const byDocument = Map.groupBy(Object.entries(swagger.paths), ([path]) => documentOf(path) ?? '');
  const documents = [...byDocument].map(
    ([name, items]) => [name, makeDocument(swagger, schemas, items)] as const,
  );
  return new Map(documents.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function makeDocument(
  swagger: Swagger,
  schemas: Definitions,
  items: readonly (readonly [string, PathItem])[],
): unknown {
  const paths = Object.fromEntries(items.map(([path, item]) => [path, pathItem(item, swagger)]));
  const used = reachable(schemas, paths);
  return {
    components: {
      ...(Object.keys(used).length > 0 && { schemas: used }),
      securitySchemes: swagger.securityDefinitions,
    },
    info: swagger.info,
    openapi: '3.0.0',
    paths,
  };
}

/** Two types may be more in JSON than version 2 can say. */
const alternatives: Readonly<Record<string, readonly Schema[]>> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': [{ type: 'string' }, { type: 'number' }],
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': [{ type: 'integer' }, { type: 'string' }],
};

function definition(name: string, schema: Schema): Schema {
  const oneOf = alternatives[name];
  if (oneOf === undefined) return moved(schema);
  const { type: _, ...rest } = schema;
  return { ...rest, oneOf };
}

/** References are to another place, and may have nothing beside them. */
function moved(schema: Schema): Schema {
  const { $ref, properties, items, additionalProperties, ...rest } = schema;
  const reference = $ref && { $ref: $ref.replace('#/definitions/', '#/components/schemas/') };
  if (reference && Object.keys(rest).length === 0) return reference;
  return {
    ...rest,
    ...(reference && { allOf: [reference] }),
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, of]) => [name, moved(of)])),
    }),
    ...(items && { items: moved(items) }),
    ...(additionalProperties && { additionalProperties: moved(additionalProperties) }),
  };
}

function pathItem(item: PathItem, swagger: Swagger): unknown {
  return Object.fromEntries(
    Object.entries(item).map(([method, value]) =>
      method === 'parameters'
        ? [method, (value as readonly Parameter[]).map((one) => parameter(resolved(one, swagger)))]
        : [method, operation(value as Operation, swagger)],
    ),
  );
}

/** Version 2 has a place for parameters that many share; here each operation has its own. */
function resolved(one: Parameter, swagger: Swagger): Parameter {
  return one.$ref === undefined ? one : swagger.parameters[one.$ref.replace('#/parameters/', '')]!;
}

function parameter({ type, uniqueItems, ...rest }: Parameter): unknown {
  return { ...rest, schema: { ...(type && { type }), ...(uniqueItems && { uniqueItems }) } };
}

function operation(
  { consumes, produces, schemes: _, parameters, responses, ...rest }: Operation,
  swagger: Swagger,
): unknown {
  const all = (parameters ?? []).map((one) => resolved(one, swagger));
  const body = all.find((one) => one.in === 'body');
  const others = all.filter((one) => one.in !== 'body').map(parameter);
  return {
    ...rest,
    ...(others.length > 0 && { parameters: others }),
    ...(body?.schema && {
      requestBody: {
        content: contents(consumes ?? ['*/*'], body.schema),
        ...(body.required && { required: true }),
      },
    }),
    responses: Object.fromEntries(
      Object.entries(responses).map(([status, { schema, ...response }]) => [
        status,
        schema === undefined ? response : { ...response, content: contents(produces ?? [], schema) },
      ]),
    ),
  };
}

function contents(mediaTypes: readonly string[], schema: Schema): unknown {
  return Object.fromEntries(mediaTypes.map((mediaType) => [mediaType, { schema: moved(schema) }]));
}
