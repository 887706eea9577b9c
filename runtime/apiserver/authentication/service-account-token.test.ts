import t from 'tap';
import type { ApiObject } from '../objects/object-bytes.ts';
import { accountClaims, legacyClaims, type NewToken } from './account-claims.ts';
import { signToken } from './jwt.ts';
import { readAccountUserName } from './service-account-name.ts';
import { serviceAccountTokens } from './service-account-token.ts';
import { makeKey, makeObject, readsOf, type TestKey } from './testing/accounts.ts';
import type { TokenVerdict } from './token-authenticator.ts';

const nowMs = Date.UTC(2026, 0, 1);
const nowSeconds = nowMs / 1_000;
const [current, former, foreign] = [makeKey(), makeKey('P-256'), makeKey()];
const own = ['https://kubernetes.default.svc'];

const account = makeObject('ServiceAccount', 'shop', 'web');
const pod = makeObject('Pod', 'shop', 'web-0');
const secret = makeObject('Secret', 'shop', 'bound');
const node = makeObject('Node', '', 'n1');
const all = [account, pod, secret, node];

function reference({ metadata }: ApiObject): { name: string; uid: string } {
  return { name: metadata.name ?? '', uid: metadata.uid ?? '' };
}

const plain: NewToken = {
  namespace: 'shop',
  account: reference(account),
  ...{ pod: null, secret: null, node: null },
  issuer: 'https://issuer',
  audiences: own,
  tokenId: 'id-1',
  nowSeconds,
  validSeconds: 3_600,
  warnAfterSeconds: null,
};

function sign(token: Partial<NewToken>, key: TestKey = current): string {
  return signToken(accountClaims({ ...plain, ...token }), key.signing.key, key.signing.keyId);
}

async function judge(
  token: string,
  objects: readonly ApiObject[] = all,
  audiences: readonly string[] = own,
): Promise<TokenVerdict> {
  const authenticate = serviceAccountTokens({
    issuers: ['https://issuer', 'https://old-issuer'],
    keys: () => [current.verification, former.verification],
    ownAudiences: own,
    objects: readsOf(objects),
  });
  return await authenticate(token, audiences, nowMs);
}

t.test('serviceAccountTokens says who a token stands for', async (t) => {
  t.same(await judge(sign({})), {
    kind: 'user',
    user: {
      name: 'system:serviceaccount:shop:web',
      uid: 'uid-of-web',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:shop'],
      extra: { 'authentication.kubernetes.io/credential-id': ['JTI=id-1'] },
    },
    audiences: own,
  });
  const bound = await judge(sign({ pod: reference(pod), node: { name: 'n1', uid: '' } }));
  t.equal(bound.kind, 'user');
  t.match(bound, {
    user: {
      extra: {
        'authentication.kubernetes.io/pod-name': ['web-0'],
        'authentication.kubernetes.io/pod-uid': ['uid-of-web-0'],
        'authentication.kubernetes.io/node-name': ['n1'],
      },
    },
  });
});

t.test('serviceAccountTokens takes keys and issuers that are being replaced', async (t) => {
  t.match(await judge(sign({}, former)), { kind: 'user' });
  t.match(await judge(sign({ issuer: 'https://old-issuer' })), { kind: 'user' });
  const unnamed = signToken(accountClaims(plain), former.signing.key, '');
  t.match(await judge(unnamed), { kind: 'user' }, 'no kid: every key is tried');
});

t.test('serviceAccountTokens passes over tokens of others', async (t) => {
  for (const text of ['', 'abcdef.0123456789abcdef', sign({ issuer: 'https://issuer/' }), 'a.b.c']) {
    t.same(await judge(text), { kind: 'unknown' }, text.slice(0, 20));
  }
});

t.test('serviceAccountTokens refuses', async (t) => {
  const deleted = (object: ApiObject, secondsAgo: number): ApiObject => ({
    ...object,
    metadata: {
      ...object.metadata,
      deletionTimestamp: new Date(nowMs - secondsAgo * 1_000).toISOString(),
    },
  });
  const renewed = (object: ApiObject): ApiObject => ({
    ...object,
    metadata: { ...object.metadata, uid: 'another' },
  });
  const without = (object: ApiObject): readonly ApiObject[] => all.filter((one) => one !== object);
  const invalidated = 'service account token has been invalidated';
  const wrongKid = signToken(accountClaims(plain), current.signing.key, 'nobody');
  const stolenKid = signToken(accountClaims(plain), foreign.signing.key, current.signing.keyId);
  const crypto = 'go-jose/go-jose: error in cryptographic primitive';
  const odd = (claims: Readonly<Record<string, unknown>>): string =>
    signToken({ ...accountClaims(plain), ...claims }, current.signing.key, current.signing.keyId);
  const unclear = 'service account token claims could not be validated due to unexpected validation error';
  const cases: readonly (readonly [string, string, string, (readonly ApiObject[])?])[] = [
    ['a key that is unknown', sign({}, foreign), 'invalid signature, no keys found'],
    ['a kid that is unknown', wrongKid, 'invalid signature, no keys found'],
    ['the kid of another key', stolenKid, crypto],
    ['one that has expired', sign({ validSeconds: -61 }), 'service account token has expired'],
    ['one of tomorrow', odd({ nbf: nowSeconds + 61 }), 'service account token is not valid yet'],
    ['one that was made tomorrow', odd({ nbf: 0, iat: nowSeconds + 61 }), unclear],
    ['a time that is none', odd({ exp: '2099' }), unclear],
    [
      'another audience',
      sign({ audiences: ['vault'] }),
      `token audiences ["vault"] is invalid for the target audiences ["${own[0]}"]`,
    ],
    ['an account that is gone', sign({}), 'serviceaccounts "web" not found', without(account)],
    [
      'one made anew',
      sign({}),
      'service account UID (another) does not match claim (uid-of-web)',
      [renewed(account)],
    ],
    ['one deleted', sign({}), 'service account shop/web has been deleted', [deleted(account, 61)]],
    ['a pod that is gone', sign({ pod: reference(pod) }), invalidated, without(pod)],
    ['a pod deleted', sign({ pod: reference(pod) }), invalidated, [account, deleted(pod, 61)]],
    [
      'a pod made anew',
      sign({ pod: reference(pod) }),
      'pod UID (another) does not match service account pod ref claim (uid-of-web-0)',
      [account, renewed(pod)],
    ],
    ['a Secret that is gone', sign({ secret: reference(secret) }), invalidated, without(secret)],
    ['a node that is gone', sign({ node: reference(node) }), invalidated, without(node)],
    [
      'a node made anew',
      sign({ node: reference(node) }),
      'node UID (another) does not match service account node ref claim (uid-of-n1)',
      [account, renewed(node)],
    ],
  ];
  for (const [name, token, why, objects = all] of cases) {
    t.same(await judge(token, objects), { kind: 'refused', why }, name);
  }
  t.match(await judge(sign({ validSeconds: -59 })), { kind: 'user' }, 'clocks differ a little');
  t.match(await judge(sign({}), [deleted(account, 59)]), { kind: 'user' }, 'just deleted');
  t.match(await judge(sign({ pod: reference(pod), node: reference(node) }), [account, pod]), {
    kind: 'user',
  });
});

t.test('serviceAccountTokens keeps to the audiences that are asked for', async (t) => {
  const token = sign({ audiences: ['vault', 'ci'] });
  t.match(await judge(token, all, ['ci', 'x']), { kind: 'user', audiences: ['ci'] });
});

t.test('serviceAccountTokens takes old tokens as long as their Secret has them', async (t) => {
  const token = signToken(legacyClaims(account, 'old'), current.signing.key, current.signing.keyId);
  const data = { token: Buffer.from(token).toString('base64') };
  const holder = makeObject('Secret', 'shop', 'old', { data });
  const found = await judge(token, [account, holder]);
  t.match(found, { kind: 'user', user: { name: 'system:serviceaccount:shop:web' }, audiences: own });
  const marked = makeObject('Secret', 'shop', 'old', {
    data,
    metadata: { labels: { 'kubernetes.io/legacy-token-invalid-since': '2026-01-01' } },
  });
  const other = makeObject('Secret', 'shop', 'old', { data: { token: 'eA==' } });
  const odd = (change: Readonly<Record<string, string>>): string =>
    signToken({ ...legacyClaims(account, 'old'), ...change }, current.signing.key, current.signing.keyId);
  for (const [text, objects, why] of [
    [token, [account], /has been invalidated/],
    [token, [account, other], /does not match server's copy/],
    [token, [holder], /serviceaccounts "web" not found/],
    [token, [account, marked], /has been marked invalid/],
    [odd({ sub: 'system:serviceaccount:shop:admin' }), all, /sub claim is invalid/],
    [odd({ sub: 'system:admin' }), all, /sub claim is invalid/],
    [odd({ 'kubernetes.io/serviceaccount/secret.name': '' }), all, /secretName claim is missing/],
  ] as const) {
    t.match(await judge(text, objects), { kind: 'refused', why });
  }
});

t.test('readAccountUserName takes only names that accounts can have', async (t) => {
  t.same(readAccountUserName('system:serviceaccount:a:b.c'), { namespace: 'a', name: 'b.c' });
  for (const name of [
    'a',
    'system:serviceaccount:a',
    'system:serviceaccount:a:b:c',
    'system:serviceaccount::b',
  ]) {
    t.equal(readAccountUserName(name), null, name);
  }
});
