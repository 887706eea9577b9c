/** Which parts of a custom resource have owners of their own, by its schema. (kube-openapi/pkg/schemaconv) Pure. */
import { type Shape, shapeOf } from '../../managed-fields/shape.ts';
import type { JsonValue } from '../../schemas/protobuf/json-value.ts';
import type { Registry } from '../../schemas/registry.ts';
import {
  isIntOrString,
  isResource,
  itemsOf,
  keepsUnknown,
  listKeysOf,
  listTypeOf,
  propertyOf,
  type Schema,
  valuesOf,
} from '../schema/schema.ts';

const scalar: Shape = { kind: 'leaf', holds: 'scalar' };
const anything: Shape = { kind: 'leaf', holds: 'any' };
const deduced: Shape = { kind: 'deduced' };

const metadataType = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

/** Of a whole object. */
export function shapeOfResource(registry: Registry, schema: Schema): Shape {
  const shape = shapeOfObject(registry, { ...schema, type: 'object' });
  return withOwn(registry, shape);
}

function withOwn(registry: Registry, shape: Shape): Shape {
  if (shape.kind !== 'map') return shape;
  const own = [
    ...(['apiVersion', 'kind'] as const).map((name) => [name, scalar] as const),
    ['metadata', shapeOf(registry.type(metadataType))] as const,
  ];
  return { ...shape, fields: new Map([...shape.fields, ...own]) };
}

function shapeOfSchema(registry: Registry, schema: Schema): Shape {
  if (isIntOrString(schema)) return scalar;
  switch (schema.type) {
    case 'object': {
      const shape = shapeOfObject(registry, schema);
      return isResource(schema) ? withOwn(registry, shape) : shape;
    }
    case 'array':
      return shapeOfList(registry, schema);
    case undefined:
    case '':
      return keepsUnknown(schema) ? deduced : anything;
    default:
      return scalar;
  }
}

function shapeOfObject(registry: Registry, schema: Schema): Shape {
  if (schema['x-kubernetes-map-type'] === 'atomic') return { kind: 'leaf', holds: 'map' };
  const fields = Object.entries(schema.properties ?? {}).map(
    ([name, property]) => [name, shapeOfSchema(registry, property)] as const,
  );
  const values = valuesOf(schema);
  const keeps = keepsUnknown(schema) || schema.additionalProperties === true;
  const others = values !== null ? shapeOfSchema(registry, values) : keeps ? deduced : null;
  return { kind: 'map', fields: new Map(fields), others };
}

function shapeOfList(registry: Registry, schema: Schema): Shape {
  const items = itemsOf(schema);
  switch (listTypeOf(schema)) {
    case 'set':
      return { kind: 'set' };
    case 'map': {
      const keys = listKeysOf(schema);
      const defaults = keys.flatMap((key) => {
        const value = items === null ? undefined : propertyOf(items, key)?.default;
        return value === undefined || value === null ? [] : [[key, value as JsonValue] as const];
      });
      const item = items === null ? anything : shapeOfSchema(registry, items);
      return { kind: 'associative', keys, defaults: new Map(defaults), item };
    }
    default:
      return { kind: 'leaf', holds: 'list' };
  }
}
