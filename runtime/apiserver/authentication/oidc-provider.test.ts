import { once } from 'node:events';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { fetchFrom, providerKeys } from './oidc-provider.ts';
import { makeKey } from './testing/accounts.ts';
import { makeAuthority, serverUsage } from './testing/certificates.ts';
import { issuerDocuments } from './token-keys.ts';

const [first, second] = [makeKey(), makeKey('P-256')];

/** A provider in memory, whose keys can change and which can fail. */
function makeProvider() {
  const provider = {
    keys: [first.verification],
    isDown: false,
    issuer: 'https://id',
    requests: 0,
    fetch: async (url: string): Promise<unknown> => {
      provider.requests += 1;
      if (provider.isDown) throw new Error('down');
      const [jwks, configuration] = issuerDocuments(provider.issuer, 'https://id/keys', provider.keys);
      return JSON.parse((url.endsWith('/keys') ? jwks : configuration)?.text ?? '') as unknown;
    },
  };
  return provider;
}

t.test('providerKeys asks once, and again for a key that is new', async (t) => {
  const provider = makeProvider();
  const keys = providerKeys('https://id', provider.fetch);
  const found = await Promise.all([keys(first.signing.keyId, 0), keys(first.signing.keyId, 0)]);
  t.same(
    found.map(({ length }) => length),
    [1, 1],
  );
  t.equal(provider.requests, 2, 'the configuration and the keys');
  provider.keys = [second.verification];
  t.equal((await keys(second.signing.keyId, 9_999)).length, 0, 'not so soon');
  t.equal((await keys(second.signing.keyId, 10_000)).length, 1);
  t.equal((await keys(first.signing.keyId, 10_001)).length, 0, 'the old one has gone');
  t.equal(provider.requests, 4);
});

t.test('providerKeys makes few requests however many keys are asked for', async (t) => {
  const provider = makeProvider();
  const keys = providerKeys('https://id', provider.fetch);
  for (let ms = 0; ms < 10_000; ms += 100) await keys(`unknown-${ms}`, ms);
  t.equal(provider.requests, 2);
});

t.test('providerKeys lives with a provider that is away', async (t) => {
  const provider = makeProvider();
  const keys = providerKeys('https://id', provider.fetch);
  provider.isDown = true;
  await t.rejects(keys(first.signing.keyId, 0), { message: 'down' });
  provider.isDown = false;
  t.equal((await keys(first.signing.keyId, 10_000)).length, 1);
  provider.isDown = true;
  t.equal((await keys(first.signing.keyId, 24 * 60 * 60 * 1_000)).length, 1, 'what is known serves on');
  t.equal((await keys('', 24 * 60 * 60 * 1_000)).length, 1, 'a token that names no key');
});

t.test('providerKeys takes no keys of another issuer, nor over HTTP', async (t) => {
  const provider = makeProvider();
  await t.rejects(providerKeys('https://id/other', provider.fetch)('', 0), { message: /did not match/ });
  const plain = async (): Promise<unknown> => ({ issuer: 'https://id', jwks_uri: 'http://id/keys' });
  await t.rejects(providerKeys('https://id', plain)('', 0), { message: /not under https/ });
  t.throws(() => fetchFrom({ issuer: 'http://id', ca: null }), /begins with https/);
});

t.test('providerKeys passes over keys that are none', async (t) => {
  const [jwks] = issuerDocuments('https://id', '', [first.verification]);
  const { keys } = JSON.parse(jwks?.text ?? '') as { keys: object[] };
  const odd = [null, 5, {}, { kty: 'RSA' }, { kty: 'oct', k: 'AA' }, { ...keys[0], use: 'enc' }];
  const fetch = async (url: string): Promise<unknown> =>
    url.endsWith('/keys')
      ? { keys: [...odd, ...keys] }
      : { issuer: 'https://id', jwks_uri: 'https://id/keys' };
  t.equal((await providerKeys('https://id', fetch)('', 0)).length, 1);
});

t.test('fetchFrom fetches over HTTPS from whom the authority vouches for', async (t) => {
  const authority = await makeAuthority('CN=id');
  const { pem, privateKey } = await authority.issue('CN=server', {
    address: '127.0.0.1',
    usages: [serverUsage],
  });
  const server = https.createServer({ cert: pem, key: privateKey }, (request, response) => {
    if (request.url === '/large') response.end('x'.repeat(2 * 1024 * 1024));
    else if (request.url === '/text') response.end('not JSON');
    else if (request.url === '/moved') response.writeHead(302, { location: '/' }).end();
    else response.end('{"a":1}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const issuer = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const fetch = fetchFrom({ issuer, ca: authority.pem });
  t.same(await fetch(`${issuer}/`), { a: 1 });
  await t.rejects(fetch(`${issuer}/large`), { message: /too large/ });
  await t.rejects(fetch(`${issuer}/text`), { name: 'SyntaxError' });
  await t.rejects(fetch(`${issuer}/moved`), { message: /answered 302/ });
  await t.rejects(fetchFrom({ issuer, ca: null })(`${issuer}/`), { code: /SELF_SIGNED|UNABLE_TO/ });
});
