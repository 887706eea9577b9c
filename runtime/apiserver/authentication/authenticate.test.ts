import t from 'tap';
import {
  type AuthenticationOptions,
  authenticate,
  authenticateToken,
  firstOf,
  type Identity,
} from './authenticate.ts';
import { usualProxyHeaders } from './front-proxy.ts';
import { readHeaders } from './headers.ts';
import { type Issued, makeAuthority } from './testing/certificates.ts';
import type { TokenAuthenticator } from './token-authenticator.ts';

const clients = await makeAuthority('CN=clients');
const proxies = await makeAuthority('CN=proxies');
const jane = await clients.issue('CN=jane, O=dev');
const nameless = await clients.issue('O=dev');
const proxy = await proxies.issue('CN=proxy');
const otherProxy = await proxies.issue('CN=other');
const stranger = await makeAuthority('CN=stranger');

const tokens: TokenAuthenticator = async (token, audiences) => {
  if (token === 'good') {
    return { kind: 'user', user: { name: 'token', uid: '', groups: ['g'], extra: {} }, audiences };
  }
  return token === 'old' ? { kind: 'refused', why: 'it has expired' } : { kind: 'unknown' };
};

const options: AuthenticationOptions = {
  frontProxy: {
    authorities: [proxies.certificate],
    ...{ allowedNames: ['proxy'], headers: usualProxyHeaders },
  },
  clientCertificates: { authorities: [clients.certificate] },
  ...{ tokens, ownAudiences: ['api'], allowAnonymous: true, nowMs: () => Date.now() },
};

async function ask(
  certificate: Issued | null,
  headers: readonly string[] = [],
  more: Partial<AuthenticationOptions> = {},
): Promise<Identity> {
  const certificates = certificate === null ? [] : [certificate.certificate];
  return await authenticate({ ...options, ...more }, { headers: readHeaders(headers), certificates });
}

const bearer = (token: string): readonly string[] => ['Authorization', `Bearer ${token}`];
const remote = ['X-Remote-User', 'alice', 'X-Remote-Group', 'ops'];

t.test('authenticate takes the first proof that holds', async (t) => {
  t.match(await ask(jane), {
    user: { name: 'jane', groups: ['dev', 'system:authenticated'] },
    audiences: [],
  });
  t.match(await ask(null, bearer('good')), {
    user: { name: 'token', groups: ['g', 'system:authenticated'] },
    audiences: ['api'],
  });
  t.match(await ask(jane, bearer('good')), { user: { name: 'jane' } }, 'the certificate comes first');
  t.match(await ask(proxy, remote), { user: { name: 'alice', groups: ['ops', 'system:authenticated'] } });
  t.match(await ask(stranger, bearer('good')), { user: { name: 'token' } });
  t.match(await ask(nameless, [], { frontProxy: null }), { user: { name: 'system:anonymous' } });
});

t.test('authenticate believes no headers without a proxy’s certificate', async (t) => {
  t.match(await ask(null, remote), { user: { name: 'system:anonymous' } });
  t.match(await ask(jane, remote), { user: { name: 'jane' } });
  t.match(await ask(otherProxy, remote), {
    kind: 'refused',
    why: /subject with cn=other is not in the allowed list/,
  });
  t.match(await ask(proxy, remote, { frontProxy: null }), { kind: 'refused', why: /unknown authority/ });
});

t.test(
  'authenticate refuses a proof that does not hold, and takes nobody for anonymous who showed one',
  async (t) => {
    const invalid = 'invalid bearer token';
    t.same(await ask(null, bearer('bad')), { kind: 'refused', why: invalid });
    t.same(await ask(null, bearer('old')), { kind: 'refused', why: `[${invalid}, it has expired]` });
    t.match(await ask(stranger), { kind: 'refused' });
    t.same(await ask(null), {
      kind: 'user',
      user: { name: 'system:anonymous', uid: '', groups: ['system:unauthenticated'], extra: {} },
      audiences: [],
    });
    t.match(await ask(null, [], { allowAnonymous: false }), { kind: 'refused' });
    const protocol = 'base64url.bearer.authorization.k8s.io.YWJj';
    const socket = ['Connection', 'Upgrade', 'Upgrade', 'websocket', 'Sec-WebSocket-Protocol', protocol];
    t.match(await ask(null, socket), { why: 'missing additional subprotocol' });
  },
);

t.test('authenticateToken asks for the token alone', async (t) => {
  t.match(await authenticateToken(options, 'good', ['vault']), { audiences: ['vault'] });
  t.same(await authenticateToken(options, 'bad', ['api']), { kind: 'refused', why: 'invalid bearer token' });
});

t.test('firstOf goes on to whoever knows the token', async (t) => {
  const refusing: TokenAuthenticator = async () => ({ kind: 'refused', why: 'no' });
  const unknowing: TokenAuthenticator = async () => ({ kind: 'unknown' });
  t.match(await firstOf([unknowing, refusing, tokens])('good', [], 0), { kind: 'user' });
  t.same(await firstOf([unknowing, refusing, refusing])('x', [], 0), { kind: 'refused', why: 'no, no' });
  t.same(await firstOf([unknowing])('x', [], 0), { kind: 'unknown' });
});
