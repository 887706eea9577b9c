import { createHmac, createPublicKey } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import { hasSignatureOf, readToken, signToken, type UnverifiedToken } from './jwt.ts';
import { makeKey } from './testing/accounts.ts';

const key = makeKey();
const other = makeKey();
const token = signToken({ sub: 'a' }, key.signing.key, key.signing.keyId);

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function read(text: string): UnverifiedToken {
  const found = readToken(text);
  if (found === null) throw new Error('no token');
  return found;
}

t.test('signToken and readToken go there and back with every kind of key', async (t) => {
  for (const kind of ['rsa', 'P-256', 'P-384', 'P-521'] as const) {
    const { signing, verification } = makeKey(kind);
    const found = read(signToken({ sub: kind, exp: 5 }, signing.key, signing.keyId));
    t.same(found.claims, { sub: kind, exp: 5 });
    t.equal(found.keyId, verification.keyId);
    t.equal(found.algorithm, { rsa: 'RS256', 'P-256': 'ES256', 'P-384': 'ES384', 'P-521': 'ES512' }[kind]);
    t.ok(hasSignatureOf(found, verification.key), kind);
    t.notOk(hasSignatureOf(found, other.verification.key), `${kind} and the key of another`);
  }
});

t.test('hasSignatureOf takes no token whose algorithm is not its key’s', async (t) => {
  const body = encode({ sub: 'system:admin' });
  const unsigned = read(`${encode({ alg: 'none' })}.${body}.${encode('x')}`);
  t.notOk(hasSignatureOf(unsigned, key.verification.key), 'none');
  // The public key, which everybody knows, as if it were a shared secret.
  for (const secret of [
    key.publicPem,
    createPublicKey(key.publicPem).export({ type: 'spki', format: 'der' }),
  ]) {
    const text = `${encode({ alg: 'HS256', kid: key.signing.keyId })}.${body}`;
    const forged = `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
    t.notOk(hasSignatureOf(read(forged), key.verification.key), 'HS256');
  }
  const [, claims, signature] = token.split('.');
  for (const alg of ['RS512', 'PS256', 'ES256', 'rs256', '', null, 5, ['RS256']]) {
    const changed = read(`${encode({ alg })}.${claims}.${signature}`);
    t.notOk(hasSignatureOf(changed, key.verification.key), String(alg));
  }
});

t.test('hasSignatureOf sees every change', async (t) => {
  const [head, claims, signature = ''] = token.split('.');
  t.notOk(hasSignatureOf(read(`${head}.${encode({ sub: 'b' })}.${signature}`), key.verification.key));
  t.notOk(hasSignatureOf(read(`${head}.${claims}.${signature.slice(4)}`), key.verification.key));
  t.notOk(hasSignatureOf(read(`${head}.${claims}.${'A'.repeat(10_000)}`), key.verification.key));
  t.notOk(hasSignatureOf(read(`${encode({ alg: 'RS256' })}.${claims}.${signature}`), key.verification.key));
});

t.test('hasSignatureOf takes signatures of any length from strangers', async (t) => {
  for (const kind of ['rsa', 'P-256', 'P-521'] as const) {
    const { signing, verification } = makeKey(kind);
    const [head, claims] = signToken({ sub: 'a' }, signing.key, '').split('.');
    for (const length of [1, 2, 63, 64, 65, 132, 256, 4_096]) {
      const found = read(`${head}.${claims}.${Buffer.alloc(length).toString('base64url')}`);
      t.notOk(hasSignatureOf(found, verification.key), `${kind} ${length}`);
    }
  }
});

t.test('readToken refuses what is no token', async (t) => {
  const [head, claims, signature] = token.split('.');
  for (const text of [
    '',
    '.',
    '..',
    'a.b',
    `${head}.${claims}`,
    `${token}.x`,
    `${head}.${claims}.`,
    ` ${token}`,
    `${head}=.${claims}.${signature}`,
    `${head}.${encode([1])}.${signature}`,
    `${head}.${encode(null)}.${signature}`,
    `${encode('RS256')}.${claims}.${signature}`,
    `${encode({ alg: 'RS256', crit: ['exp'] })}.${claims}.${signature}`,
    `${head}.${'A'.repeat(70_000)}.${signature}`,
    `${head}.${Buffer.from('{"a":').toString('base64url')}.${signature}`,
  ]) {
    t.equal(readToken(text), null, text.slice(0, 40));
  }
});

t.test('readToken throws for no text', async (t) => {
  const part = fc.oneof(
    fc.string(),
    fc.json().map((text) => Buffer.from(text).toString('base64url')),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 4 }), (parts) => {
      const found = readToken(parts.join('.'));
      if (found !== null) t.notOk(hasSignatureOf(found, key.verification.key));
    }),
  );
});
