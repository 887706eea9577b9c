import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { escapeProperty } from './escape.ts';
import { fromJson, toJson } from './json-values.ts';
import { compileRule, costOfOneExpression, costOfOneRequest, evaluate } from './rule.ts';
import { bool, dyn, int, listOf, mapOf, optionalOf, string, type Type } from './types.ts';

/** The value as JSON, or what went wrong, in words. */
function run(text: string, variables: Record<string, [Type, unknown]> = {}): unknown {
  const types = Object.fromEntries(Object.entries(variables).map(([name, [type]]) => [name, type]));
  const compiled = compileRule(text, { variables: types, results: [dyn] });
  if (compiled.kind === 'fault') return compiled.message;
  const values = Object.entries(variables).map(
    ([name, [type, json]]) => [name, fromJson(json, type)] as const,
  );
  const outcome = evaluate(compiled.rule, Object.fromEntries(values), { left: costOfOneRequest });
  if (outcome.kind === 'value') return toJson(outcome.value);
  return outcome.kind === 'error' ? `error: ${outcome.message}` : 'exhausted';
}

const self: Type = {
  kind: 'object',
  name: 'selfType',
  fields: new Map([
    ['replicas', { property: 'replicas', type: int }],
    ['name', { property: 'name', type: string }],
    ['x__dash__y', { property: 'x-y', type: string }],
    ['tags', { property: 'tags', type: { kind: 'list', element: string, identity: { kind: 'set' } } }],
    ['labels', { property: 'labels', type: mapOf(string, string) }],
    ['port', { property: 'port', type: dyn }],
    ['at', { property: 'at', type: { kind: 'timestamp' } }],
    ['ratio', { property: 'ratio', type: { kind: 'double' } }],
  ]),
};
const object = {
  ...{ replicas: 3, name: 'web', 'x-y': 'dashed', tags: ['b', 'a'], labels: { app: 'a' }, port: 80 },
  ...{ at: '2024-02-29T12:30:15.5Z', ratio: 2 },
};

const truths = [
  '1 + 2 * 3 == 7 && -7 / 2 == -3 && -7 % 2 == -1 && 7u - 2u == 5u',
  '1.5 + 0.5 == 2.0 && 1 < 1.5 && 2u >= 2 && dyn(1) == 1.0 && 3 > 2u',
  "'a' + 'b' == 'ab' && b'a' + b'b' == b'ab' && 'a' < 'b' && size('äö') == 2",
  '(1 / 0 == 1) || true',
  '!(false && 1 / 0 == 1)',
  '[1, 2, 3].all(x, x > 0) && [1, 2].exists(x, x == 2) && [1, 2].exists_one(x, x == 1)',
  '[1, 2, 3].map(x, x * 2) == [2, 4, 6] && [1, 2, 3].map(x, x > 1, x * 2) == [4, 6] && [1, 2].filter(x, x > 1) == [2]',
  "{'a': 1, 'b': 2}.all(k, k < 'c') && {'a': 1}.exists(k, v, v == 1) && [5, 6].all(i, v, v == i + 5)",
  "[1, 2].transformList(i, v, i + v) == [1, 3] && {'a': 1}.transformMap(k, v, v + 1) == {'a': 2}",
  "['x'].transformMapEntry(i, v, {v: i}) == {'x': 0} && [1, 2, 3].transformList(i, v, i > 0, v) == [2, 3]",
  "{'a': 1}['a'] == 1 && 'a' in {'a': 1} && 2 in [1, 2] && {'a': 1}.a == 1 && !(3 in [1, 2])",
  "type(1) == int && type('a') == string && type([]) == list && type(null) == null_type && type(1u) == uint",
  "int('42') == 42 && string(1.5) == '1.5' && double('1e3') == 1000.0 && bool('true') && uint(3) == 3u",
  "timestamp('2024-01-01T00:00:00Z') + duration('1h30m') == timestamp('2024-01-01T01:30:00Z')",
  "timestamp('2024-02-29T12:00:00Z').getMonth() == 1 && timestamp('2024-02-29T23:30:00Z').getDate('+01:00') == 1",
  "timestamp('2024-07-01T12:00:00Z').getHours('Europe/Berlin') == 14 && timestamp('1969-12-31T00:00:00Z').getDayOfWeek() == 3",
  "duration('90s').getMinutes() == 1 && string(duration('1.5s')) == '1.5s' && duration('1h') > duration('59m')",
  "timestamp('2024-01-01T00:00:00Z') - timestamp('2023-12-31T00:00:00Z') == duration('24h')",
  "'hello'.contains('ell') && 'hello'.startsWith('he') && 'hello'.endsWith('lo') && 'hello'.matches('^h.*o$')",
  "'tacocat'.indexOf('c') == 2 && 'tacocat'.lastIndexOf('c') == 4 && 'tacocat'.indexOf('a', 3) == 5 && 'abc'.charAt(1) == 'b'",
  "'a,b,c'.split(',') == ['a', 'b', 'c'] && 'a,b,c'.split(',', 2) == ['a', 'b,c'] && ['a', 'b'].join('-') == 'a-b'",
  "'hello'.replace('l', 'L', 1) == 'heLlo' && 'hello'.substring(1, 3) == 'el' && ' a '.trim() == 'a' && 'aB'.upperAscii() == 'AB'",
  "'%s is %d of %.2f, %x'.format(['a', 1, 2.5, 255]) == 'a is 1 of 2.50, ff' && strings.quote('a\"b') == '\"a\\\\\"b\"'",
  "'abc 123 def 456'.find('[0-9]+') == '123' && 'a1 b2 c3'.findAll('[0-9]') == ['1', '2', '3'] && 'a1b2'.findAll('[0-9]', 1) == ['1']",
  '[1, 2, 3].isSorted() && ![2, 1].isSorted() && [1, 2, 3].sum() == 6 && [3, 1].min() == 1 && [3.5, 1.0].max() == 3.5',
  '[1, 2, 1].indexOf(1) == 0 && [1, 2, 1].lastIndexOf(1) == 2 && [].sum() == 0',
  'sets.contains([1, 2, 3], [1, 3]) && sets.equivalent([1, 1], [1]) && sets.intersects([1], [1, 2]) && !sets.intersects([1], [2])',
  "quantity('1.5Gi').isGreaterThan(quantity('1G')) && quantity('100m').add(quantity('0.9')).asInteger() == 1 && isQuantity('3Mi')",
  "quantity('50k') == quantity('50000') && quantity('1').sub(1).sign() == 0 && !isQuantity('x') && quantity('2').compareTo(quantity('3')) == -1",
  "url('https://a.example:80/p/q?x=1&x=2').getHost() == 'a.example:80' && url('https://[::1]:80/').getHostname() == '::1'",
  "url('https://a/p?x=1&x=2').getQuery() == {'x': ['1', '2']} && isURL('/path') && !isURL('a path') && url('https://a:1/').getPort() == '1'",
  "ip('::1').isLoopback() && ip('10.0.0.1').family() == 4 && ip.isCanonical('::1') && !ip.isCanonical('::01') && !isIP('1.2.3')",
  "cidr('10.0.0.0/8').containsIP('10.1.2.3') && cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16') && cidr('10.1.2.3/8').masked() == cidr('10.0.0.0/8')",
  "string(cidr('10.0.0.0/8').ip()) == '10.0.0.0' && cidr('::/64').prefixLength() == 64 && ip('8.8.8.8').isGlobalUnicast()",
  "!format.dns1123Label().validate('ok').hasValue() && format.named('uuid').value().validate('x').value().size() == 1",
  "optional.of(1).orValue(2) == 1 && optional.none().orValue(2) == 2 && {'a': 1}[?'b'].orValue(3) == 3 && {'a': 1}.?a.value() == 1",
  "optional.of(1).optMap(x, x + 1).value() == 2 && !optional.ofNonZeroValue('').hasValue() && [?optional.none(), 1] == [1]",
  "optional.of(1).optFlatMap(x, optional.of(x + 1)).value() == 2 && {?'a': optional.none()} == {}",
  'has({"a": 1}.a) && !has({"a": 1}.b) && {"a": null}.a == null && {true: null}[true] == null',
  '!(dyn(1.5) in {1: 1}) && dyn(1.0) in {1: 1}',
  "r'\\d' == '\\\\d' && '\\u00e4' == 'ä' && '''a'b''' == \"a'b\" && b'\\xff'.size() == 1 && 0x10 == 16",
  '-9223372036854775808 < 0 // the least',
  'true ? 1 == 1 : 1 / 0 == 0',
  "['a', 'b'].exists(x, ['b'].exists(y, x == y)) && [[1], [2]].all(x, x.all(y, y < 3))",
];

t.test('evaluate gives what CEL and its libraries say', async (t) => {
  for (const text of truths) t.equal(run(text), true, text);
});

t.test('an object is read by the types of its schema', async (t) => {
  const given = { self: [self, object] as [Type, unknown] };
  for (const [text, expected] of [
    ['self.replicas * 2', 6],
    ['self.x__dash__y', 'dashed'],
    ["self.tags == ['a', 'b']", true],
    ["['a', 'b'] == ['b', 'a']", false],
    ["self.tags + ['a', 'c']", ['b', 'a', 'c']],
    ["self.labels.app + self.labels['app']", 'aa'],
    ['has(self.labels.app) && !has(self.labels.b)', true],
    ['self.port == 80 && type(self.port) == int', true],
    ['self.ratio / 4.0', 0.5],
    ['self.at.getMilliseconds()', 500],
    ['self.labels.none', 'error: no such key: none'],
    ['self.tags[7]', 'error: index out of bounds: 7'],
    ['self.port + "a"', 'error: no such overload'],
    ['{1: 1, 1u: 2}', 'error: Failed with repeated key'],
    ['self.replicas / 0', 'error: division by zero'],
    ['9223372036854775807 + self.replicas', 'error: integer overflow'],
    ['self.tags.map(x, x + self.name)', ['bweb', 'aweb']],
  ] as const) {
    t.same(run(text, given), expected, text);
  }
  const other = { ...given, other: [self, { ...object, tags: ['a', 'b'] }] as [Type, unknown] };
  t.equal(run('self.tags == other.tags', other), true, 'the order of a set says nothing');
});

t.test('what does not fit is said with its place', async (t) => {
  const types = { variables: { self }, results: [bool] };
  const faults: readonly (readonly [string, RegExp | string])[] = [
    ['self.wrong == 1', "ERROR: <input>:1:5: undefined field 'wrong'\n | self.wrong == 1\n | ....^"],
    ["self.name + 1 == 'a'", /1:11: found no matching overload for '_\+_' applied to '\(string, int\)'/],
    ['nothing', /1:1: undeclared reference to 'nothing' \(in container ''\)/],
    ['self.replicas', 'must evaluate to bool'],
    ['self.replicas ==', /1:17: Syntax error: mismatched input '<EOF>'/],
    ['self.replicas.x == 1', /type 'int' does not support field selection/],
    ['self.name.matches(1)', /found no matching overload for 'matches' applied to 'string\.\(int\)'/],
    ['[1].all(1, true)', /argument to all\(\) macro must be a simple identifier/],
    ['self.replicas.all(x, true)', /expression of type 'int' cannot be range of a comprehension/],
    ['self.name && true', /expected|found no matching overload for '_&&_'/],
    ['"open', /token recognition error/],
    ['1 +\n nothing', /2:2: undeclared reference/],
    ['9223372036854775808 == 1', /invalid int literal/],
    ['has(1)', /invalid argument to has\(\) macro/],
    ['if', /reserved identifier: if/],
    ['`a`', /token recognition error/],
  ];
  for (const [text, expected] of faults) {
    const outcome = compileRule(text, types);
    const message = outcome.kind === 'fault' ? outcome.message : 'compiled';
    if (typeof expected === 'string') t.equal(message, expected, text);
    else t.match(message, expected, text);
  }
  t.match(compileRule('self.a + self.b', types), { message: /'a'(.|\n)*'b'/ }, 'all of them are told');
});

t.test('nothing keeps the server busy for long', async (t) => {
  const many = Array.from({ length: 2000 }, (_, index) => index);
  const given = {
    many: [listOf(int), many] as [Type, unknown],
    text: [string, 'a'.repeat(50_000)] as [Type, unknown],
  };
  for (const text of [
    'many.all(a, many.all(b, many.all(c, a + b + c >= 0)))',
    'many.map(a, many.map(b, many))[0].size() == 1',
    `[text]${'.map(a, a + a)'.repeat(100)}.size() == 1`,
    "text.replace('', text).size() == 0",
    'many.map(a, many).map(b, b + b + b).all(c, c == many)',
    "many.exists(a, text.matches('(a+)+$' + string(a)))",
    'many.exists(a, many.exists(b, [a, b] in [many, many]))',
  ]) {
    t.equal(run(text, given), 'exhausted', text);
  }
  t.equal(run("text.matches('^(a+)+b$')", given), false, 'a pattern that would take others for ever');
  for (const text of [
    ...['('.repeat(5000), '['.repeat(5000), '-'.repeat(5000), '!'.repeat(99_999), `1${'+1'.repeat(40_000)}`],
    ...[`a${'.a'.repeat(40_000)}`, `"${'\\'.repeat(90_000)}`, `${'true?'.repeat(9000)}`, 'a'.repeat(200_000)],
    ...['{'.repeat(9000), `${'1 ? '.repeat(800)}1${' : 1'.repeat(800)}`],
  ]) {
    t.equal(compileRule(text, { variables: {}, results: [bool] }).kind, 'fault', text.slice(0, 10));
  }
  t.equal(run(`${'true && '.repeat(10_000)}true`), true, 'a long chain is no deep one');
});

t.test('a budget is one for many expressions', async (t) => {
  const compiled = compileRule('[1, 2, 3].all(x, x > 0)', { variables: {}, results: [bool] });
  if (compiled.kind === 'fault') throw new Error(compiled.message);
  const budget = { left: 100 };
  const outcomes = Array.from({ length: 20 }, () => evaluate(compiled.rule, {}, budget).kind);
  t.equal(outcomes[0], 'value');
  t.equal(outcomes.at(-1), 'exhausted');
  t.ok(budget.left >= 0 && costOfOneExpression < costOfOneRequest);
});

t.test('a rule knows what it uses', async (t) => {
  const compiled = compileRule('oldSelf.hasValue() ? true : self == 1', {
    variables: { self: int, oldSelf: optionalOf(int) },
    results: [bool],
  });
  t.same(compiled.kind === 'rule' && [...compiled.rule.uses], ['self', 'oldSelf']);
});

t.test('escapeProperty writes what is no identifier', async (t) => {
  for (const [name, escaped] of [
    ...([
      ['if', '__if__'],
      ['a-b', 'a__dash__b'],
      ['a.b', 'a__dot__b'],
      ['a/b', 'a__slash__b'],
    ] as const),
    ...([
      ['a__b', 'a__underscores__b'],
      ['_a', '_a'],
      ['1a', null],
      ['a b', null],
      ['', null],
    ] as const),
  ]) {
    t.equal(escapeProperty(name), escaped, name);
  }
});

t.test('whatever text comes, there is an answer', async (_t) => {
  const words = fc.constantFrom(
    ...['self', '.', '(', ')', '[', ']', '?', ':', ',', '1', "'a'", '+', '&&', 'x', 'all', 'in'],
  );
  const texts = fc.oneof(
    fc.string({ maxLength: 60 }),
    fc.array(words, { maxLength: 20 }).map((all) => all.join('')),
  );
  fc.assert(
    fc.property(texts, (text) => {
      assert.notEqual(run(text, { self: [dyn, { a: [1, 'x'] }] }), null === text);
    }),
  );
});
