import fc from 'fast-check';
import t from 'tap';
import type { JsonValue } from '../schemas/protobuf/json-value.ts';
import { applyJsonPatch, PatchError } from './json-patch.ts';

t.test('applyJsonPatch does as RFC 6902 has it in its appendix', async (t) => {
  for (const [name, document, patch, wanted] of [
    ['A.1', { foo: 'bar' }, [{ op: 'add', path: '/baz', value: 'qux' }], { baz: 'qux', foo: 'bar' }],
    [
      'A.2',
      { foo: ['bar', 'baz'] },
      [{ op: 'add', path: '/foo/1', value: 'qux' }],
      { foo: ['bar', 'qux', 'baz'] },
    ],
    ['A.3', { baz: 'qux', foo: 'bar' }, [{ op: 'remove', path: '/baz' }], { foo: 'bar' }],
    ['A.4', { foo: ['bar', 'qux', 'baz'] }, [{ op: 'remove', path: '/foo/1' }], { foo: ['bar', 'baz'] }],
    [
      'A.5',
      { baz: 'qux', foo: 'bar' },
      [{ op: 'replace', path: '/baz', value: 'boo' }],
      { baz: 'boo', foo: 'bar' },
    ],
    [
      'A.6',
      { foo: { bar: 'baz', waldo: 'fred' }, qux: { corge: 'grault' } },
      [{ op: 'move', from: '/foo/waldo', path: '/qux/thud' }],
      { foo: { bar: 'baz' }, qux: { corge: 'grault', thud: 'fred' } },
    ],
    [
      'A.7',
      { foo: ['all', 'grass', 'cows', 'eat'] },
      [{ op: 'move', from: '/foo/1', path: '/foo/3' }],
      { foo: ['all', 'cows', 'eat', 'grass'] },
    ],
    [
      'A.8',
      { baz: 'qux', foo: ['a', 2, 'c'] },
      [
        { op: 'test', path: '/baz', value: 'qux' },
        { op: 'test', path: '/foo/1', value: 2 },
      ],
      { baz: 'qux', foo: ['a', 2, 'c'] },
    ],
    [
      'A.10',
      { foo: 'bar' },
      [{ op: 'add', path: '/child', value: { grandchild: {} } }],
      { foo: 'bar', child: { grandchild: {} } },
    ],
    [
      'A.11',
      { foo: 'bar' },
      [{ op: 'add', path: '/baz', value: 'qux', xyz: 123 }],
      { foo: 'bar', baz: 'qux' },
    ],
    ['A.14', { '/': 9, '~1': 10 }, [{ op: 'test', path: '/~01', value: 10 }], { '/': 9, '~1': 10 }],
    [
      'A.16',
      { foo: ['bar'] },
      [{ op: 'add', path: '/foo/-', value: ['abc', 'def'] }],
      { foo: ['bar', ['abc', 'def']] },
    ],
    [
      'copy',
      { a: { b: 1 } },
      [
        { op: 'copy', from: '/a', path: '/c' },
        { op: 'replace', path: '/c/b', value: 2 },
      ],
      { a: { b: 1 }, c: { b: 2 } },
    ],
    ['from the end', { a: [1, 2, 3] }, [{ op: 'remove', path: '/a/-1' }], { a: [1, 2] }],
    ['the whole', { a: 1 }, [{ op: 'replace', path: '', value: [] }], []],
    ['null', { a: null }, [{ op: 'test', path: '/a', value: null }], { a: null }],
  ] as [string, JsonValue, unknown, JsonValue][]) {
    const before = structuredClone(document);
    t.same(applyJsonPatch(document, patch), wanted, name);
    t.same(document, before, `${name} leaves the document alone`);
  }
});

t.test('applyJsonPatch refuses what does not fit, and what is no patch', async (t) => {
  for (const [patch, code, message] of [
    [{}, 'malformed', /is a list/],
    [[null], 'malformed', /operation 0 .* no path/],
    [[{ op: 'add', path: 'a', value: 1 }], 'malformed', /no path/],
    [[{ op: 'add', path: '/a' }], 'malformed', /has no value/],
    [[{ op: 'move', path: '/a' }], 'malformed', /has no from/],
    [[{ op: 'add', path: '/~2', value: 1 }], 'malformed', /RFC 6901/],
    [[{ op: 'merge', path: '/a' }], 'malformed', /"merge" is not add/],
    [[{ path: '/a' }], 'malformed', /none is not add/],
    [[{ op: 'test', path: '/foo', value: 'baz' }], 'inapplicable', /testing value \/foo failed/],
    [[{ op: 'add', path: '/a/b', value: 1 }], 'inapplicable', /nothing at "\/a\/b"/],
    [[{ op: 'remove', path: '/x' }], 'inapplicable', /nothing at/],
    [[{ op: 'replace', path: '/list/3', value: 1 }], 'inapplicable', /nothing at/],
    [[{ op: 'add', path: '/list/4', value: 1 }], 'inapplicable', /nothing at/],
    [[{ op: 'add', path: '/list/01', value: 1 }], 'inapplicable', /no index/],
    [[{ op: 'move', from: '/list', path: '/list/0' }], 'inapplicable', /into itself/],
    [[{ op: 'remove', path: '/toString' }], 'inapplicable', /nothing at/],
    [
      Array.from({ length: 10_001 }, () => ({ op: 'test', path: '', value: 1 })),
      'tooLarge',
      /10000, got 10001/,
    ],
  ] as const) {
    t.throws(() => applyJsonPatch({ foo: 'bar', list: [1, 2, 3] }, patch), {
      name: 'PatchError',
      code,
      message,
    });
  }
});

t.test('a patch cannot reach what every object inherits', async (t) => {
  const after = applyJsonPatch({}, [{ op: 'add', path: '/__proto__', value: { polluted: true } }]) as object;
  t.same(Object.keys(after), ['__proto__']);
  t.notOk('polluted' in {});
  t.throws(() => applyJsonPatch({}, [{ op: 'add', path: '/constructor/prototype/x', value: 1 }]), PatchError);
});

t.test('applyJsonPatch does or refuses, whatever it gets', async () => {
  const pointer = fc.array(fc.constantFrom('a', 'b', '0', '1', '-', '-1', '~0', '~', '__proto__'), {
    maxLength: 3,
  });
  const path = pointer.map((names) => names.map((name) => `/${name}`).join(''));
  const op = fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test');
  const operation = fc.record(
    { op, path, from: path, value: fc.jsonValue() },
    { requiredKeys: ['op', 'path'] },
  );
  const document = fc.record({ a: fc.jsonValue(), b: fc.array(fc.jsonValue()) });
  fc.assert(
    fc.property(document, fc.array(operation, { maxLength: 6 }), (value, patch) => {
      try {
        JSON.stringify(applyJsonPatch(value as JsonValue, patch));
      } catch (error) {
        if (!(error instanceof PatchError)) throw error;
      }
    }),
    { numRuns: 500 },
  );
});
