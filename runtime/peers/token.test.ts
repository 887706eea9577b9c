import fc from 'fast-check';
import t from 'tap';
import { createCertificateAuthority } from '../cluster/certificates.ts';
import { caHashOf, createToken, formatToken, parseToken, tokenIdOf, tokenKeys } from './token.ts';

t.test('a token is read as it was written, and pins the CA', async (t) => {
  const { certificate } = await createCertificateAuthority('shop', '00112233aabbccdd');
  const token = createToken(certificate);
  t.same(parseToken(formatToken(token)), token);
  t.equal(token.caHash, caHashOf(certificate));
  const other = await createCertificateAuthority('shop', '00112233aabbccdd');
  t.not(caHashOf(other.certificate), token.caHash);
});

t.test('parseToken takes nothing else', async (t) => {
  fc.assert(fc.property(fc.string(), (text) => parseToken(text) === null));
  const good = `t1-${'a'.repeat(8)}-${'b'.repeat(32)}-${'c'.repeat(32)}`;
  t.ok(parseToken(good));
  for (const bad of [` ${good}`, `${good}0`, good.toUpperCase(), good.replace('t1', 't2')])
    t.equal(parseToken(bad), null);
});

t.test('tokenKeys gives both sides one key, and every token another', async (t) => {
  const token = { id: '00112233', secret: '0'.repeat(32) };
  const keys = tokenKeys(token);
  t.same(tokenKeys(token), keys);
  t.notSame(tokenKeys({ ...token, secret: '1'.repeat(32) }).preSharedKey, keys.preSharedKey);
  t.equal(tokenIdOf(keys.identity), '00112233');
  t.equal(tokenIdOf('trivet/shop'), null);
  t.equal(tokenIdOf('trivet-token/../../x'), null);
});
