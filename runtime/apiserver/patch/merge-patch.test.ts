import fc from 'fast-check';
import t from 'tap';
import type { JsonValue } from '../schemas/protobuf/json-value.ts';
import { applyMergePatch } from './merge-patch.ts';

t.test('applyMergePatch does as RFC 7396 has it in its appendix', async (t) => {
  for (const [document, patch, wanted] of [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ a: 'foo' }, 'bar', 'bar'],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ] as [JsonValue, JsonValue, JsonValue][]) {
    t.strictSame(applyMergePatch(document, patch), wanted, JSON.stringify(patch));
  }
});

t.test('a merge patch twice is a merge patch once, and reaches nothing inherited', async (t) => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (document, patch) => {
      const once = applyMergePatch(document as JsonValue, patch as JsonValue);
      t.strictSame(applyMergePatch(once, patch as JsonValue), once);
    }),
  );
  const patch = JSON.parse('{"__proto__":{"polluted":1}}') as JsonValue;
  t.same(Object.keys(applyMergePatch({}, patch) as object), ['__proto__']);
  t.notOk('polluted' in {});
});
