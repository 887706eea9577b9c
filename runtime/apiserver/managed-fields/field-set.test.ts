import fc from 'fast-check';
import t from 'tap';
import type { JsonObject } from '../schemas/protobuf/json-value.ts';
import { fieldElement, indexElement, keyElement, valueElement } from './element.ts';
import {
  difference,
  differenceWithBelow,
  emptySet,
  type FieldSet,
  formatPath,
  intersection,
  isEmptySet,
  isSameSet,
  pathsOf,
  setOf,
  union,
} from './field-set.ts';
import { formatFieldsV1, readFieldsV1 } from './fields-v1.ts';

const element = fc.oneof(
  fc.constantFrom('a', 'b', '1', '.', '__proto__').map(fieldElement),
  fc.constantFrom<JsonObject>({ name: 'x' }, { port: 80, protocol: 'TCP' }, { port: 9 }).map(keyElement),
  fc.constantFrom('x', 1, true).map(valueElement),
  fc.nat(2).map(indexElement),
);
const set = fc.array(fc.array(element, { minLength: 1, maxLength: 4 }), { maxLength: 8 }).map(setOf);
const texts = (of: FieldSet): string[] => [...pathsOf(of)].map((path) => path.join('\n'));

t.test('the sets are an algebra', async (t) => {
  fc.assert(
    fc.property(set, set, (a, b) => {
      const [left, right] = [new Set(texts(a)), new Set(texts(b))];
      const both = texts(intersection(a, b));
      t.same(new Set(texts(union(a, b))), new Set([...left, ...right]));
      t.same(new Set(both), new Set([...left].filter((path) => right.has(path))));
      t.same(new Set(texts(difference(a, b))), new Set([...left].filter((path) => !right.has(path))));
      t.ok(isSameSet(union(difference(a, b), intersection(a, b)), a));
      t.ok(isEmptySet(difference(a, a)));
      t.ok(isSameSet(union(a, emptySet), a));
      const isBelow = (path: string): boolean =>
        [...right].some((other) => path === other || path.startsWith(`${other}\n`));
      t.same(new Set(texts(differenceWithBelow(a, b))), new Set([...left].filter((path) => !isBelow(path))));
    }),
  );
});

t.test('FieldsV1 holds any set, and comes back the same', async (t) => {
  fc.assert(
    fc.property(set, (fields) => {
      const json = JSON.stringify(formatFieldsV1(fields));
      const back = readFieldsV1(JSON.parse(json));
      t.ok(isSameSet(back, fields), json);
      t.equal(JSON.stringify(formatFieldsV1(back)), json);
    }),
  );
});

t.test('formatFieldsV1 writes in the order of Go', async (t) => {
  const fields = setOf([
    [indexElement(10)],
    [indexElement(9)],
    [valueElement('b')],
    [valueElement(3)],
    [keyElement({ port: 443, protocol: 'TCP' }), fieldElement('port')],
    [keyElement({ protocol: 'TCP', port: 80 })],
    [keyElement({ protocol: 'TCP', port: 80 }), fieldElement('port')],
    [fieldElement('z')],
    [fieldElement('B')],
    [fieldElement('a'), fieldElement('x')],
  ]);
  t.equal(
    JSON.stringify(formatFieldsV1(fields)),
    '{"f:B":{},"f:a":{"f:x":{}},"f:z":{},"k:{\\"port\\":80,\\"protocol\\":\\"TCP\\"}":{".":{},"f:port":{}},' +
      '"k:{\\"port\\":443,\\"protocol\\":\\"TCP\\"}":{"f:port":{}},"v:3":{},"v:\\"b\\"":{},"i:9":{},"i:10":{}}',
  );
  t.same([...pathsOf(fields)].map(formatPath).slice(0, 4), ['.B', '.z', '[port=80,protocol="TCP"]', '[=3]']);
});

t.test('readFieldsV1 takes a key in any order, and passes over what a later version may know', async (t) => {
  const read = readFieldsV1({ 'k:{"protocol":"TCP", "port":80}': {}, 'q:later': { x: 1 } });
  t.ok(isSameSet(read, setOf([[keyElement({ port: 80, protocol: 'TCP' })]])));
});

t.test('readFieldsV1 refuses what is none', async (t) => {
  let deep: unknown = {};
  for (let depth = 0; depth < 100_000; depth += 1) deep = { 'f:a': deep };
  for (const json of [
    null,
    [],
    'f:a',
    { 'f:a': 1 },
    { 'k:{}': {} },
    { 'k:[1]': {} },
    { 'k:{"a":{}}': {} },
    { 'k:{': {} },
    { 'v:': {} },
    { 'i:-1': {} },
    { 'i:1x': {} },
    deep,
  ]) {
    t.throws(() => readFieldsV1(json), { name: 'ManagedFieldsError', code: 'malformed' });
  }
});
