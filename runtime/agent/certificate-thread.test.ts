import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import t, { type Test } from 'tap';
import { certificateThread } from '../cluster/certificate-thread.ts';
import { isIssuedBy, issuedAtOf, nodeIdOf, nodeUri } from '../peers/trust.ts';
import { startWorker } from './start-worker.ts';

t.setTimeout(120_000);

/** The agent's own thread, and the workers that were started for it. */
function open(t: Test) {
  const started: Worker[] = [];
  const thread = certificateThread(() => {
    started.push(startWorker({ role: 'certificates' }));
    return started.at(-1)!;
  });
  t.teardown(() => thread.close());
  return { thread, started };
}

t.test('the certificate thread makes CAs and certificates that belong together', async (t) => {
  const { thread, started } = open(t);
  t.equal(started.length, 0, 'it is not there before');
  const clusterId = '0123456789abcdef';
  const old = await thread.run('createCertificateAuthority', 'edge', clusterId);
  const next = await thread.run('createCertificateAuthority', 'edge', clusterId);
  const cross = await thread.run('issueCrossCertificate', old, next);
  t.ok(isIssuedBy(new X509Certificate(cross), new X509Certificate(old.certificate)));
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = publicKey.export({ format: 'pem', type: 'spki' }).toString();
  const peer = { clusterId, nodeId: nodeIdOf(pem) };
  const issued = await thread.run('issueNodeCertificate', { ...next, cross }, peer, pem, 77);
  const certificate = new X509Certificate(issued);
  t.ok(isIssuedBy(certificate, new X509Certificate(next.certificate)));
  t.notOk(isIssuedBy(certificate, new X509Certificate(old.certificate)));
  t.match(certificate.subjectAltName, nodeUri(peer));
  t.equal(issuedAtOf(certificate), 77);
  t.ok(issued.endsWith(cross));
  t.equal(started.length, 1);
});

t.test('the certificate thread says what is wrong with what it was given, and is there again', async (t) => {
  const { thread, started } = open(t);
  const authority = await thread.run('createCertificateAuthority', 'edge', '0123456789abcdef');
  const peer = { clusterId: '0123456789abcdef', nodeId: nodeIdOf(generateKeyPairSync('ed25519').publicKey) };
  await t.rejects(thread.run('issueNodeCertificate', authority, peer, 'no key', 0), Error);
  t.equal(started.length, 1, 'an error does not end it');
  const ended = once(started[0]!, 'exit');
  await started[0]!.terminate();
  await ended;
  const again = await thread.run('createCertificateAuthority', 'edge', '0123456789abcdef');
  t.match(again.privateKey, 'BEGIN PRIVATE KEY');
  t.equal(started.length, 2);
});
