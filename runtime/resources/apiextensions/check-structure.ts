/**
 * Whether a schema is structural: of every place it is said once what it is, and what is said of the same place in other ways only
 * limits its values. (k8s.io/apiextensions-apiserver/pkg/apiserver/schema/validation.go, complete.go) Pure.
 */
import { compilePattern } from '../../apiserver/cel/functions/regex.ts';
import {
  isIntOrString,
  isResource,
  itemsOf,
  keepsUnknown,
  propertyOf,
  type Schema,
  valuesOf,
} from '../../apiserver/custom-resources/schema/schema.ts';
import { isSameJson, type JsonValue } from '../../apiserver/schemas/protobuf/json-value.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { forbiddenField, invalidValue, required } from '../field-errors.ts';
import { when } from '../meta/field-checks.ts';

export function checkStructure(schema: Schema, field: string): readonly FieldError[] {
  const errors = [...checkPlace(schema, field, 'root'), ...checkComplete(schema, schema, field, field)];
  return errors.sort((a, b) => (`${a.field}: ${a.message}` < `${b.field}: ${b.message}` ? -1 : 1));
}

type Level = 'root' | 'item' | 'field';

const untyped: Readonly<Record<Level, string>> = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
};

function checkPlace(schema: Schema, field: string, level: Level): readonly FieldError[] {
  const items = itemsOf(schema);
  const values = valuesOf(schema);
  const { type = '', additionalProperties: others } = schema;
  const hasOthers = others !== undefined && others !== null;
  const at = `${field}.additionalProperties`;
  return [
    ...when(type === 'array' && items === null, required(`${field}.items`, 'must be specified')),
    ...(items === null ? [] : checkPlace(items, `${field}.items`, 'item')),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
      checkPlace(property, `${field}.properties[${name}]`, 'field'),
    ),
    ...when(hasOthers && level === 'root', forbiddenField(at, 'must not be used at the root')),
    ...(values === null ? [] : checkPlace(values, at, 'field')),
    ...checkExtensions(schema, field),
    ...checkLimits(schema, field, isIntOrStringPattern(schema)),
    ...checkType(schema, field, level),
    ...when(
      isResource(schema) && hasOthers,
      forbiddenField(at, 'must not be used if x-kubernetes-embedded-resource is set'),
    ),
    ...(level === 'root' || isResource(schema) ? checkOwn(schema, field, level) : []),
  ];
}

function checkExtensions(schema: Schema, field: string): readonly FieldError[] {
  const why = 'must be false if x-kubernetes-int-or-string is true';
  const at = (name: string): string => `${field}.x-kubernetes-${name}`;
  const isEmpty = Object.keys(schema.properties ?? {}).length === 0;
  const words =
    'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields';
  return [
    ...when(
      isIntOrString(schema) && keepsUnknown(schema),
      invalidValue(at('preserve-unknown-fields'), true, why),
    ),
    ...when(isIntOrString(schema) && isResource(schema), invalidValue(at('embedded-resource'), true, why)),
    ...when(isResource(schema) && !keepsUnknown(schema) && isEmpty, required(`${field}.properties`, words)),
  ];
}

function checkType(schema: Schema, field: string, level: Level): readonly FieldError[] {
  const { type = '' } = schema;
  const at = `${field}.type`;
  const root = when(
    level === 'root' && type !== '' && type !== 'object',
    invalidValue(at, type, 'must be object at the root'),
  );
  if (isResource(schema) && type !== 'object') {
    const why = 'must be object if x-kubernetes-embedded-resource is true';
    return [...(type === '' ? [required(at, why)] : [invalidValue(at, type, why)]), ...root];
  }
  const isOpen = type === '' && !isIntOrString(schema) && !keepsUnknown(schema);
  return [...when(isOpen, required(at, untyped[level])), ...root];
}

/** Kind, version and metadata are every object's own. */
function checkOwn(schema: Schema, field: string, level: Level): readonly FieldError[] {
  const at = (name: string): string => `${field}.properties[${name}]`;
  const wanted = { kind: 'string', apiVersion: 'string', metadata: 'object' };
  const ofTypes = Object.entries(wanted).flatMap(([name, type]) => {
    const property = propertyOf(schema, name);
    if (property === null || property.type === type) return [];
    return [invalidValue(`${at(name)}.type`, property.type ?? '', `must be ${type}`)];
  });
  const metadata = propertyOf(schema, 'metadata');
  if (metadata === null || level !== 'root') return ofTypes;
  const names = Object.keys(metadata.properties ?? {});
  const isPlain = names.every((name) => name === 'name' || name === 'generateName');
  const others = Object.keys(metadata).filter(
    (name) => !['type', 'properties', 'description'].includes(name),
  );
  const why =
    'must not specify anything other than name and generateName, but metadata is implicitly specified';
  return [...ofTypes, ...when(!isPlain || others.length > 0, forbiddenField(at('metadata'), why))];
}

const intOrString: JsonValue = [{ type: 'integer' }, { type: 'string' }];

/** The two ways to say so in plain OpenAPI as well. */
function isIntOrStringPattern({ anyOf, allOf }: Schema): 'anyOf' | 'allOf' | null {
  if (isSameJson((anyOf ?? []) as unknown as JsonValue, intOrString)) return 'anyOf';
  return isSameJson((allOf?.[0]?.anyOf ?? []) as unknown as JsonValue, intOrString) ? 'allOf' : null;
}

function checkLimits(schema: Schema, field: string, skips: 'anyOf' | 'allOf' | null): readonly FieldError[] {
  const { anyOf, allOf, oneOf, not, pattern = '' } = schema;
  const compiled = pattern === '' ? null : compilePattern(pattern);
  const all = (limits: readonly Schema[] | undefined, name: string): readonly FieldError[] =>
    (limits ?? []).flatMap((limit, index) => {
      const skipsOwn = name === 'allOf' && index === 0 && skips === 'allOf' ? 'anyOf' : null;
      return checkLimit(limit, `${field}.${name}[${index}]`, skipsOwn);
    });
  return [
    ...(skips === 'anyOf' ? [] : all(anyOf, 'anyOf')),
    ...all(allOf, 'allOf'),
    ...all(oneOf, 'oneOf'),
    ...(not ? checkLimit(not, `${field}.not`, null) : []),
    ...(typeof compiled === 'string'
      ? [
          invalidValue(
            `${field}.pattern`,
            pattern,
            `must be a valid regular expression, but isn't: ${compiled}`,
          ),
        ]
      : []),
  ];
}

/** What only the place itself says. */
const ofPlace = [
  ...([
    ['type', 'empty'],
    ['additionalProperties', 'undefined'],
    ['default', 'undefined'],
  ] as const),
  ...([
    ['title', 'empty'],
    ['description', 'empty'],
    ['nullable', 'false'],
  ] as const),
  ...([
    ['x-kubernetes-preserve-unknown-fields', 'false'],
    ['x-kubernetes-embedded-resource', 'false'],
  ] as const),
  ...([
    ['x-kubernetes-int-or-string', 'false'],
    ['x-kubernetes-list-map-keys', 'empty'],
  ] as const),
  ...([
    ['x-kubernetes-list-type', 'undefined'],
    ['x-kubernetes-map-type', 'undefined'],
  ] as const),
] as const;

function checkLimit(limit: Schema, field: string, skips: 'anyOf' | null): readonly FieldError[] {
  const items = itemsOf(limit);
  const isSaid = (value: unknown): boolean =>
    value !== undefined && value !== null && value !== '' && value !== false;
  return [
    ...checkLimits(limit, field, skips),
    ...(items === null ? [] : checkLimit(items, `${field}.items`, null)),
    ...Object.entries(limit.properties ?? {}).flatMap(([name, property]) =>
      checkLimit(property, `${field}.properties[${name}]`, null),
    ),
    ...ofPlace.flatMap(([name, what]) =>
      when(isSaid(limit[name]), forbiddenField(`${field}.${name}`, `must be ${what} to be structural`)),
    ),
    ...when(
      propertyOf(limit, 'metadata') !== null,
      forbiddenField(`${field}.properties[metadata]`, 'must not be specified in a nested context'),
    ),
  ];
}

/** What is limited has to be there. @param place null: it is not */
function checkComplete(
  limit: Schema,
  place: Schema | null,
  field: string,
  said: string,
): readonly FieldError[] {
  if (place === null) return [required(field, `because it is defined in ${said}`)];
  const { anyOf, allOf, oneOf, not } = limit;
  const all = (limits: readonly Schema[] | undefined, name: string): readonly FieldError[] =>
    (limits ?? []).flatMap((one, index) => checkWithin(one, place, field, `${said}.${name}[${index}]`));
  return [
    ...(not ? checkWithin(not, place, field, `${said}.not`) : []),
    ...all(allOf, 'allOf'),
    ...all(anyOf, 'anyOf'),
    ...all(oneOf, 'oneOf'),
  ];
}

function checkWithin(limit: Schema, place: Schema, field: string, said: string): readonly FieldError[] {
  const items = itemsOf(limit);
  const below = (next: Schema, nextPlace: Schema | null, step: string): readonly FieldError[] => {
    const [at, from] = [`${field}.${step}`, `${said}.${step}`];
    return nextPlace === null
      ? [required(at, `because it is defined in ${from}`)]
      : checkWithin(next, nextPlace, at, from);
  };
  return [
    ...checkComplete(limit, place, field, said),
    ...(items === null ? [] : below(items, itemsOf(place), 'items')),
    ...Object.entries(limit.properties ?? {}).flatMap(([name, property]) =>
      below(property, propertyOf(place, name), `properties[${name}]`),
    ),
  ];
}
