import t from 'tap';
import { signToken } from './jwt.ts';
import { type OidcOptions, oidcTokens, type ProviderKeys } from './oidc.ts';
import { makeKey } from './testing/accounts.ts';
import type { TokenVerdict } from './token-authenticator.ts';

const nowMs = Date.UTC(2026, 0, 1);
const now = nowMs / 1_000;
const [rsa, curve, foreign] = [makeKey(), makeKey('P-256'), makeKey()];
const claims = { iss: 'https://id', aud: 'kube', sub: 'jane', exp: now + 60, jti: 'id-1' };
const usual: OidcOptions = { issuer: 'https://id', clientIds: ['kube', 'cli'], ownAudiences: ['api'] };
const keys: ProviderKeys = async (keyId) =>
  [rsa, curve]
    .filter(({ verification }) => verification.keyId === keyId)
    .map(({ verification }) => verification.key);

async function judge(
  more: Readonly<Record<string, unknown>>,
  options: Partial<OidcOptions> = {},
  key = rsa,
): Promise<TokenVerdict> {
  const token = signToken({ ...claims, ...more }, key.signing.key, key.signing.keyId);
  return await oidcTokens({ ...usual, ...options }, keys)(token, ['api'], nowMs);
}

t.test('oidcTokens reads the user out of the claims', async (t) => {
  t.same(await judge({}), {
    kind: 'user',
    user: {
      ...{ name: 'https://id#jane', uid: '', groups: [] },
      extra: { 'authentication.kubernetes.io/credential-id': ['JTI=id-1'] },
    },
    audiences: ['api'],
  });
  const name = async (options: Partial<OidcOptions>, more = {}): Promise<string> => {
    const verdict = await judge({ email: 'j@x', ...more }, options);
    return verdict.kind === 'user' ? verdict.user.name : verdict.kind;
  };
  t.equal(await name({ usernamePrefix: '-' }), 'jane');
  t.equal(await name({ usernamePrefix: 'oidc:' }), 'oidc:jane');
  t.equal(await name({ usernameClaim: 'email' }), 'j@x');
  t.equal(await name({ usernameClaim: 'email' }, { email_verified: true }), 'j@x');
  t.match(await judge({ aud: ['x', 'cli'] }), { kind: 'user' });
  const groups = { groupsClaim: 'roles', groupsPrefix: 'oidc:' };
  t.match(await judge({ roles: ['a', 'b'] }, groups), { user: { groups: ['oidc:a', 'oidc:b'] } });
  t.match(await judge({ roles: 'a' }, groups), { user: { groups: ['oidc:a'] } });
  t.match(await judge({ nbf: now + 299 }), { kind: 'user' });
  t.match(await judge({}, { algorithms: ['ES256'] }, curve), { kind: 'user' });
  t.match(await judge({ hd: 'x' }, { requiredClaims: { hd: 'x' } }), { kind: 'user' });
});

t.test('oidcTokens refuses', async (t) => {
  const cases: readonly (readonly [RegExp, Promise<TokenVerdict>])[] = [
    [/expected audience/, judge({ aud: 'other' })],
    [/expected audience/, judge({ aud: [['kube']] })],
    [/token is expired/, judge({ exp: now - 1 })],
    [/token is expired/, judge({ exp: undefined })],
    [/token is expired/, judge({ exp: '2099' })],
    [/before the nbf/, judge({ nbf: now + 301 })],
    [/before the nbf/, judge({ nbf: 'x' })],
    [/unsupported algorithm, expected \["RS256"\] got "ES256"/, judge({}, {}, curve)],
    [/failed to verify signature/, judge({}, {}, foreign)],
    [/parse username claims "sub"/, judge({ sub: 5 })],
    [/parse username claims "__proto__"/, judge({}, { usernameClaim: '__proto__' })],
    [/email not verified/, judge({ email: 'a', email_verified: false }, { usernameClaim: 'email' })],
    [/email not verified/, judge({ email: 'a', email_verified: 'true' }, { usernameClaim: 'email' })],
    [/parse groups claim "roles"/, judge({ roles: [5] }, { groupsClaim: 'roles' })],
    [/required claim hd not present/, judge({}, { requiredClaims: { hd: 'x' } })],
    [/required claim hd value does not match/, judge({ hd: 'y' }, { requiredClaims: { hd: 'x' } })],
  ];
  for (const [why, verdict] of cases) t.match(await verdict, { kind: 'refused', why }, String(why));
});

t.test('oidcTokens asks the provider only for tokens that could be good', async (t) => {
  let asked = 0;
  const failing: ProviderKeys = async () => {
    asked += 1;
    throw new Error('no route to host');
  };
  const authenticate = oidcTokens(usual, failing);
  const token = (more: object): string => signToken({ ...claims, ...more }, rsa.signing.key, 'x');
  t.same(await authenticate(token({ iss: 'https://other' }), ['api'], nowMs), { kind: 'unknown' });
  t.same(await authenticate('a.b.c', ['api'], nowMs), { kind: 'unknown' });
  t.match(await authenticate(token({ exp: 0 }), ['api'], nowMs), { kind: 'refused' });
  t.equal(asked, 0);
  t.match(await authenticate(token({}), ['api'], nowMs), { why: /fetching keys no route to host/ });
});
