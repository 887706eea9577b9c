/** Objects of Kubernetes within a custom resource: they have a kind, a version and metadata like any. (…/schema/objectmeta) Pure. */
import { checkMetadata } from '../../objects/metadata-rules.ts';
import { pathSegment } from '../../objects/name-rules.ts';
import type { ObjectMetadata } from '../../objects/object-bytes.ts';
import { isObject, type JsonObject, type JsonValue } from '../../schemas/protobuf/json-value.ts';
import type { FieldError } from '../../status.ts';
import { below, invalidAt, requiredAt, within } from './faults.ts';
import { isResource, itemsOf, propertyOf, type Schema, somewhere, valuesOf } from './schema.ts';

/** @param object a whole one: its own metadata is looked at elsewhere */
export function checkEmbedded(object: JsonObject, schema: Schema): readonly FieldError[] {
  return somewhere(schema, isResource) ? checkBelow(object, schema, '') : [];
}

function checkValue(value: JsonValue, schema: Schema, path: string): readonly FieldError[] {
  const own = isResource(schema) && isObject(value) ? checkOne(value, path) : [];
  return [...own, ...checkBelow(value, schema, path)];
}

function checkBelow(value: JsonValue, schema: Schema, path: string): readonly FieldError[] {
  if (Array.isArray(value)) {
    const items = itemsOf(schema);
    return items === null ? [] : value.flatMap((item, index) => checkValue(item, items, within(path, index)));
  }
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, item]) => {
    const property = propertyOf(schema, name);
    if (property !== null) return checkValue(item as JsonValue, property, below(path, name));
    const values = valuesOf(schema);
    return values === null ? [] : checkValue(item as JsonValue, values, within(path, name));
  });
}

function checkOne(object: JsonObject, path: string): readonly FieldError[] {
  const ofType = (['apiVersion', 'kind'] as const).flatMap((name) => {
    const value = object[name];
    if (value === undefined || value === '') return [requiredAt(below(path, name), 'must not be empty')];
    return typeof value === 'string' ? [] : [invalidAt(below(path, name), value, 'must be a string')];
  });
  const { metadata } = object;
  if (metadata === undefined || metadata === null) return ofType;
  if (!isObject(metadata))
    return [...ofType, invalidAt(below(path, 'metadata'), metadata, 'must be an object')];
  // Whether it is in a namespace nobody knows, nor has it to have a name.
  const given = { name: 'any', ...metadata, namespace: undefined } as unknown as ObjectMetadata;
  const errors = checkMetadata(given, {
    ...{ isNamespaced: false, name: pathSegment, takesPlainFinalizers: true },
  });
  return [...ofType, ...errors.map((error) => ({ ...error, field: below(path, error.field) }))];
}
