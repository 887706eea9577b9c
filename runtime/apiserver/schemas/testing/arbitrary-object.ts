/** Objects of a type at random, such as a client could send: any field may be absent, null, empty or filled.
 * Bytes and lists of text are filled: Go takes an empty one for none where it writes JSON. */
import fc from 'fast-check';
import { type JsonObject, type JsonValue, setOwn } from '../protobuf/json-value.ts';
import type { ApiField, ApiType, FieldType, ScalarType } from '../registry.ts';
import type { SpecialType } from '../types-file.ts';

/** @param depth of messages within messages; below it only scalars are filled. */
export function arbitraryObject(type: ApiType, depth: number): fc.Arbitrary<JsonObject> {
  const fields = type.fields.filter((field) => depth > 0 || field.of.kind === 'scalar');
  const entries = fields.map((field) =>
    field.inline === true && field.of.kind === 'message'
      ? arbitraryObject(field.of.type, depth - 1)
      : fc
          .option(arbitraryField(field, depth), { nil: undefined, freq: 2 })
          .map((value) => oneField(field, value)),
  );
  return fc.tuple(...entries).map((parts) => Object.assign({}, ...parts) as JsonObject);
}

function oneField(field: ApiField, value: JsonValue | undefined): JsonObject {
  return value === undefined ? {} : { [field.json]: value };
}

function arbitraryField(field: ApiField, depth: number): fc.Arbitrary<JsonValue> {
  const value = arbitraryValue(field.of, depth);
  if (field.shape === 'list') return fc.array(value, { maxLength: 2 });
  if (field.shape === 'single') return field.isPointer ? fc.option(value) : value;
  const names = fc.oneof(fc.string({ maxLength: 5, unit: 'grapheme' }), fc.constant('__proto__'));
  return fc.array(fc.tuple(names, value), { maxLength: 3 }).map((items) => {
    const object: JsonObject = {};
    for (const [name, item] of items) setOwn(object, name, item);
    return object;
  });
}

function arbitraryValue(of: FieldType, depth: number): fc.Arbitrary<JsonValue> {
  if (of.kind === 'message') return depth > 0 ? arbitraryObject(of.type, depth - 1) : fc.constant({});
  if (of.kind === 'special') return specials[of.special]();
  return scalars[of.scalar]();
}

const whole = (from: bigint, to: bigint): fc.Arbitrary<JsonValue> =>
  fc.bigInt(from, to).map((value) => (Number.isSafeInteger(Number(value)) ? Number(value) : value));

const scalars: Record<ScalarType, () => fc.Arbitrary<JsonValue>> = {
  string: () => fc.string({ maxLength: 8, unit: 'grapheme' }),
  bool: () => fc.boolean(),
  int32: () => fc.integer(),
  uint32: () => fc.nat(),
  int64: () => whole(-(2n ** 63n), 2n ** 63n - 1n),
  uint64: () => whole(0n, 2n ** 64n - 1n),
  double: () => fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
  bytes: () =>
    fc.uint8Array({ minLength: 1, maxLength: 6 }).map((bytes) => Buffer.from(bytes).toString('base64')),
};

const seconds = fc.integer({ min: -62_135_596_799, max: 253_402_300_799 });
/** As Go writes it, so that it comes back in the same way. */
const json = (): fc.Arbitrary<JsonValue> =>
  fc.oneof(fc.constant({}), fc.constant({ spec: { replicas: 1 } }), fc.constant([1, 'two']), fc.constant(''));

const specials: Record<SpecialType, () => fc.Arbitrary<JsonValue>> = {
  time: () => seconds.map((value) => `${new Date(value * 1000).toISOString().slice(0, 19)}Z`),
  microTime: () =>
    fc
      .tuple(seconds, fc.nat(999_999))
      .map(
        ([value, micro]) =>
          `${new Date(value * 1000).toISOString().slice(0, 19)}.${String(micro).padStart(6, '0')}Z`,
      ),
  duration: () => fc.constantFrom('0s', '1h0m0s', '1.5ms', '-2m0.25s', '7ns'),
  quantity: () => fc.constantFrom('0', '100m', '1Gi', '12e6'),
  intOrString: () => fc.oneof(fc.integer(), fc.string({ maxLength: 5, unit: 'grapheme' })),
  raw: json,
  json,
  fields: () => fc.constantFrom<JsonValue>({}, { 'f:spec': { 'f:replicas': {} } }),
  strings: () => fc.array(fc.string({ maxLength: 4, unit: 'grapheme' }), { minLength: 1, maxLength: 2 }),
  schemaOrArray: () => fc.constantFrom<JsonValue>({ type: 'string' }, [{ type: 'string' }, {}]),
  schemaOrBool: () => fc.constantFrom<JsonValue>(true, false, { type: 'string' }),
  schemaOrStrings: () => fc.constantFrom<JsonValue>({ type: 'string' }, ['a', 'b']),
};
