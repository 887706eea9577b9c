import fc from 'fast-check';
import t from 'tap';
import type { JsonValue } from '../schemas/protobuf/json-value.ts';
import { parseJson, stringifyJson } from './json-text.ts';

t.test('whole numbers of 64 bits come back as they were', async (t) => {
  for (const text of [
    ...[
      '9223372036854775807',
      '-9223372036854775808',
      '{"a":[9007199254740993,1]}',
      '9007199254740991',
      '0.1',
    ],
    ...['"12345678901234567890"', '{"a":"9999999999999999","b":1.5}'],
  ]) {
    t.equal(stringifyJson(parseJson(text)), text);
  }
  t.equal(parseJson('9007199254740993'), 9007199254740993n);
  t.equal(parseJson('9007199254740991'), 9007199254740991);
  t.throws(() => parseJson('{"a":12345678901234567'), SyntaxError);
});

t.test('all else is as JSON has it', async (t) => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value);
      t.equal(stringifyJson(parseJson(text)), JSON.stringify(JSON.parse(text)));
    }),
  );
  fc.assert(
    fc.property(fc.array(fc.bigInt({ min: 2n ** 60n, max: 2n ** 63n - 1n })), (values) => {
      t.strictSame(parseJson(stringifyJson(values as JsonValue)), values);
    }),
  );
});
