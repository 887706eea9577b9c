/**
 * What is wrong with a value by its schema, in the sentences of the real server. (k8s.io/kube-openapi/pkg/validation/validate)
 * Pure. What a schema can ask for takes time by the size of the value and of the schema; patterns are RE2's.
 */
import { compilePattern, matchesPattern } from '../../cel/functions/regex.ts';
import { isObject, isSameJson, type JsonObject, type JsonValue } from '../../schemas/protobuf/json-value.ts';
import type { FieldError } from '../../status.ts';
import { oldItems, oldProperty } from './correlate.ts';
import { invalidAt, notOneOf, requiredAt, tooLongAt, tooManyAt, within } from './faults.ts';
import { hasFormat } from './formats.ts';
import { formatGoFloat } from './go-numbers.ts';
import { isIntOrString, itemsOf, propertyOf, type Schema, valuesOf } from './schema.ts';

/** More say nothing new. */
const mostErrors = 100;

/**
 * @param path of the value; '' at the root
 * @param old what was there before, undefined where nothing was: parts that have not changed are as well as they were
 */
export function validateValue(
  value: JsonValue,
  schema: Schema,
  path: string,
  old?: JsonValue,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const error of check(value, schema, path, old)) {
    if (errors.push(error) === mostErrors) break;
  }
  return errors;
}

function* check(value: JsonValue, schema: Schema, path: string, old?: JsonValue): Generator<FieldError> {
  if (old !== undefined && isSameJson(old, value)) return;
  yield* checkType(value, schema, path);
  if (value !== null) {
    yield* checkCombinations(value, schema, path);
    if (typeof value === 'string') yield* checkText(value, schema, path);
    if (typeof value === 'number' || typeof value === 'bigint') yield* checkNumber(value, schema, path);
    if (Array.isArray(value)) yield* checkItems(value, schema, path, old);
  }
  yield* checkEnum(value, schema, path);
  if (isObject(value)) yield* checkObject(value, schema, path, old);
}

function typeOf(value: JsonValue): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'bigint') return 'integer';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function typesOf(schema: Schema): readonly string[] {
  if (isIntOrString(schema)) return ['integer', 'string'];
  return (schema.type ?? '') === '' ? [] : [schema.type as string];
}

function* checkType(value: JsonValue, schema: Schema, path: string): Generator<FieldError> {
  const wanted = typesOf(schema);
  const given = typeOf(value);
  if (wanted.length === 0 || wanted.includes(given)) return;
  if (value === null && schema.nullable === true) return;
  if (given === 'integer' && wanted.includes('number')) return;
  yield invalidAt(
    path,
    given,
    `${path} in body must be of type ${wanted.join(',')}: ${JSON.stringify(given)}`,
  );
}

function* checkText(value: string, schema: Schema, path: string): Generator<FieldError> {
  const { maxLength, minLength, pattern = '', format = '' } = schema;
  const limits = [maxLength, minLength].some((limit) => (limit ?? null) !== null);
  const length = limits ? [...value].length : 0;
  if (isSet(maxLength) && length > Number(maxLength)) yield tooLongAt(path, Number(maxLength));
  if (isSet(minLength) && length < Number(minLength))
    yield invalidAt(path, value, `${path} in body should be at least ${minLength} chars long`);
  if (pattern !== '') {
    const compiled = compilePattern(pattern);
    const matches = typeof compiled !== 'string' && matchesPattern(compiled, value);
    if (!matches) yield invalidAt(path, value, `${path} in body should match '${pattern}'`);
  }
  if (format !== '' && (schema.type ?? 'string') === 'string' && !hasFormat(format, value)) {
    yield invalidAt(path, value, `${path} in body must be of type ${format}: ${JSON.stringify(value)}`);
  }
}

function isSet<Value>(value: Value | null | undefined): value is Value {
  return value !== null && value !== undefined;
}

function* checkNumber(value: number | bigint, schema: Schema, path: string): Generator<FieldError> {
  const { maximum, minimum, multipleOf } = schema;
  const isWhole = typeof value === 'bigint' || Number.isInteger(value);
  const show = (limit: number): string =>
    isWhole && Number.isInteger(limit) ? String(limit) : formatGoFloat(limit);
  const wrong = (words: string, limit: number): FieldError =>
    invalidAt(path, value, `${path} in body should be ${words} ${show(limit)}`);
  if (isSet(multipleOf) && multipleOf > 0 && !isMultiple(value, multipleOf))
    yield wrong('a multiple of', multipleOf);
  const excludesMaximum = schema.exclusiveMaximum === true;
  if (isSet(maximum) && (value > maximum || (excludesMaximum && Number(value) === maximum)))
    yield wrong(excludesMaximum ? 'less than' : 'less than or equal to', maximum);
  const excludesMinimum = schema.exclusiveMinimum === true;
  if (isSet(minimum) && (value < minimum || (excludesMinimum && Number(value) === minimum)))
    yield wrong(excludesMinimum ? 'greater than' : 'greater than or equal to', minimum);
}

function isMultiple(value: number | bigint, of: number): boolean {
  if (Number.isInteger(of) && (typeof value === 'bigint' || Number.isInteger(value)))
    return BigInt(value) % BigInt(of) === 0n;
  return Number.isInteger(Number(value) / of);
}

function* checkItems(
  items: readonly JsonValue[],
  schema: Schema,
  path: string,
  old?: JsonValue,
): Generator<FieldError> {
  const { maxItems, minItems } = schema;
  const of = itemsOf(schema);
  const before = of === null ? null : oldItems(old, schema);
  for (const [index, item] of items.entries())
    if (of !== null) yield* check(item, of, within(path, index), before?.(item));
  if (isSet(minItems) && items.length < Number(minItems))
    yield invalidAt(path, items.length, `${path} in body should have at least ${minItems} items`);
  if (isSet(maxItems) && items.length > Number(maxItems))
    yield tooManyAt(path, items.length, Number(maxItems));
}

function* checkEnum(value: JsonValue, schema: Schema, path: string): Generator<FieldError> {
  const { enum: known } = schema;
  if (!isSet(known) || known.length === 0 || (value === null && schema.nullable === true)) return;
  const isKnown = known.some((one) => isSameJson(one as JsonValue, value));
  if (!isKnown) yield notOneOf(path, value, known);
}

function* checkObject(
  object: JsonObject,
  schema: Schema,
  path: string,
  old?: JsonValue,
): Generator<FieldError> {
  const { maxProperties, minProperties, required, additionalProperties } = schema;
  const names = Object.keys(object);
  const here = path === '' ? '' : `${path}.`;
  if (isSet(minProperties) && names.length < Number(minProperties)) {
    yield invalidAt(path, names.length, `${path} in body should have at least ${minProperties} properties`);
    return;
  }
  if (isSet(maxProperties) && names.length > Number(maxProperties)) {
    yield tooManyAt(path, names.length, Number(maxProperties));
    return;
  }
  for (const name of names) {
    const of = propertyOf(schema, name) ?? valuesOf(schema);
    if (of !== null) yield* check(object[name] as JsonValue, of, here + name, oldProperty(old, schema, name));
    else if (additionalProperties === false)
      yield invalidAt(path, '', `${here}${name} in body is a forbidden property`);
  }
  for (const name of required ?? []) {
    const hasDefault = isSet(propertyOf(schema, name)?.default);
    if (!Object.hasOwn(object, name) && !hasDefault) yield requiredAt(here + name);
  }
}

/** What is said in other ways of the same value. Their own sentence has no place but in its words. */
function* checkCombinations(value: JsonValue, schema: Schema, path: string): Generator<FieldError> {
  const { anyOf, oneOf, allOf, not } = schema;
  const all = (schemas: readonly Schema[]): readonly FieldError[][] =>
    schemas.map((one) => [...check(value, one, path)]);
  const quoted = JSON.stringify(path);
  if ((anyOf ?? []).length > 0 && !isIntOrString(schema)) {
    const results = all(anyOf as readonly Schema[]);
    if (!results.some((errors) => errors.length === 0)) {
      yield invalidAt('', '', `${quoted} must validate at least one schema (anyOf)`);
      yield* results[0] ?? [];
    }
  }
  if ((oneOf ?? []).length > 0) {
    const results = all(oneOf as readonly Schema[]);
    const valid = results.filter((errors) => errors.length === 0).length;
    const found = valid === 0 ? 'Found none valid' : `Found ${valid} valid alternatives`;
    if (valid !== 1)
      yield invalidAt('', '', `${quoted} must validate one and only one schema (oneOf). ${found}`);
    if (valid === 0) yield* results[0] ?? [];
  }
  if ((allOf ?? []).length > 0) {
    const results = all(allOf as readonly Schema[]);
    const failed = results.filter((errors) => errors.length > 0);
    yield* failed.flat();
    const more = failed.length === results.length ? '. None validated' : '';
    if (failed.length > 0) yield invalidAt('', '', `${quoted} must validate all the schemas (allOf)${more}`);
  }
  if (isSet(not) && [...check(value, not, path)].length === 0)
    yield invalidAt('', '', `${quoted} must not validate the schema (not)`);
}
