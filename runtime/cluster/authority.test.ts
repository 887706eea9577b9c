import { randomBytes, X509Certificate } from 'node:crypto';
import t from 'tap';
import { judgeCertificate } from '../peers/trust.ts';
import { openSealedText, sealText } from './authority.ts';
import { createCertificateAuthority, issueNodeCertificate } from './certificates.ts';
import { loadIdentity } from './identity.ts';

const clusterId = '00112233aabbccdd';

t.test('sealText is undone only by the same key, and only unchanged', async (t) => {
  const key = randomBytes(32);
  const sealed = sealText('a private key', key);
  t.equal(openSealedText(sealed, key), 'a private key');
  t.notMatch(Buffer.from(sealed).toString('latin1'), 'private');
  t.throws(() => openSealedText(sealed, randomBytes(32)));
  sealed[sealed.length - 1]! ^= 1;
  t.throws(() => openSealedText(sealed, key));
});

t.test('issueNodeCertificate makes what peers of the cluster trust, and others do not', async (t) => {
  const identity = loadIdentity(t.testdir({}), 'a');
  const authority = await createCertificateAuthority('shop', clusterId);
  const certificate = await issueNodeCertificate(
    authority,
    { clusterId, nodeId: identity.id },
    identity.publicKey,
    0,
  );
  const own = {
    clusterId,
    nodeId: identity.id,
    privateKey: '',
    certificate,
    caCertificate: authority.certificate,
  };
  const x509 = new X509Certificate(certificate);
  t.ok(x509.checkPrivateKey((await import('node:crypto')).createPrivateKey(identity.privateKey)));
  t.match(judgeCertificate(x509, own), { kind: 'trusted', peer: { clusterId, nodeId: identity.id } });
  t.match(judgeCertificate(x509, { ...own, clusterId: 'ffffffffffffffff' }), {
    kind: 'untrusted',
    reason: /another cluster/,
  });
  const stranger = await createCertificateAuthority('shop', clusterId);
  t.match(judgeCertificate(x509, { ...own, caCertificate: stranger.certificate }), { kind: 'untrusted' });
  t.match(judgeCertificate(undefined, own), { kind: 'untrusted', reason: /no certificate/ });
});

t.test('judgeCertificate believes no certificate that names a node by another key', async (t) => {
  const [victim, thief] = [loadIdentity(t.testdir({}), 'a'), loadIdentity(t.testdir({ other: {} }), 'b')];
  const authority = await createCertificateAuthority('shop', clusterId);
  const peer = { clusterId, nodeId: victim.id };
  const forged = await issueNodeCertificate(authority, peer, thief.publicKey, 0);
  const own = { ...peer, privateKey: '', certificate: forged, caCertificate: authority.certificate };
  t.match(judgeCertificate(new X509Certificate(forged), own), {
    kind: 'untrusted',
    reason: /another key/,
  });
});

t.test('loadIdentity gives the same node again, and another one in another directory', async (t) => {
  const directory = t.testdir({});
  const first = loadIdentity(directory, undefined);
  t.equal(loadIdentity(directory, undefined).id, first.id);
  t.not(loadIdentity(t.testdir({ other: {} }), undefined).id, first.id);
});
