/**
 * What a schema of custom resources may say: what is supported, lists and maps that can be told apart, and that it is structural.
 * (k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation, pkg/apiserver/schema/validation.go) Pure.
 */
import {
  itemsOf,
  listKeysOf,
  ownProperties,
  propertyOf,
  type Schema,
  valuesOf,
} from '../../apiserver/custom-resources/schema/schema.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { forbiddenField, invalidValue, notSupported, required } from '../field-errors.ts';
import { when } from '../meta/field-checks.ts';
import { checkDefaults } from './check-defaults.ts';
import { checkRules } from './check-rules.ts';
import { checkStructure } from './check-structure.ts';

/** What a schema with a status of its own may have at its root: its status is looked at apart. */
const rootFields: ReadonlySet<string> = new Set([
  ...['description', 'type', 'format', 'title', 'maximum', 'exclusiveMaximum', 'minimum', 'exclusiveMinimum'],
  ...['maxLength', 'minLength', 'pattern', 'maxItems', 'minItems', 'uniqueItems', 'multipleOf', 'required'],
  ...['items', 'properties', 'externalDocs', 'example', 'x-kubernetes-preserve-unknown-fields'],
  'x-kubernetes-validations',
]);

interface SchemaPlace {
  readonly hasStatus: boolean;
  /** It was stored before. */
  readonly isKnown: boolean;
}

export function checkSchema(
  schema: Schema,
  field: string,
  { hasStatus, isKnown }: SchemaPlace,
): readonly FieldError[] {
  const errors = [
    ...(hasStatus ? checkRoot(schema, field) : []),
    ...when(
      schema.nullable === true,
      forbiddenField(`${field}.nullable`, 'nullable cannot be true at the root'),
    ),
    ...checkOne(schema, field, { isRoot: true, noDefaults: null, isInMetadata: false }),
  ];
  const ofStructure = checkStructure(schema, field);
  const all = [...errors, ...ofStructure];
  if (all.length > 0) return all;
  const ofRules = checkRules(schema, field, { isMeasured: !isKnown });
  return [...checkDefaults(schema, field), ...ofRules];
}

function checkRoot(schema: Schema, field: string): readonly FieldError[] {
  if ((schema.type ?? '') !== 'object') {
    const why =
      'only "object" is allowed as the type at the root of the schema if the status subresource is enabled';
    return [invalidValue(`${field}.type`, schema.type ?? '', why)];
  }
  const odd = Object.keys(schema).find((name) => !rootFields.has(name));
  if (odd === undefined) return [];
  const names = [...rootFields].map((name) => name.replace(/^x-kubernetes-/, 'x-')).join(' ');
  const why = `only [${names}] fields are allowed at the root of the schema if the status subresource is enabled`;
  return [invalidValue(field, schema, why)];
}

interface Place {
  readonly isRoot: boolean;
  /** Why there can be no default; null: there can. */
  readonly noDefaults: string | null;
  readonly isInMetadata: boolean;
}

function checkOne(schema: Schema, field: string, place: Place): readonly FieldError[] {
  const inner = { ...place, isRoot: false };
  const inList = (all: readonly Schema[] | undefined, name: string): readonly FieldError[] =>
    (all ?? []).flatMap((one, index) => checkOne(one, `${field}.${name}[${index}]`, inner));
  const items = itemsOf(schema);
  return [
    ...checkSupported(schema, field, place),
    ...checkMaps(schema, field, inner),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
      checkOne(property, `${field}.properties[${name}]`, placeOf(schema, place, name)),
    ),
    ...(schema.not ? checkOne(schema.not, `${field}.not`, inner) : []),
    ...inList(schema.allOf, 'allOf'),
    ...inList(schema.oneOf, 'oneOf'),
    ...inList(schema.anyOf, 'anyOf'),
    ...(items === null ? [] : checkOne(items, `${field}.items`, inner)),
    ...checkExtensions(schema, field),
    ...checkListKeys(schema, field),
  ];
}

function placeOf(schema: Schema, place: Place, name: string): Place {
  const isOwn =
    ownProperties.has(name) && (place.isRoot || schema['x-kubernetes-embedded-resource'] === true);
  const inner = { ...place, isRoot: false };
  if (!isOwn) return inner;
  return { ...inner, isInMetadata: true, ...(place.isRoot ? { noDefaults: `in top-level ${name}` } : {}) };
}

const types = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const unsupported = [
  'id',
  'additionalItems',
  'patternProperties',
  'definitions',
  'dependencies',
  '$ref',
] as const;

function checkSupported(schema: Schema, field: string, place: Place): readonly FieldError[] {
  const { type = '', default: value } = schema;
  const hasDefault = value !== undefined && value !== null;
  return [
    ...when(type !== '' && !types.includes(type), notSupported(`${field}.type`, type, types)),
    ...when(
      hasDefault && place.noDefaults !== null,
      forbiddenField(`${field}.default`, `must not be set ${place.noDefaults ?? ''}`),
    ),
    ...unsupported.flatMap((name) =>
      when(isSet(schema[name]), forbiddenField(`${field}.${name}`, `${name} is not supported`)),
    ),
    ...when(
      type === 'null',
      forbiddenField(`${field}.type`, 'type cannot be set to null, use nullable as an alternative'),
    ),
    ...when(
      Array.isArray(schema.items),
      forbiddenField(`${field}.items`, 'items must be a schema object and not an array'),
    ),
    ...when(
      place.isInMetadata && schema['x-kubernetes-embedded-resource'] === true,
      forbiddenField(`${field}.x-kubernetes-embedded-resource`, 'must not be used inside of resource meta'),
    ),
    ...when(
      schema.uniqueItems === true,
      forbiddenField(
        `${field}.uniqueItems`,
        'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
      ),
    ),
  ];
}

function isSet(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}

function checkMaps(schema: Schema, field: string, inner: Place): readonly FieldError[] {
  const { additionalProperties: others, properties } = schema;
  if (others === undefined || others === null) return [];
  const isBoth = Object.keys(properties ?? {}).length > 0 && others !== true;
  const values = valuesOf(schema);
  const place = inner.isInMetadata
    ? { ...inner, noDefaults: 'inside additionalProperties applying to object metadata' }
    : inner;
  const at = `${field}.additionalProperties`;
  return [
    ...when(isBoth, forbiddenField(at, 'additionalProperties and properties are mutual exclusive')),
    ...(values === null ? [] : checkOne(values, at, place)),
  ];
}

function checkExtensions(schema: Schema, field: string): readonly FieldError[] {
  const { type = '' } = schema;
  const mapType = schema['x-kubernetes-map-type'];
  const listType = schema['x-kubernetes-list-type'];
  const at = (name: string): string => `${field}.x-kubernetes-${name}`;
  const ofType = (wanted: string, name: string): readonly FieldError[] => {
    const why = `must be ${wanted} if x-kubernetes-${name} is specified`;
    if (type === '') return [required(`${field}.type`, why)];
    return when(type !== wanted, invalidValue(`${field}.type`, type, why));
  };
  const keeps = schema['x-kubernetes-preserve-unknown-fields'];
  const lists = ['atomic', 'set', 'map'];
  const maps = ['atomic', 'granular'];
  return [
    ...when(keeps === false, invalidValue(at('preserve-unknown-fields'), false, 'must be true or undefined')),
    ...(isSet(mapType) ? ofType('object', 'map-type') : []),
    ...when(isSet(mapType) && !maps.includes(mapType ?? ''), notSupported(at('map-type'), mapType, maps)),
    ...(isSet(listType) ? ofType('array', 'list-type') : []),
    ...(listType === 'set' ? checkSetItems(itemsOf(schema), field) : []),
    ...when(
      isSet(listType) && !lists.includes(listType ?? ''),
      notSupported(at('list-type'), listType, lists),
    ),
  ];
}

function checkSetItems(items: Schema | null, field: string): readonly FieldError[] {
  const why = 'must be atomic as item of a list with x-kubernetes-list-type=set';
  const at = `${field}.items.x-kubernetes-`;
  if (items === null) return [];
  const listType = items['x-kubernetes-list-type'] ?? 'atomic';
  const nullable = forbiddenField(
    `${field}.items.nullable`,
    'cannot be nullable when x-kubernetes-list-type is set',
  );
  return [
    ...when(items.nullable === true, nullable),
    ...when(items.type === 'array' && listType !== 'atomic', invalidValue(`${at}list-type`, listType, why)),
    ...when(
      items.type === 'object' && items['x-kubernetes-map-type'] !== 'atomic',
      invalidValue(`${at}map-type`, items['x-kubernetes-map-type'] ?? null, why),
    ),
  ];
}

function checkListKeys(schema: Schema, field: string): readonly FieldError[] {
  const keys = listKeysOf(schema);
  const type = schema['x-kubernetes-list-type'];
  const why = 'must be map if x-kubernetes-list-map-keys is non-empty';
  const place = `${field}.x-kubernetes-list-type`;
  if (type !== 'map') {
    if (keys.length === 0) return [];
    return isSet(type) ? [invalidValue(place, type, why)] : [required(place, why)];
  }
  const items = itemsOf(schema);
  if (items === null)
    return [required(`${field}.items`, 'must have a schema if x-kubernetes-list-type is map')];
  const ofItems = "must be object if parent array's x-kubernetes-list-type is map";
  const at = `${field}.x-kubernetes-list-map-keys`;
  return [
    ...when(keys.length === 0, required(at, 'must not be empty if x-kubernetes-list-type is map')),
    ...when(new Set(keys).size < keys.length, invalidValue(at, keys, 'must not contain duplicate entries')),
    ...when(
      items.nullable === true,
      forbiddenField(`${field}.items.nullable`, 'cannot be nullable when x-kubernetes-list-type is map'),
    ),
    ...(items.type === 'object'
      ? keys.flatMap((key) => checkKey(items, key, field, keys))
      : [invalidValue(`${field}.items.type`, items.type ?? '', ofItems)]),
  ];
}

function checkKey(items: Schema, key: string, field: string, keys: readonly string[]): readonly FieldError[] {
  const property = propertyOf(items, key);
  const at = `${field}.items.properties[${key}]`;
  if (property === null) {
    const place = `${field}.x-kubernetes-list-map-keys`;
    return [invalidValue(place, keys, 'entries must all be names of item properties')];
  }
  const hasValue = items.required?.includes(key) === true || isSetDefault(property.default);
  const isCompound = property.type === 'array' || property.type === 'object';
  return [
    ...when(
      isCompound,
      invalidValue(
        ...([`${at}.type`, property.type] as const),
        "must be a scalar type if parent array's x-kubernetes-list-type is map",
      ),
    ),
    ...when(
      !hasValue,
      required(
        `${at}.default`,
        'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
      ),
    ),
    ...when(
      property.nullable === true,
      forbiddenField(
        `${at}.nullable`,
        'this property is in x-kubernetes-list-map-keys, so it cannot be nullable',
      ),
    ),
  ];
}

function isSetDefault(value: unknown): boolean {
  return value !== undefined && value !== null;
}
