import { randomBytes, X509Certificate } from 'node:crypto';
import t from 'tap';
import { openSoloStore } from '../datastore/testing/solo-store.ts';
import { type ApiKeys, makeApiKeys, proxyName } from './api-keys.ts';
import { openSealedText, sealText } from './authority.ts';
import { createCertificateAuthority, createProxyIdentity } from './certificates.ts';
import { ownPrefix } from './roster.ts';

const clusterId = '0123456789abcdef';
const key = new TextEncoder().encode(`${ownPrefix}api-keys`);

t.test('makeApiKeys makes what there is not, once, and leaves the rest as it is', async (t) => {
  const { store, replica } = await openSoloStore(t, t.testdir());
  const sealingKey = randomBytes(32);
  let identities = 0;
  const make = (sealing: Buffer | null = sealingKey) =>
    makeApiKeys({
      ...{ store, view: replica.machine.view, sealingKey: sealing },
      makeProxyIdentity: () => {
        identities += 1;
        return createProxyIdentity(clusterId, proxyName);
      },
    });
  const stored = async () => (await store.range({ key })).items[0];
  const read = async (): Promise<ApiKeys> =>
    JSON.parse(openSealedText((await stored())?.value ?? new Uint8Array(), sealingKey)) as ApiKeys;
  await make(null);
  t.equal(await stored(), undefined, 'not without the key that seals them');
  await make();
  const first = await read();
  t.match(first, {
    serviceAccounts: [/PRIVATE KEY/],
    secrets: [{}],
    frontProxy: { privateKey: /PRIVATE KEY/ },
  });
  const before = await stored();
  await make();
  t.equal((await stored())?.modifyRevision, before?.modifyRevision);
  t.equal(identities, 1);

  const { frontProxy: _, ...older } = first;
  const value = sealText(JSON.stringify(older), sealingKey);
  await store.transact({ success: [{ operation: 'put', key, value }] });
  await make();
  const { frontProxy, ...others } = await read();
  t.same(others, older, 'those of an older version stay');
  t.not(frontProxy?.certificate, first.frontProxy?.certificate);
});

t.test('createProxyIdentity makes a certificate that only its own authority vouches for', async (t) => {
  const made = await createProxyIdentity(clusterId, proxyName);
  const [authority, leaf] = [new X509Certificate(made.authority), new X509Certificate(made.certificate)];
  t.ok(authority.ca && leaf.checkIssued(authority) && leaf.verify(authority.publicKey));
  t.equal(leaf.subject, 'CN=front-proxy-client');
  t.same(leaf.keyUsage, ['1.3.6.1.5.5.7.3.2']);
  t.notOk(leaf.ca);
  t.equal(leaf.subjectAltName, undefined, 'it names no node');
  t.not(made.privateKey, '');
  const cluster = new X509Certificate((await createCertificateAuthority('c', clusterId)).certificate);
  t.notOk(leaf.checkIssued(cluster));
});
