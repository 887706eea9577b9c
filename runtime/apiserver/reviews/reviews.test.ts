import t from 'tap';
import { readToken } from '../authentication/jwt.ts';
import { serviceAccountTokens } from '../authentication/service-account-token.ts';
import { makeKey, makeObject, readsOf } from '../authentication/testing/accounts.ts';
import { rbacAuthorizer } from '../authorization/rbac.ts';
import { indexOf, makeBinding, makeRole, makeUser } from '../authorization/testing/objects.ts';
import type { ApiObject } from '../objects/object-bytes.ts';
import { answerReview, type ReviewContext } from './answer-review.ts';
import { requestToken, type TokenIssuer } from './token-request.ts';

const jane = { ...makeUser('jane', ['dev', 'system:authenticated']), extra: { scope: ['x'] } };
const reader = indexOf(
  makeRole('', 'r', 'get,list - pods', 'get - secrets a', 'get /metrics'),
  makeBinding('', 'b', 'ClusterRole/r', 'Group/dev'),
  makeBinding('d', 'lost', 'Role/none', 'User/jane'),
);
const context: ReviewContext = {
  authorizer: rbacAuthorizer(reader),
  reader,
  tokens: {
    ownAudiences: ['api'],
    authenticate: async (token, audiences) =>
      token === 'good'
        ? { kind: 'user', user: jane, audiences }
        : { kind: 'refused', why: 'invalid bearer token' },
  },
  now: () => '2026-01-01T00:00:00Z',
};

function object(spec: object, metadata: object = { creationTimestamp: null }): ApiObject {
  return { kind: 'Review', apiVersion: 'authorization.k8s.io/v1', metadata: { ...metadata }, spec };
}

async function ask(
  resource: string,
  spec: object,
  namespace = '',
  metadata?: object,
): Promise<ApiObject | null> {
  return await answerReview(context, { resource, namespace, user: jane, object: object(spec, metadata) });
}

const pods = { resourceAttributes: { verb: 'list', resource: 'pods', namespace: 'd' } };
const reason = 'RBAC: allowed by ClusterRoleBinding "b" of ClusterRole "r" to Group "dev"';

t.test('answerReview says whether somebody may', async (t) => {
  t.same(await ask('subjectaccessreviews', { ...pods, groups: ['dev'] }), {
    ...object({ ...pods, groups: ['dev'] }),
    status: { allowed: true, reason },
  });
  const lost = 'RBAC: role.rbac.authorization.k8s.io "none" not found';
  const status = async (
    resource: string,
    spec: object,
    namespace = '',
    metadata?: object,
  ): Promise<unknown> => (await ask(resource, spec, namespace, metadata))?.status;
  t.same(await status('subjectaccessreviews', { ...pods, user: 'jane' }), { allowed: false, reason: lost });
  t.same(await status('selfsubjectaccessreviews', pods), { allowed: true, reason });
  t.match(
    await status('selfsubjectaccessreviews', { nonResourceAttributes: { verb: 'get', path: '/metrics' } }),
    { allowed: true },
  );
  t.match(
    await status('selfsubjectaccessreviews', {
      resourceAttributes: { verb: 'get', resource: 'pods', subresource: 'log' },
    }),
    { allowed: false },
  );
  const local = { ...pods, user: 'joe', groups: ['dev'] };
  t.match(await status('localsubjectaccessreviews', local, 'd', { namespace: 'd' }), { allowed: true });
});

t.test('answerReview asks with the selectors of the review', async (t) => {
  let seen: unknown = null;
  const authorizer: ReviewContext['authorizer'] = (attributes) => {
    seen = attributes.kind === 'resource' ? attributes.fields : null;
    return { isAllowed: false, reason: '' };
  };
  const fieldsOf = async (fieldSelector: object): Promise<unknown> => {
    const spec = { resourceAttributes: { verb: 'list', resource: 'pods', fieldSelector } };
    const request = { resource: 'selfsubjectaccessreviews', namespace: '', user: jane, object: object(spec) };
    await answerReview({ ...context, authorizer }, request);
    return seen;
  };
  const own = [{ field: 'spec.nodeName', equal: true, value: 'n1' }];
  t.same(await fieldsOf({ rawSelector: 'spec.nodeName=n1' }), own);
  t.same(await fieldsOf({ rawSelector: 'nonsense' }), []);
  const requirement = { key: 'spec.nodeName', operator: 'In', values: ['n1'] };
  t.same(await fieldsOf({ requirements: [requirement] }), own);
  t.same(
    await fieldsOf({
      requirements: [
        { ...requirement, values: ['n1', 'n2'] },
        { key: 'a', operator: 'Exists' },
      ],
    }),
    [],
  );
});

t.test('answerReview refuses questions that are none', async (t) => {
  const path = { nonResourceAttributes: { verb: 'get', path: '/' } };
  for (const [resource, spec, message] of [
    [
      'subjectaccessreviews',
      pods,
      /spec.user: Invalid value: "": at least one of user or group must be specified/,
    ],
    ['subjectaccessreviews', { user: 'a' }, /exactly one of nonResourceAttributes or resourceAttributes/],
    [
      'selfsubjectaccessreviews',
      { ...pods, ...path },
      /cannot be specified in combination with resourceAttributes/,
    ],
    [
      'selfsubjectaccessreviews',
      { resourceAttributes: { fieldSelector: {} } },
      /requirements or rawSelector is required/,
    ],
    [
      'selfsubjectaccessreviews',
      { resourceAttributes: { labelSelector: { rawSelector: 'a', requirements: [{}] } } },
      /may not specified at the same time/,
    ],
    ['selfsubjectrulesreviews', {}, 'no namespace on request'],
    ['tokenreviews', {}, 'token is required for TokenReview in authentication'],
  ] as const) {
    await t.rejects(ask(resource, spec), { name: 'ApiError', message }, String(message));
  }
  await t.rejects(ask('selfsubjectaccessreviews', pods, '', { name: 'a' }), {
    message: /metadata: .*must be empty$/,
  });
  const local = { ...pods, user: 'joe' };
  await t.rejects(ask('localsubjectaccessreviews', local, 'e', { namespace: 'd' }), {
    message: /must match namespace: e/,
  });
  await t.rejects(ask('localsubjectaccessreviews', local, 'd'), { message: /must match metadata.namespace/ });
  await t.rejects(ask('localsubjectaccessreviews', { ...path, user: 'a' }, 'd', { namespace: 'd' }), {
    message: /disallowed on this kind of request/,
  });
  t.equal(await ask('pods', {}), null);
});

t.test('answerReview says who one is and what one may', async (t) => {
  const whoami = await ask('selfsubjectreviews', {});
  t.match(whoami?.metadata, { creationTimestamp: '2026-01-01T00:00:00Z' });
  t.same(whoami?.status, { userInfo: { username: 'jane', groups: jane.groups, extra: { scope: ['x'] } } });
  const list = await ask('selfsubjectrulesreviews', { namespace: 'd' });
  t.same(list?.spec, {});
  t.same(list?.status, {
    resourceRules: [
      { verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] },
      { verbs: ['get'], apiGroups: [''], resources: ['secrets'], resourceNames: ['a'] },
    ],
    nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/metrics'] }],
    incomplete: false,
    evaluationError: 'role.rbac.authorization.k8s.io "none" not found',
  });
  const node = makeUser('system:node:n1', ['system:nodes']);
  const request = {
    resource: 'selfsubjectrulesreviews',
    namespace: '',
    user: node,
    object: object({ namespace: 'd' }),
  };
  t.match((await answerReview(context, request))?.status, { resourceRules: [], incomplete: true });
});

t.test('answerReview says whom a token stands for', async (t) => {
  const good = await ask('tokenreviews', { token: 'good', audiences: ['vault'] });
  t.same(good?.status, {
    authenticated: true,
    user: { username: 'jane', groups: jane.groups, extra: { scope: ['x'] } },
    audiences: ['vault'],
  });
  t.same((await ask('tokenreviews', { token: 'good' }))?.status as object, {
    ...(good?.status as object),
    audiences: ['api'],
  });
  t.same((await ask('tokenreviews', { token: 'bad' }))?.status, { user: {}, error: 'invalid bearer token' });
});

const key = makeKey();
const nowMs = Date.UTC(2026, 0, 1) + 500;
const nowSeconds = Date.UTC(2026, 0, 1) / 1_000;
const objects = readsOf([
  makeObject('ServiceAccount', 'd', 'web'),
  makeObject('Pod', 'd', 'p', { spec: { serviceAccountName: 'web', nodeName: 'n1' } }),
  makeObject('Pod', 'd', 'lost', { spec: { serviceAccountName: 'web', nodeName: 'n9' } }),
  makeObject('Pod', 'd', 'other', { spec: { serviceAccountName: 'db' } }),
  makeObject('Secret', 'd', 's'),
  makeObject('Node', '', 'n1'),
]);
const issuer: TokenIssuer = {
  ...{ issuer: 'https://issuer', key: () => key.signing, ownAudiences: ['api'], objects },
  ...{ longestSeconds: null, nowMs: () => nowMs, makeId: () => 'id-1' },
};

async function request(
  spec: object,
  metadata: object = {},
  more: Partial<TokenIssuer> = {},
): ReturnType<typeof requestToken> {
  const asked = {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { ...metadata },
    spec,
  };
  return await requestToken({ ...issuer, ...more }, 'd', 'web', asked);
}

async function claimsOf(spec: object): Promise<Readonly<Record<string, unknown>>> {
  const { object: answer } = await request(spec);
  return readToken((answer.status as { token: string }).token)?.claims ?? {};
}

t.test('requestToken issues a token that is good', async (t) => {
  const { object: answer, warnings } = await request({});
  const { token, expirationTimestamp } = answer.status as { token: string; expirationTimestamp: string };
  t.same(warnings, []);
  t.equal(expirationTimestamp, '2026-01-01T01:00:00Z');
  t.same(answer.metadata, { name: 'web', namespace: 'd', creationTimestamp: '2026-01-01T00:00:00Z' });
  t.same(answer.spec, { audiences: ['api'], expirationSeconds: 3_600 });
  t.same(readToken(token)?.claims, {
    aud: ['api'],
    exp: nowSeconds + 3_600,
    iat: nowSeconds,
    iss: 'https://issuer',
    jti: 'id-1',
    'kubernetes.io': { namespace: 'd', serviceaccount: { name: 'web', uid: 'uid-of-web' } },
    nbf: nowSeconds,
    sub: 'system:serviceaccount:d:web',
  });
  const authenticate = serviceAccountTokens({
    ...{ issuers: ['https://issuer'], keys: () => [key.verification], ownAudiences: ['api'], objects },
  });
  t.match(await authenticate(token, ['api'], nowMs), { user: { name: 'system:serviceaccount:d:web' } });
});

t.test('requestToken binds a token to an object', async (t) => {
  const bound = (kind: string, name: string, uid?: string): object => ({
    boundObjectRef: { apiVersion: 'v1', kind, name, uid },
  });
  const own = { namespace: 'd', serviceaccount: { name: 'web', uid: 'uid-of-web' } };
  const read = async (spec: object): Promise<unknown> => (await claimsOf(spec))['kubernetes.io'];
  t.same(await read(bound('Pod', 'p', 'uid-of-p')), {
    ...{ ...own, pod: { name: 'p', uid: 'uid-of-p' }, node: { name: 'n1', uid: 'uid-of-n1' } },
  });
  t.match(await read(bound('Pod', 'lost')), { node: { name: 'n9', uid: undefined } });
  t.same(await read(bound('Secret', 's')), { ...own, secret: { name: 's', uid: 'uid-of-s' } });
  t.same(await read(bound('Node', 'n1')), { ...own, node: { name: 'n1', uid: 'uid-of-n1' } });
  for (const [spec, message] of [
    [bound('Pod', 'gone'), 'pods "gone" not found'],
    [bound('Pod', 'other'), /cannot bind token for serviceaccount "web" to pod running with different/],
    [
      bound('Pod', 'p', 'old'),
      /^Operation cannot be fulfilled on Pod "p": the UID in the bound object reference \(old\)/,
    ],
    [bound('ConfigMap', 'c'), 'cannot bind token to object of type v1, Kind=ConfigMap'],
    [{ boundObjectRef: { apiVersion: 'apps/v1', kind: 'Pod', name: 'p' } }, /type apps\/v1, Kind=Pod/],
  ] as const) {
    await t.rejects(request(spec), { message });
  }
});

t.test('requestToken keeps to bounds of time', async (t) => {
  const seconds = async (expirationSeconds: unknown): Promise<number> => {
    const { exp, iat } = await claimsOf({ expirationSeconds });
    return (exp as number) - (iat as number);
  };
  t.equal(await seconds(600), 600);
  t.equal(await seconds(2 ** 32), 2 ** 32);
  t.equal(await seconds(600n), 600);
  for (const wrong of [599, 0, -1, 'x', {}]) {
    await t.rejects(request({ expirationSeconds: wrong }), {
      message: /may not specify a duration less than 10 minutes/,
    });
  }
  await t.rejects(request({ expirationSeconds: 2 ** 32 + 1 }), { message: /larger than 2\^32 seconds/ });
  const cut = await request({ expirationSeconds: 7_200 }, {}, { longestSeconds: 3_600 });
  t.same(cut.warnings, ['requested expiration of 7200 seconds shortened to 3600 seconds']);
  t.match(cut.object.spec, { expirationSeconds: 3_600 });
});

t.test('requestToken lets old kubelets’ tokens live on with a warning', async (t) => {
  const spec = { expirationSeconds: 3_607, boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'p' } };
  t.match(await claimsOf(spec), {
    exp: nowSeconds + 365 * 24 * 3_600,
    'kubernetes.io': { warnafter: nowSeconds + 3_607 },
  });
  t.match((await request(spec)).object.status, { expirationTimestamp: '2026-01-01T01:00:07Z' });
  t.match(await claimsOf({ ...spec, audiences: ['vault'] }), { exp: nowSeconds + 3_607 });
  t.match(await claimsOf({ expirationSeconds: 3_607 }), { exp: nowSeconds + 3_607 });
});

t.test('requestToken is for the account of its path', async (t) => {
  await t.rejects(request({}, { name: 'other' }), {
    message: /must match the service account name if specified/,
  });
  await t.rejects(request({}, { namespace: 'e' }), { message: /must match the service account namespace/ });
  const asked = { kind: 'TokenRequest', apiVersion: 'authentication.k8s.io/v1', metadata: {}, spec: {} };
  await t.rejects(requestToken(issuer, 'd', 'gone', asked), { message: 'serviceaccounts "gone" not found' });
});
