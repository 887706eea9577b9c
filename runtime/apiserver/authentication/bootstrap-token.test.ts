import t from 'tap';
import { bootstrapTokens } from './bootstrap-token.ts';
import { makeObject, readsOf } from './testing/accounts.ts';
import type { TokenVerdict } from './token-authenticator.ts';

const nowMs = Date.UTC(2026, 0, 1);
const token = 'abcdef.0123456789abcdef';
const good: Readonly<Record<string, string>> = {
  'token-id': 'abcdef',
  'token-secret': '0123456789abcdef',
  'usage-bootstrap-authentication': 'true',
};

async function judge(
  data: Readonly<Record<string, string>>,
  given = token,
  more: Readonly<Record<string, unknown>> = {},
): Promise<TokenVerdict> {
  const encoded = Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]);
  const secret = makeObject('Secret', 'kube-system', 'bootstrap-token-abcdef', {
    type: 'bootstrap.kubernetes.io/token',
    data: Object.fromEntries(encoded),
    ...more,
  });
  const authenticate = bootstrapTokens({ secret: readsOf([secret]).secret, ownAudiences: ['api'] });
  return await authenticate(given, ['api'], nowMs);
}

t.test('bootstrapTokens lets in whoever has the Secret’s token', async (t) => {
  t.same(await judge(good), {
    kind: 'user',
    user: { name: 'system:bootstrap:abcdef', uid: '', groups: ['system:bootstrappers'], extra: {} },
    audiences: ['api'],
  });
  const groups = 'system:bootstrappers:worker,system:bootstrappers:a:b';
  t.match(await judge({ ...good, 'auth-extra-groups': groups, expiration: '2026-01-01T00:00:01Z' }), {
    user: {
      groups: ['system:bootstrappers', 'system:bootstrappers:a:b', 'system:bootstrappers:worker'],
    },
  });
});

t.test('bootstrapTokens knows no token that is wrong in any way', async (t) => {
  const cases: readonly (readonly [string, Parameters<typeof judge>])[] = [
    ['the password', [good, 'abcdef.0123456789abcdee']],
    ['its length', [{ ...good, 'token-secret': '0123456789abcdef0' }]],
    ['its form', [good, 'ABCDEF.0123456789abcdef']],
    ['a line behind it', [good, `${token}\n`]],
    ['the id within', [{ ...good, 'token-id': 'abcdeg' }]],
    ['no usage', [{ ...good, 'usage-bootstrap-authentication': 'yes' }]],
    ['expired', [{ ...good, expiration: '2025-12-31T23:59:59Z' }]],
    ['an end that nobody can read', [{ ...good, expiration: 'soon' }]],
    ['a group of masters', [{ ...good, 'auth-extra-groups': 'system:masters' }]],
    ['one of two groups', [{ ...good, 'auth-extra-groups': 'system:bootstrappers:a,system:masters' }]],
    ['a Secret of another type', [good, token, { type: 'Opaque' }]],
    ['one that is deleted', [good, token, { metadata: { deletionTimestamp: '2025-12-31T00:00:00Z' } }]],
    ['another id', [good, 'abcdeg.0123456789abcdef']],
  ];
  for (const [name, given] of cases) t.same(await judge(...given), { kind: 'unknown' }, name);
});
