/** Members for tests: a key and a certificate of a CA, as enrolment would give them. */
import { generateKeyPairSync } from 'node:crypto';
import { type Credentials, nodeIdOf } from '../../peers/trust.ts';
import type { CertificateAuthority } from '../authority.ts';
import { issueNodeCertificate } from '../certificates.ts';

export async function makeCredentials(
  authority: CertificateAuthority,
  clusterId: string,
): Promise<Credentials> {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicKey = pair.publicKey.export({ format: 'pem', type: 'spki' }).toString();
  const nodeId = nodeIdOf(publicKey);
  return {
    clusterId,
    nodeId,
    privateKey: pair.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    certificate: await issueNodeCertificate(authority, { clusterId, nodeId }, publicKey, 0),
    caCertificate: authority.certificate,
  };
}
