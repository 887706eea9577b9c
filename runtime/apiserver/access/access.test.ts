import t, { type Test } from 'tap';
import { type AuthenticationOptions, authenticateToken } from '../authentication/authenticate.ts';
import type { BoundObjects } from '../authentication/bound-objects.ts';
import { serviceAccountTokens } from '../authentication/service-account-token.ts';
import { makeKey } from '../authentication/testing/accounts.ts';
import { type Authorizer, allowMasters, anyOf } from '../authorization/authorizer.ts';
import { rbacAuthorizer } from '../authorization/rbac.ts';
import { indexOf, makeBinding, makeRole, makeUser } from '../authorization/testing/objects.ts';
import { noAdmission } from '../handlers/admission.ts';
import { openServer } from '../http/testing/open-server.ts';
import { readBoundObjects } from './bound-reads.ts';
import { refuseEscalation } from './refuse-escalation.ts';
import { accessHandlers } from './special-handlers.ts';

const root = makeUser('root', ['system:masters', 'system:authenticated']);
const jane = makeUser('jane', ['system:authenticated']);
const key = makeKey();
const audiences = ['https://kubernetes.default.svc'];
const reader = indexOf(
  makeRole('', 'r', 'get - pods', 'create,update rbac.authorization.k8s.io *', 'create * *'),
  makeBinding('', 'b', 'ClusterRole/r', 'User/jane'),
);
const rules: Authorizer = anyOf([allowMasters, rbacAuthorizer(reader)]);

/** A server that takes everybody for jane who does not say that they are root. */
async function open(t: Test) {
  let objects: BoundObjects | null = null;
  const bound: BoundObjects = {
    serviceAccount: async (...place) => (await objects?.serviceAccount(...place)) ?? null,
    pod: async (...place) => (await objects?.pod(...place)) ?? null,
    secret: async (...place) => (await objects?.secret(...place)) ?? null,
    node: async (name) => (await objects?.node(name)) ?? null,
  };
  const authentication: AuthenticationOptions = {
    ...{ frontProxy: null, clientCertificates: null, ownAudiences: audiences, allowAnonymous: true },
    nowMs: Date.now,
    tokens: serviceAccountTokens({
      ...{
        issuers: ['https://issuer'],
        keys: () => [key.verification],
        ownAudiences: audiences,
        objects: bound,
      },
    }),
  };
  const authorizer = async (): Promise<Authorizer> => rules;
  const handlers = accessHandlers({
    ...{ authorizer, reader },
    tokens: {
      ownAudiences: audiences,
      authenticate: (token, wanted) => authenticateToken(authentication, token, wanted),
    },
    issuer: {
      ...{ issuer: 'https://issuer', key: () => key.signing, ownAudiences: audiences, objects: bound },
      ...{ longestSeconds: null, nowMs: Date.now, makeId: () => 'id-1' },
    },
  });
  const special = Object.fromEntries(
    Object.entries(handlers).map(([name, handler]) => [
      name,
      (asked: Parameters<typeof handler>[0]) => {
        objects = readBoundObjects(asked.kinds);
        return handler(asked);
      },
    ]),
  );
  const { ask, faults } = await openServer(t, {
    special,
    access: {
      authenticate: async ({ headers }) => ({
        ...{ kind: 'user', audiences: [] },
        user: headers['x-root'] === undefined ? jane : root,
      }),
      authorizer,
      admission: (user) => ({ ...noAdmission, validate: refuseEscalation({ authorizer, reader }, user) }),
    },
  });
  const post = async (path: string, body: object, as: 'root' | 'jane' = 'root') => {
    const headers: Record<string, string> = as === 'root' ? { 'x-root': 'yes' } : {};
    const reply = await ask('POST', path, {
      body,
      headers: { ...headers, 'content-type': 'application/json' },
    });
    return { code: reply.code, object: JSON.parse(reply.text) as Record<string, unknown> };
  };
  return { post, faults };
}

t.test('accessHandlers answers reviews over HTTP', async (t) => {
  const { post, faults } = await open(t);
  const authorization = { apiVersion: 'authorization.k8s.io/v1' };
  const base = '/apis/authorization.k8s.io/v1';
  const pods = { resourceAttributes: { verb: 'get', resource: 'pods', namespace: 'd' } };
  const own = await post(
    `${base}/selfsubjectaccessreviews`,
    { kind: 'SelfSubjectAccessReview', ...authorization, spec: pods },
    'jane',
  );
  t.match(own, {
    code: 201,
    object: { kind: 'SelfSubjectAccessReview', spec: pods, status: { allowed: true } },
  });
  const local = {
    kind: 'LocalSubjectAccessReview',
    ...authorization,
    metadata: { namespace: 'd' },
    spec: { ...pods, user: 'joe' },
  };
  const joe = await post(`${base}/namespaces/d/localsubjectaccessreviews`, local);
  t.match(joe, { code: 201, object: { status: { allowed: false } } });
  const list = { kind: 'SelfSubjectRulesReview', ...authorization, spec: { namespace: 'd' } };
  t.match(await post(`${base}/selfsubjectrulesreviews`, list, 'jane'), {
    object: { status: { incomplete: false } },
  });
  const whoami = { kind: 'SelfSubjectReview', apiVersion: 'authentication.k8s.io/v1' };
  const me = await post('/apis/authentication.k8s.io/v1/selfsubjectreviews', whoami, 'jane');
  t.match(me, { code: 201, object: { status: { userInfo: { username: 'jane' } } } });
  const wrong = await post(`${base}/subjectaccessreviews`, {
    kind: 'SubjectAccessReview',
    ...authorization,
    spec: pods,
  });
  t.match(wrong, { code: 422, object: { reason: 'Invalid' } });
  t.same(faults, []);
});

t.test(
  'accessHandlers issues a token, and knows whom it stands for as long as the account is there',
  async (t) => {
    const { post, faults } = await open(t);
    const account = { kind: 'ServiceAccount', apiVersion: 'v1', metadata: { name: 'web' } };
    t.match(await post('/api/v1/namespaces/d/serviceaccounts', account), { code: 201 });
    const request = {
      kind: 'TokenRequest',
      apiVersion: 'authentication.k8s.io/v1',
      spec: { expirationSeconds: 600 },
    };
    const issued = await post('/api/v1/namespaces/d/serviceaccounts/web/token', request);
    t.match(issued, {
      code: 201,
      object: { kind: 'TokenRequest', metadata: { name: 'web', namespace: 'd' } },
    });
    const { token } = issued.object.status as { token: string };
    const review = { kind: 'TokenReview', apiVersion: 'authentication.k8s.io/v1', spec: { token } };
    t.match(await post('/apis/authentication.k8s.io/v1/tokenreviews', review), {
      object: { status: { authenticated: true, user: { username: 'system:serviceaccount:d:web' } } },
    });
    t.match(await post('/api/v1/namespaces/d/serviceaccounts/gone/token', request), { code: 404 });
    const short = { ...request, spec: { expirationSeconds: 5 } };
    t.match(await post('/api/v1/namespaces/d/serviceaccounts/web/token', short), { code: 422 });
    t.same(faults, []);
  },
);

t.test('refuseEscalation lets nobody write rules that they do not have', async (t) => {
  const { post, faults } = await open(t);
  const base = '/apis/rbac.authorization.k8s.io/v1/clusterroles';
  const role = (name: string, verbs: readonly string[]) => ({
    ...{ kind: 'ClusterRole', apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name } },
    rules: [{ verbs, apiGroups: [''], resources: ['pods'] }],
  });
  t.match(await post(base, role('a', ['get']), 'jane'), { code: 201 });
  t.match(await post(base, role('b', ['delete']), 'jane'), {
    code: 403,
    object: { message: /attempting to grant RBAC permissions not currently held/ },
  });
  t.match(await post(base, role('b', ['delete'])), { code: 201 });
  t.same(faults, []);
});
