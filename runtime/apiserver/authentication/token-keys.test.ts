import { createHash, createPublicKey } from 'node:crypto';
import t from 'tap';
import { hasSignatureOf, readToken, signToken } from './jwt.ts';
import { makeKey } from './testing/accounts.ts';
import { issuerDocuments, keysFor, readVerificationKeys } from './token-keys.ts';

const [first, second] = [makeKey(), makeKey('P-256')];

t.test('readVerificationKeys names a key by the hash of its DER, as the real server does', async (t) => {
  const der = createPublicKey(first.publicPem).export({ type: 'spki', format: 'der' });
  const hash = createHash('sha256').update(der).digest('base64url');
  t.equal(readVerificationKeys([first.publicPem])[0]?.keyId, hash);
  t.equal(first.signing.keyId, hash);
});

t.test('readVerificationKeys refuses what signs no tokens', async (t) => {
  t.throws(() => readVerificationKeys(['nonsense']));
});

t.test('keysFor finds the key that is named, or all', async (t) => {
  const keys = [first.verification, second.verification];
  t.same(keysFor(keys, ''), keys);
  t.same(keysFor(keys, second.signing.keyId), [second.verification]);
  t.same(keysFor(keys, 'other'), []);
});

t.test('issuerDocuments has keys with which others read tokens', async (t) => {
  const uri = 'https://node:6443/openid/v1/jwks';
  const documents = issuerDocuments('https://issuer', uri, [first.verification, second.verification]);
  t.same(
    documents.map(({ path, mediaType }) => [path, mediaType]),
    [
      ['/openid/v1/jwks', 'application/jwk-set+json'],
      ['/.well-known/openid-configuration', 'application/json'],
    ],
  );
  const [jwks = '', configuration = ''] = documents.map(({ text }) => text);
  t.same(JSON.parse(configuration), {
    issuer: 'https://issuer',
    jwks_uri: uri,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256', 'RS256'],
  });
  const { keys } = JSON.parse(jwks) as { keys: Record<string, string>[] };
  t.same(
    keys.map(({ use, kty, alg }) => [use, kty, alg]),
    [
      ['sig', 'RSA', 'RS256'],
      ['sig', 'EC', 'ES256'],
    ],
  );
  for (const [index, { signing }] of [first, second].entries()) {
    const { use: _, alg: __, ...jwk } = keys[index] as Record<string, string>;
    t.notOk('d' in jwk, 'no private part');
    const token = readToken(signToken({ sub: 'a' }, signing.key, signing.keyId));
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    t.ok(token !== null && hasSignatureOf(token, key));
  }
});
