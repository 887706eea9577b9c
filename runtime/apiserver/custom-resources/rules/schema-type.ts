/** The types of CEL that a schema's places have. (k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/model) Pure. */
import { escapeProperty } from '../../cel/escape.ts';
import { bool, dyn, type FieldType, int, type ListIdentity, string, type Type } from '../../cel/types.ts';
import {
  isIntOrString,
  isResource,
  itemsOf,
  listKeysOf,
  listTypeOf,
  type Schema,
  valuesOf,
} from '../schema/schema.ts';

/** @param isRoot of an object, which has its kind and metadata in any case. @returns null: no expression can see it */
export function typeOfSchema(schema: Schema, isRoot: boolean): Type | null {
  if (isIntOrString(schema)) return dyn;
  switch (schema.type) {
    case 'object':
      return typeOfObject(schema, isRoot || isResource(schema));
    case 'array':
      return typeOfList(schema);
    case 'string':
      return typeOfText(schema.format ?? '');
    case 'boolean':
      return bool;
    case 'integer':
      return int;
    case 'number':
      return { kind: 'double' };
    default:
      return null;
  }
}

function typeOfObject(schema: Schema, hasMetadata: boolean): Type | null {
  const values = valuesOf(schema);
  if (values !== null) {
    const value = typeOfSchema(values, false);
    return value === null ? null : { kind: 'map', key: string, value };
  }
  const named = Object.entries(schema.properties ?? {}).flatMap(([property, one]) => {
    const type = typeOfSchema(one, false);
    return type === null ? [] : [fieldOf(property, type)];
  });
  const fields = [...named, ...(hasMetadata ? ownFields : [])].filter((field) => field !== null);
  return { kind: 'object', name: hasMetadata ? 'selfType' : 'object', fields: new Map(fields) };
}

function fieldOf(property: string, type: Type): readonly [string, FieldType] | null {
  const name = escapeProperty(property);
  return name === null ? null : [name, { property, type }];
}

/** Of metadata expressions see what nobody can change, and no more. */
const metadata: Type = {
  kind: 'object',
  name: 'metadata',
  fields: new Map(['name', 'generateName'].map((property) => [property, { property, type: string }])),
};

const ownFields = [
  fieldOf('apiVersion', string),
  fieldOf('kind', string),
  fieldOf('metadata', metadata),
] as const;

function typeOfList(schema: Schema): Type | null {
  const items = itemsOf(schema);
  const element = items === null ? null : typeOfSchema(items, false);
  if (element === null) return null;
  const identity = identityOf(schema);
  return identity === null ? { kind: 'list', element } : { kind: 'list', element, identity };
}

function identityOf(schema: Schema): ListIdentity | null {
  switch (listTypeOf(schema)) {
    case 'set':
      return { kind: 'set' };
    case 'map': {
      const names = listKeysOf(schema).map((key) => escapeProperty(key));
      return { kind: 'keys', keys: names.filter((name) => name !== null) };
    }
    default:
      return null;
  }
}

function typeOfText(format: string): Type {
  switch (format) {
    case 'byte':
      return { kind: 'bytes' };
    case 'duration':
      return { kind: 'duration' };
    case 'date-time':
    case 'date':
      return { kind: 'timestamp' };
    default:
      return string;
  }
}
