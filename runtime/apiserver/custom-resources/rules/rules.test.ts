/** Rules of schemas, asked about objects that are made and changed. */
import t from 'tap';
import type { JsonValue } from '../../schemas/protobuf/json-value.ts';
import type { Schema } from '../schema/schema.ts';
import { checkRules } from './check-rules.ts';
import { compileRules } from './compile-rules.ts';

type Rules = NonNullable<Schema['x-kubernetes-validations']>;

function ask(schema: Schema, value: JsonValue, old?: JsonValue) {
  const tree = compileRules(schema, true);
  if (tree === null) throw new Error('there are no rules');
  const { errors, warnings } = checkRules(tree, value, old);
  return { errors: errors.map(({ field, message }) => `${field}: ${message}`), warnings };
}

const size: Schema = { type: 'integer' };
const withRules = (rules: Rules, properties: Record<string, Schema> = { size }): Schema => ({
  ...{ type: 'object', properties },
  'x-kubernetes-validations': rules,
});

t.test('rules give their reason, their field and their message', async (t) => {
  for (const [rule, expected] of [
    [{ rule: 'self.size > 1' }, '<nil>: Invalid value: "object": failed rule: self.size > 1'],
    [{ rule: 'self.size > 1', message: ' too small ' }, '<nil>: Invalid value: "object": too small'],
    [
      { rule: 'self.size > 1', fieldPath: '.size' },
      'size: Invalid value: "object": failed rule: self.size > 1',
    ],
    [{ rule: 'false', reason: 'FieldValueForbidden', message: 'm' }, '<nil>: Forbidden: m'],
    [{ rule: 'false', reason: 'FieldValueRequired', message: 'm' }, '<nil>: Required value: m'],
    [{ rule: 'false', reason: 'FieldValueDuplicate' }, '<nil>: Duplicate value: "object"'],
    [
      { rule: 'false', messageExpression: "'size ' + string(self.size)" },
      '<nil>: Invalid value: "object": size 1',
    ],
    [
      { rule: 'false', messageExpression: "'a' + string(1 / 0)", message: 'm' },
      '<nil>: Invalid value: "object": m',
    ],
    [
      { rule: '1 / (self.size - 1) > 0' },
      '<nil>: Invalid value: "object": division by zero evaluating rule: 1 / (self.size - 1) > 0',
    ],
    [
      { rule: 'self.nothing' },
      /rule compile error: compilation failed: ERROR: <input>:1:5: undefined field 'nothing'/,
    ],
    [{ rule: "self.metadata.name == 'a' && self.kind == 'K'" }, null],
  ] as const) {
    const { errors } = ask(withRules([rule]), { kind: 'K', metadata: { name: 'a' }, size: 1 });
    if (expected === null) t.same(errors, []);
    else t.match(errors, [expected], rule.rule);
  }
});

t.test('rules compare with what was, where something was', async (t) => {
  const grows = withRules([{ rule: 'self.size >= oldSelf.size' }]);
  t.same(ask(grows, { size: 1 }).errors, []);
  t.same(ask(grows, { size: 1 }, { size: 2 }).errors.length, 1);
  const first = withRules([{ rule: 'oldSelf.hasValue() || self.size == 1', optionalOldSelf: true }]);
  t.same(ask(first, { size: 2 }).errors.length, 1);
  t.same(ask(first, { size: 2 }, { size: 1 }).errors, []);
  const item = withRules([{ rule: 'self.v == oldSelf.v' }], { k: { type: 'string' }, v: size });
  const list: Schema = {
    type: 'object',
    properties: {
      list: {
        type: 'array',
        items: item,
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['k'],
      },
    },
  };
  const old = { list: [{ k: 'a', v: 1 }] };
  t.same(
    ask(
      list,
      {
        list: [
          { k: 'b', v: 2 },
          { k: 'a', v: 1 },
        ],
      },
      old,
    ).errors,
    [],
  );
  t.match(
    ask(
      list,
      {
        list: [
          { k: 'b', v: 2 },
          { k: 'a', v: 3 },
        ],
      },
      old,
    ).errors,
    [/^list\[1\]: /],
  );
});

t.test('what is as it was is warned of', async (t) => {
  const schema: Schema = {
    type: 'object',
    properties: { a: withRules([{ rule: 'self.size > 1' }]), b: size },
  };
  const outcome = ask(schema, { a: { size: 1 }, b: 2 }, { a: { size: 1 }, b: 1 });
  t.same(outcome, { errors: [], warnings: ['a: Invalid value: "object": failed rule: self.size > 1'] });
  t.equal(ask(schema, { a: { size: 0 }, b: 1 }, { a: { size: 1 }, b: 1 }).errors.length, 1);
});

t.test('rules stand in maps, in lists, and in what is said once more', async (t) => {
  const positive = { type: 'integer', 'x-kubernetes-validations': [{ rule: 'self > 0' }] };
  const schema: Schema = {
    type: 'object',
    properties: {
      map: { type: 'object', additionalProperties: positive },
      list: { type: 'array', items: positive },
      both: { ...size, allOf: [{ 'x-kubernetes-validations': [{ rule: 'self < 5' }] }] },
      when: {
        type: 'string',
        format: 'date-time',
        'x-kubernetes-validations': [{ rule: 'self.getFullYear() > 2000' }],
      },
    },
  };
  const { errors } = ask(schema, { map: { k: 0 }, list: [1, 0], both: 7, when: '1999-01-01T00:00:00Z' });
  t.match(errors, [/^map\[k\]: /, /^list\[1\]: /, /^both: /, /^when: Invalid value: "string"/]);
});

t.test('all rules of an object share what they may cost', async (t) => {
  const list = Array.from({ length: 3000 }, (_, index) => index);
  const slow = { rule: 'self.list.all(a, self.list.all(b, a + b >= 0))' };
  const schema = withRules([slow, { rule: 'false' }], { list: { type: 'array', items: size } });
  const { errors } = ask(schema, { list });
  t.equal(errors.length, 1);
  t.match(errors, [
    /no further validation rules will be run due to call cost exceeds limit for rule: self.list/,
  ]);
});
