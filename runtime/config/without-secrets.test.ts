import fc from 'fast-check';
import t from 'tap';
import { parse, stringify } from 'yaml';
import { withoutSecrets } from './without-secrets.ts';

const secret = '0123456789abcdef';
const token = `t1-01234567-${'a'.repeat(32)}-${'b'.repeat(32)}`;

/** What is left, when it was taken out. */
function left(text: string): string {
  const outcome = withoutSecrets(text);
  if (outcome.kind !== 'taken') throw new Error(outcome.kind);
  return outcome.bytes.toString('utf8');
}

t.test('withoutSecrets leaves everything else as it stands', async (t) => {
  t.equal(
    left(
      `# mine\ncluster:\n  name: edge\n  secret: ${secret}   # from Ann\n  weight: 7\nnode: { name: a }\n`,
    ),
    `# mine\ncluster:\n  name: edge\n  # taken out by trivet      # from Ann\n  weight: 7\nnode: { name: a }\n`,
  );
  t.equal(
    left(`cluster: { name: edge, secret: "${secret}" }\r\nnode: { name: a }\r\n`),
    `cluster: { name: edge${' '.repeat(28)} }\r\nnode: { name: a }\r\n`,
  );
});

t.test('withoutSecrets takes secret or token out of every usual way to write it', async (t) => {
  const cases: readonly (readonly [string, unknown])[] = [
    [`cluster:\n  secret: ${secret}\n  name: edge\n`, { cluster: { name: 'edge' } }],
    [`cluster:\n    name: edge\n    token: ${token}\n`, { cluster: { name: 'edge' } }],
    [`cluster: {secret: ${secret}, name: edge}\n`, { cluster: { name: 'edge' } }],
    [`cluster: {\n  name: edge,\n  secret: '${secret}',\n}\n`, { cluster: { name: 'edge' } }],
    [
      JSON.stringify({ cluster: { name: 'edge', token }, roles: {} }),
      { cluster: { name: 'edge' }, roles: {} },
    ],
    [JSON.stringify({ cluster: { secret, name: 'edge' } }, null, 2), { cluster: { name: 'edge' } }],
    [
      `cluster:\n  name: edge\n  secret: >-\n    ${secret}\n    more\nroles: {}\n`,
      { cluster: { name: 'edge' }, roles: {} },
    ],
    [`cluster:\n  secret: ${secret}\nnode:\n  name: a\n`, { node: { name: 'a' } }],
    [`cluster: { secret: ${secret} }`, null],
    [`cluster:\n  secret: ${secret}\n`, null],
    [`cluster:\n  name: édge-ü\n  secret: "ñandú ${secret} ✓"\n`, { cluster: { name: 'édge-ü' } }],
  ];
  for (const [text, value] of cases) {
    const now = left(text);
    t.equal(Buffer.byteLength(now), Buffer.byteLength(text), text);
    t.same(parse(now), value, text);
    t.notMatch(now, secret);
    t.notMatch(now, token);
  }
});

t.test('withoutSecrets takes nothing where there is nothing', async (t) => {
  const texts = [
    '',
    '# cluster: { secret: x }',
    'cluster: { name: edge }',
    'node: { name: secret }',
    'a: [',
    '- 1',
  ];
  for (const text of texts) t.same(withoutSecrets(text), { kind: 'nothing' }, text);
});

t.test('withoutSecrets does not pretend to have taken what is still there', async (t) => {
  const texts = [
    `base: &s ${secret}\ncluster: { name: edge, secret: *s }\n`,
    `cluster: { name: edge, secret: ${secret} }\n# the secret was ${secret}\n`,
    `base: &b { name: edge, secret: ${secret} }\ncluster: *b\n`,
  ];
  for (const text of texts) t.same(withoutSecrets(text), { kind: 'unable' }, text);
});

t.test('withoutSecrets never changes what else is said', async (t) => {
  const plain = fc.string({ minLength: 1, maxLength: 20 });
  const hex = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 32, maxLength: 32 });
  const hidden = fc.tuple(hex, fc.string({ unit: 'grapheme', maxLength: 10 })).map((parts) => parts.join(''));
  const others = fc.dictionary(
    plain.filter((key) => !['cluster', '__proto__'].includes(key)),
    fc.oneof(plain, fc.array(plain, { maxLength: 3 }), fc.integer()),
    { maxKeys: 4 },
  );
  const styles = fc.constantFrom<(value: unknown) => string>(
    (value) => stringify(value),
    (value) => stringify(value, { collectionStyle: 'flow' }),
    (value) => JSON.stringify(value, null, 1),
  );
  fc.assert(
    fc.property(others, hidden, plain, styles, (other, hiddenSecret, name, write) => {
      const text = write({ a: 1, cluster: { name, secret: hiddenSecret }, ...other });
      const outcome = withoutSecrets(text);
      if (outcome.kind !== 'taken') return false;
      t.same(parse(outcome.bytes.toString('utf8')), { a: 1, cluster: { name }, ...other });
      return outcome.bytes.length === Buffer.byteLength(text);
    }),
  );
});
