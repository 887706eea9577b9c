import fc from 'fast-check';
import t from 'tap';
import { matchesLabels, parseLabelSelector, SelectorError } from './label-selector.ts';

function selects(text: string, labels: Record<string, string>): boolean {
  return matchesLabels(parseLabelSelector(text), labels);
}

t.test('matchesLabels holds a selector against labels', async (t) => {
  const labels = { app: 'web', tier: 'a', 'example.org/size': '10', empty: '' };
  for (const text of [
    '',
    'app=web',
    'app==web',
    'app!=db',
    'app = web , tier = a',
    'app',
    '!other',
    'other!=x',
    'other notin (x,y)',
    'tier in (a, b)',
    'tier notin (c)',
    'example.org/size>9',
    'example.org/size<11',
    'empty=',
    'empty in ()',
    'empty in (,x)',
  ]) {
    t.ok(selects(text, labels), text);
  }
  for (const text of [
    'app=db',
    'app!=web',
    'other',
    '!app',
    'other in (x)',
    'tier notin (a)',
    'example.org/size>10',
    'app>1',
    'app=',
  ]) {
    t.notOk(selects(text, labels), text);
  }
  t.notOk(selects('toString', {}), 'what every object inherits is no label');
});

t.test('parseLabelSelector says what it cannot read', async (t) => {
  for (const [text, message] of [
    ['a=b,', /found '', expected/],
    ['a b', /found 'b', expected: in, notin/],
    ['=a', /found '=', expected: !, identifier/],
    ['a in b', /found no '\('/],
    ['a in (b', /found ''/],
    ['a>b', /must be an integer/],
    ['!a=b', /found '='/],
    ['-a=b', /key: Invalid value: "-a"/],
    ['a=-b', /values\[0\]\[a\]: Invalid value: "-b"/],
    ['x/y/z', /key: Invalid value/],
    ['a==(b)', /expected: identifier/],
  ] as const) {
    t.throws(() => parseLabelSelector(text), { name: 'SelectorError', message }, text);
  }
});

t.test('parseLabelSelector reads or refuses, whatever it gets', async () => {
  const piece = fc.constantFrom(
    'a',
    'in',
    'notin',
    '(',
    ')',
    ',',
    '=',
    '==',
    '!=',
    '!',
    '>',
    '1',
    ' ',
    'x/y',
    '%',
    '\n',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.string(), (pieces, tail) => {
      try {
        matchesLabels(parseLabelSelector(pieces.join('') + tail), { a: '1', in: 'x' });
      } catch (error) {
        if (!(error instanceof SelectorError)) throw error;
      }
    }),
  );
});
