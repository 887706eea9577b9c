import t from 'tap';
import { caHashOf } from '../peers/token.ts';
import { bundleOf, hashOfBundle } from './authority.ts';
import { createCertificateAuthority, issueCrossCertificate, issueNodeCertificate } from './certificates.ts';
import { RenewableCredentials } from './renewable-credentials.ts';
import { makeIdentity } from './testing/make-credentials.ts';

const clusterId = '0123456789abcdef';

t.test('RenewableCredentials knows age and CAs of the certificates in force', async (t) => {
  const old = await createCertificateAuthority('edge', clusterId);
  const { nodeId, publicKey, privateKey } = makeIdentity();
  const peer = { clusterId, nodeId };
  const certificate = await issueNodeCertificate(old, peer, publicKey, 10);
  const credentials = new RenewableCredentials({
    ...{ ...peer, privateKey, certificate, caCertificate: old.certificate },
  });
  t.match(credentials, { issuedAt: 10, authority: caHashOf(old.certificate) });
  t.equal(credentials.bundleHash, hashOfBundle(old.certificate));

  const made = await createCertificateAuthority('edge', clusterId);
  const cross = await issueCrossCertificate(old, made);
  const next = { ...made, cross, previous: old.certificate };
  credentials.replace({
    certificate: await issueNodeCertificate(next, peer, publicKey, 99),
    caCertificate: bundleOf(next),
  });
  t.match(credentials, { issuedAt: 99, authority: caHashOf(next.certificate) });
  t.equal(credentials.bundleHash, hashOfBundle(bundleOf(next)));

  credentials.replace({ certificate, caCertificate: made.certificate });
  t.match(credentials, { issuedAt: 10, authority: '' }, 'a certificate of a CA that is not known any more');
  t.throws(() => credentials.replace({ certificate: 'garbage', caCertificate: old.certificate }));
  t.match(credentials, { certificate, caCertificate: made.certificate, issuedAt: 10 }, 'as before');
});
