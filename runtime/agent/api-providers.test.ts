/** An agent whose configuration names an OpenID Connect provider and a proxy: whom it takes their users for. */
import { once } from 'node:events';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { signToken } from '../apiserver/authentication/jwt.ts';
import { makeKey } from '../apiserver/authentication/testing/accounts.ts';
import {
  clientUsage,
  type Issued,
  makeAuthority,
  serverUsage,
} from '../apiserver/authentication/testing/certificates.ts';
import { issuerDocuments } from '../apiserver/authentication/token-keys.ts';
import { makeNodes, type TestNode, until } from './testing/test-cluster.ts';
import { whoami } from './testing/whoami.ts';

t.setTimeout(200_000);

const key = makeKey();

/** @returns its address */
async function serveProvider(t: Test, authority: Issued): Promise<string> {
  const own = await authority.issue('CN=provider', { usages: [serverUsage], address: '127.0.0.1' });
  const server = https.createServer({ key: own.privateKey, cert: own.pem }, (request, response) => {
    const [jwks, configuration] = issuerDocuments(issuer, `${issuer}/keys`, [key.verification]);
    response.end(request.url === '/keys' ? jwks?.text : configuration?.text);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const issuer = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return issuer;
}

t.test('users of a provider and of a proxy are who those say', async (t) => {
  const [ofProvider, ofProxies] = [await makeAuthority('CN=id'), await makeAuthority('CN=proxies')];
  const issuer = await serveProvider(t, ofProvider);
  const oidc = [
    { issuer, clientIds: ['kubernetes'], groupsClaim: 'groups', groupsPrefix: 'id:', ca: ofProvider.pem },
  ];
  const frontProxy = { ca: ofProxies.pem, allowedNames: ['front'] };
  const nodes = await makeNodes(t, { size: 1, expect: 1, api: true, moreApi: { oidc, frontProxy } });
  const [node] = nodes as [TestNode];
  node.start();
  const nowSeconds = Math.floor(Date.now() / 1_000);
  const claims = { iss: issuer, aud: 'kubernetes', sub: 'jane', groups: ['dev'], exp: nowSeconds + 3_600 };
  const bearer = (more: object): Record<string, string> => ({
    authorization: `Bearer ${signToken({ ...claims, ...more }, key.signing.key, key.signing.keyId)}`,
  });
  const jane = await until('the token counts', async () => {
    const answer = await whoami(node, {}, bearer({}));
    return answer.code === 201 ? answer : null;
  });
  t.match(jane.status.userInfo, {
    username: `${issuer}#jane`,
    groups: ['id:dev', 'system:authenticated'],
  });
  t.match(await whoami(node, {}, bearer({ aud: 'others' })), { code: 401 });
  t.match(await whoami(node, {}, bearer({ exp: nowSeconds - 10 })), { code: 401 });

  const front = await ofProxies.issue('CN=front', { usages: [clientUsage] });
  const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
  t.teardown(() => agent.destroy());
  const byFront = { key: front.privateKey, cert: front.pem, agent };
  const speak = (user: string) => whoami(node, byFront, { 'x-remote-user': user, 'x-remote-group': 'ops' });
  t.match(await speak('ann'), { code: 201, status: { userInfo: { username: 'ann', groups: ['ops'] } } });
  const second = await speak('bob');
  t.match(second, { code: 201, status: { userInfo: { username: 'bob' } } }, 'on the same connection');
  const other = await ofProxies.issue('CN=other', { usages: [clientUsage] });
  const byOther = { key: other.privateKey, cert: other.pem };
  t.match(await whoami(node, byOther, { 'x-remote-user': 'ann' }), { code: 401 }, 'not an allowed name');
  t.match(await whoami(node, {}, { 'x-remote-user': 'ann' }), { code: 403 }, 'without a certificate: nobody');
});
