/** Members for tests: a key and a certificate of a CA, as enrolment would give them. */
import { generateKeyPairSync } from 'node:crypto';
import { type Credentials, nodeIdOf } from '../../peers/trust.ts';
import type { NodeId } from '../../raft/types.ts';
import type { CertificateAuthority } from '../authority.ts';
import { issueNodeCertificate } from '../certificates.ts';

/** A key, in PEM, and the id that follows from it. */
export function makeIdentity(): { nodeId: NodeId; publicKey: string; privateKey: string } {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicKey = pair.publicKey.export({ format: 'pem', type: 'spki' }).toString();
  const privateKey = pair.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  return { nodeId: nodeIdOf(publicKey), publicKey, privateKey };
}

export async function makeCredentials(
  authority: CertificateAuthority,
  clusterId: string,
): Promise<Credentials> {
  const { nodeId, publicKey, privateKey } = makeIdentity();
  return {
    ...{ clusterId, nodeId, privateKey },
    certificate: await issueNodeCertificate(authority, { clusterId, nodeId }, publicKey, 0),
    caCertificate: authority.certificate,
  };
}
