import fc from 'fast-check';
import t from 'tap';
import { duplicateFields } from './duplicate-fields.ts';

t.test('duplicateFields names what stands twice', async (t) => {
  for (const [text, wanted] of [
    ['{}', []],
    ['{"a":1,"b":{"a":2},"c":[{"a":3},{"a":4}]}', []],
    ['{"a":1,"a":2}', ['a']],
    ['{"a":1,"a":2,"a":3}', ['a']],
    ['{"spec":{"x":{"y":1 , "z":2,\n"y" : 3}}}', ['spec.x.y']],
    ['{"c":[{"n":1},[],"s",{"n":1,"m":{},"n":2}]}', ['c[3].n']],
    ['[{"a":1,"a":1}]', ['[0].a']],
    ['{"a":"a","b":"a\\":{,","c":["a","a"]}', []],
    ['{"\\u0061":1,"a":2}', ['a']],
    ['"x"', []],
  ] as const) {
    t.same(duplicateFields(text), wanted, text);
  }
  const long = '\\"'.repeat(1_500_000);
  t.same(duplicateFields(`{"a":"${long}","b":"${long}","a":1}`), ['a']);
  t.equal(duplicateFields(`{${'"a":1,'.repeat(5000)}"a":1}`).length, 1);
});

t.test('duplicateFields finds none in what was parsed and written again', async (t) => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(undefined, 2), (value, indent) => {
      t.same(duplicateFields(JSON.stringify(JSON.parse(JSON.stringify(value)), null, indent)), []);
    }),
  );
});
