import fc from 'fast-check';
import t from 'tap';
import { readExtra, readProxyHeaders, usualProxyHeaders, writeProxyHeaders } from './front-proxy.ts';
import { readHeaders } from './headers.ts';

t.test('readProxyHeaders reads the user that a proxy speaks for', async (t) => {
  const headers = readHeaders([
    ...['X-Remote-User', 'jane', 'X-Remote-Group', 'a', 'x-remote-group', 'b, c', 'X-Remote-Group', ''],
    ...['X-Remote-Extra-Acme.Com%2FScope', 'x', 'X-Remote-Extra-Acme.Com%2fScope', 'y'],
  ]);
  t.same(readProxyHeaders(headers, usualProxyHeaders), {
    ...{ name: 'jane', uid: '', groups: ['a', 'b, c'] },
    extra: { 'acme.com/scope': ['x', 'y'] },
  });
  t.equal(readProxyHeaders(readHeaders(['X-Remote-Group', 'a']), usualProxyHeaders), null);
  t.equal(readProxyHeaders(readHeaders(['X-Remote-User', '']), usualProxyHeaders), null);
});

t.test(
  'readExtra keeps a key that is not escaped as it should be, and takes none for a prototype',
  async (t) => {
    const extra = readExtra(readHeaders(['x-a', '1', 'X-%zz', '2', 'X-__proto__', '3']), ['X-']);
    t.same(Object.entries(extra), [
      ['a', ['1']],
      ['%zz', ['2']],
      ['__proto__', ['3']],
    ]);
  },
);

t.test('writeProxyHeaders writes what readProxyHeaders reads', async (t) => {
  const text = fc.string({ minLength: 1 });
  const key = fc.string({ minLength: 1, unit: 'grapheme' }).filter((one) => one === one.toLowerCase());
  const users = fc.record({
    name: text,
    uid: fc.constant(''),
    groups: fc.array(text),
    extra: fc.dictionary(key, fc.array(fc.string(), { minLength: 1 }), { noNullPrototype: true }),
  });
  fc.assert(
    fc.property(users, (user) => {
      const headers = readHeaders(writeProxyHeaders(user).flat());
      t.same(readProxyHeaders(headers, usualProxyHeaders), user);
      for (const name of Object.keys(headers)) t.match(name, /^[a-z0-9!#$%&'*+.^_`|~-]+$/);
    }),
  );
});
