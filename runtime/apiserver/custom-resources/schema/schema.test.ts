/** Schemas held against values: pruning, defaults, limits; whatever either of them is. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import type { JsonObject, JsonValue } from '../../schemas/protobuf/json-value.ts';
import { fillDefaults } from './defaults.ts';
import { checkEmbedded } from './embedded.ts';
import { hasFormat } from './formats.ts';
import { checkLists } from './list-types.ts';
import { prune } from './prune.ts';
import type { Schema } from './schema.ts';
import { validateValue } from './validate.ts';

const text: Schema = { type: 'string' };
const object = (properties: Record<string, Schema>, more: Schema = {}): Schema => ({
  ...{ type: 'object', properties },
  ...more,
});
const keeps: Schema = { 'x-kubernetes-preserve-unknown-fields': true };

t.test('prune takes out what is not named, and says where it was', async (t) => {
  const schema = object({
    a: text,
    map: { type: 'object', additionalProperties: object({ b: text }) },
    list: { type: 'array', items: object({ c: text }) },
    free: object({ known: object({ d: text }) }, keeps),
    inner: object({ spec: object({}) }, { 'x-kubernetes-embedded-resource': true }),
    any: { type: 'object', additionalProperties: true },
  });
  const value = {
    ...{ kind: 'K', apiVersion: 'v', metadata: { name: 'n', x: 1 }, a: 'a', z: 1 },
    map: { k: { b: 'b', z: 1 } },
    list: [{ c: 'c', z: 1 }, 'odd'],
    free: { more: { z: 1 }, known: { d: 'd', z: 1 } },
    inner: { kind: 'I', metadata: { labels: {} }, z: 1, spec: { z: 1 } },
    any: { z: { z: 1 } },
    ...JSON.parse('{"__proto__":{"z":1}}'),
  };
  const { value: pruned, unknown } = prune(value, schema);
  t.same(pruned, {
    ...{ kind: 'K', apiVersion: 'v', metadata: { name: 'n', x: 1 }, a: 'a' },
    ...{ map: { k: { b: 'b' } }, list: [{ c: 'c' }, 'odd'], free: { more: { z: 1 }, known: { d: 'd' } } },
    ...{ inner: { kind: 'I', metadata: { labels: {} }, spec: {} }, any: { z: {} } },
  });
  const wanted = [
    'z',
    'map.k.z',
    'list[0].z',
    'free.known.z',
    'inner.z',
    'inner.spec.z',
    'any.z.z',
    '__proto__',
  ];
  t.same([...unknown].sort(), wanted.sort());
  t.equal(prune(pruned, schema).value, pruned, 'nothing to do is nothing new');
});

t.test('fillDefaults fills in what is missing, and what is null by mistake', async (t) => {
  const schema = object({
    a: { type: 'string', default: 'x' },
    deep: object({ b: { type: 'integer', default: 1 } }, { default: {} }),
    only: object({ c: { type: 'integer', default: 2 } }),
    list: { type: 'array', items: object({ d: { type: 'boolean', default: true } }) },
    map: { type: 'object', additionalProperties: object({ e: { type: 'string', default: 'y' } }) },
    nullable: { type: 'string', nullable: true, default: 'n' },
    plain: text,
  });
  t.same(fillDefaults({}, schema), { a: 'x', deep: { b: 1 }, nullable: 'n' });
  t.same(
    fillDefaults(
      { a: null, nullable: null, plain: null, only: {}, list: [{}, { d: false }], map: { k: {} } },
      schema,
    ),
    {
      ...{ a: 'x', deep: { b: 1 }, nullable: null, only: { c: 2 } },
      ...{ list: [{ d: true }, { d: false }], map: { k: { e: 'y' } } },
    },
  );
});

const schemas: fc.Arbitrary<Schema> = fc.letrec<{ schema: Schema }>((tie) => {
  const below = tie('schema');
  const names = fc.constantFrom('a', 'b', 'c', '__proto__', 'kind');
  const withDefault = (values: fc.Arbitrary<JsonValue>) => fc.option(values, { nil: undefined });
  return {
    schema: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.record({ type: fc.constant('string'), default: withDefault(fc.constantFrom('x', 'y')) }),
      fc.record({ type: fc.constant('integer'), default: withDefault(fc.integer()) }),
      fc.constant<Schema>({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true }),
      fc.record({ type: fc.constant('array'), items: below }),
      fc.record({ type: fc.constant('object'), additionalProperties: below }),
      fc.record({
        type: fc.constant('object'),
        properties: fc.dictionary(names, below, { maxKeys: 3 }),
        nullable: fc.boolean(),
        default: withDefault(fc.constant({})),
      }),
    ),
  };
}).schema as fc.Arbitrary<Schema>;

const values = fc.jsonValue({ maxDepth: 5 }) as fc.Arbitrary<JsonValue>;

t.test('pruned twice is pruned once, and filled in twice is filled in once', async (_t) => {
  fc.assert(
    fc.property(schemas, values, (schema, value) => {
      const once = prune(value, schema).value;
      assert.equal(prune(once, schema).value, once);
      const filled = fillDefaults(value, schema);
      assert.deepEqual(fillDefaults(filled, schema), filled);
    }),
  );
});

t.test('whatever the schema and the value, validation comes to an end', async (_t) => {
  fc.assert(
    fc.property(schemas, values, values, (schema, value, old) => {
      const errors = validateValue(value, schema, '');
      assert.ok(errors.every(({ message }) => message !== ''));
      assert.deepEqual(validateValue(value, schema, '', value), []);
      validateValue(value, schema, '', old);
      checkLists(value, schema, '');
      checkEmbedded({ value } as JsonObject, object({ value: schema }));
    }),
  );
});

t.test('validateValue says what is wrong', async (t) => {
  for (const [value, schema, sentence] of [
    [1.5, { type: 'integer' }, 'Invalid value: "number": x in body must be of type integer: "number"'],
    [3, { type: 'number' }, null],
    [12345678901234567890n, { type: 'integer' }, null],
    [null, text, 'Invalid value: "null": x in body must be of type string: "null"'],
    [null, { ...text, nullable: true }, null],
    [7, { type: 'integer', multipleOf: 2 }, 'Invalid value: 7: x in body should be a multiple of 2'],
    [
      5,
      { type: 'integer', maximum: 5, exclusiveMaximum: true },
      'Invalid value: 5: x in body should be less than 5',
    ],
    ['', { ...text, minLength: 1 }, 'Invalid value: "": x in body should be at least 1 chars long'],
    [
      'no',
      { ...text, format: 'date-time' },
      'Invalid value: "no": x in body must be of type date-time: "no"',
    ],
    ['no', { ...text, format: 'nobody-knows' }, null],
    [
      [1],
      { type: 'array', minItems: 2, items: {} },
      'Invalid value: 1: x in body should have at least 2 items',
    ],
    [[1, 2], { type: 'array', maxItems: 1, items: {} }, 'Too many: 2: must have at most 1 items'],
    [
      { a: 1 },
      { type: 'object', minProperties: 2 },
      'Invalid value: 1: x in body should have at least 2 properties',
    ],
    ['a', { ...text, not: { enum: ['a'] } }, 'Invalid value: "": "x" must not validate the schema (not)'],
    [
      ...(['a', { ...text, oneOf: [{ pattern: 'a' }, { minLength: 1 }] }] as const),
      'Invalid value: "": "x" must validate one and only one schema (oneOf). Found 2 valid alternatives',
    ],
    [
      ...(['a', { ...text, anyOf: [{ pattern: 'b' }, { minLength: 2 }] }] as const),
      'Invalid value: "": "x" must validate at least one schema (anyOf)',
    ],
  ] as const) {
    const [first] = validateValue(value as JsonValue, schema as Schema, 'x');
    t.equal(first?.message ?? null, sentence, JSON.stringify(schema));
  }
});

t.test('what has not changed is not held against a change', async (t) => {
  const schema = object({
    a: { ...text, maxLength: 2 },
    list: {
      ...{ type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'] },
      items: object({ k: text, v: { type: 'integer', maximum: 1 } }),
    },
    plain: { type: 'array', items: { ...text, maxLength: 2 } },
  });
  const old = { a: 'long', list: [{ k: 'x', v: 5 }], plain: ['long'] };
  t.same(validateValue({ ...old, b: 1 }, schema, '', old), []);
  t.same(
    validateValue(
      {
        ...old,
        list: [
          { k: 'y', v: 1 },
          { k: 'x', v: 5 },
        ],
      },
      schema,
      '',
      old,
    ),
    [],
    'an item by its key',
  );
  t.match(
    validateValue({ ...old, plain: ['long', 'a'] }, schema, '', old),
    [{ field: 'plain[0]' }],
    'a list as a whole',
  );
  t.match(validateValue({ ...old, a: 'longer' }, schema, '', old), [{ field: 'a' }]);
});

t.test('objects within objects have a kind and metadata of their own', async (t) => {
  const schema = object({ inner: object({}, { 'x-kubernetes-embedded-resource': true, ...keeps }) });
  const wrong = { inner: { metadata: { labels: { 'a b': 'c' } } } };
  t.match(checkEmbedded(wrong, schema), [
    { field: 'inner.apiVersion', message: 'Required value: must not be empty' },
    { field: 'inner.kind' },
    { field: 'inner.metadata.labels' },
  ]);
  t.same(checkEmbedded({ inner: { kind: 'K', apiVersion: 'v1', metadata: {} } }, schema), []);
});

t.test('formats are those of the real server', async (t) => {
  for (const [format, good, bad] of [
    ['date', '2024-02-29', '2023-02-29'],
    ['date-time', '2024-02-29T00:00:00Z', '2024-02-29'],
    ['ipv4', '1.2.3.4', '1.2.3.400'],
    ['ipv6', '::1', ':::1'],
    ['cidr', '10.0.0.0/8', '10.0.0.0/99'],
    ['uuid', '123e4567-e89b-12d3-a456-426614174000', '123e4567'],
    ['byte', 'aGk=', 'a==='],
    ['duration', '1h30m', 'soon'],
    ['hostname', 'a.example', '-a'],
    ['email', 'a@b', 'a'],
    ['mac', '00:11:22:33:44:55', '00:11'],
    ['uri', 'https://a/b', 'a b'],
  ] as const) {
    t.ok(hasFormat(format, good), `${format} ${good}`);
    t.notOk(hasFormat(format, bad), `${format} ${bad}`);
  }
});

t.test('hostile schemas and values take no time to speak of', async (t) => {
  const started = performance.now();
  const many = Array.from({ length: 50_000 }, (_, index) => `v${index}`);
  t.equal(validateValue('x', { ...text, enum: many }, 'x').length, 1);
  t.equal(
    validateValue(many, { type: 'array', items: { type: 'integer' } }, 'x').length,
    100,
    'not all are told',
  );
  t.equal(validateValue('a'.repeat(100_000), { ...text, pattern: '^(a+)+$b' }, 'x').length, 1);
  let deep: Schema = text;
  let value: JsonValue = 1;
  for (let depth = 0; depth < 400; depth += 1) {
    deep = object({ a: deep });
    value = { a: value };
  }
  t.equal(validateValue(value, deep, '').length, 1);
  t.same(prune(value, deep).unknown, []);
  t.same(
    checkLists([...many, ...many], { type: 'array', 'x-kubernetes-list-type': 'set', items: text }, 'x')
      .length,
    50_000,
  );
  t.ok(performance.now() - started < 30_000);
});
