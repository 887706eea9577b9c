import fc from 'fast-check';
import t from 'tap';
import { matchesFields, parseFieldSelector, requiredValue } from './field-selector.ts';
import { SelectorError } from './label-selector.ts';

const fields: Readonly<Record<string, string>> = { 'metadata.name': 'a', 'spec.nodeName': 'n,1' };
function selects(text: string): boolean {
  return matchesFields(parseFieldSelector(text), (field) => fields[field] ?? '');
}

t.test('matchesFields holds a selector against an object', async (t) => {
  for (const text of [
    '',
    'metadata.name=a',
    'metadata.name==a',
    'metadata.name!=b',
    'spec.nodeName=n\\,1',
    'x=',
    'metadata.name=a,x!=y',
  ]) {
    t.ok(selects(text), text);
  }
  for (const text of ['metadata.name=b', 'metadata.name!=a', 'x=y', 'metadata.name=a,x=y'])
    t.notOk(selects(text), text);
});

t.test('requiredValue finds the one object that is meant', async (t) => {
  t.equal(requiredValue(parseFieldSelector('a=b,metadata.name=c'), 'metadata.name'), 'c');
  t.equal(requiredValue(parseFieldSelector('metadata.name!=c'), 'metadata.name'), null);
});

t.test('parseFieldSelector says what it cannot read', async (t) => {
  t.throws(() => parseFieldSelector('nonsense'), {
    name: 'SelectorError',
    message: /can't understand 'nonsense'/,
  });
  t.throws(() => parseFieldSelector('a=b=c'), { name: 'SelectorError', message: /unescaped '='/ });
  t.throws(() => parseFieldSelector('a=\\b'), { name: 'SelectorError', message: /backslash/ });
  t.same(parseFieldSelector('a=b\\=c\\\\'), [{ field: 'a', equal: true, value: 'b=c\\' }]);
});

t.test('parseFieldSelector gives back a value that was escaped, and takes any text', async (t) => {
  fc.assert(
    fc.property(fc.string(), (value) => {
      const escaped = value.replace(/[\\,=]/g, '\\$&');
      t.same(parseFieldSelector(`f=${escaped}`), [{ field: 'f', equal: true, value }]);
    }),
  );
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', '=', '!', ',', '\\', '=='), { maxLength: 12 }), (pieces) => {
      try {
        parseFieldSelector(pieces.join(''));
      } catch (error) {
        if (!(error instanceof SelectorError)) throw error;
      }
    }),
  );
});
