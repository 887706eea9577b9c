/**
 * Which certificates count for a client of the Kubernetes API, and whose they are: operators whose keys the configuration names,
 * nodes of the cluster, and whom else the cluster's CA has signed a certificate for.
 */
import { X509Certificate } from 'node:crypto';
import type { CertificateTrust } from '../apiserver/authentication/client-certificate.ts';
import { groups, type UserInfo } from '../apiserver/authentication/user.ts';
import { type Credentials, judgeCertificate, splitBundle } from '../peers/trust.ts';

/** @param operatorKeys DER (SPKI) in Base64 */
export function clientTrust(
  { caCertificate }: Credentials,
  operatorKeys: ReadonlySet<string>,
): CertificateTrust {
  return {
    authorities: splitBundle(caCertificate).map((pem) => new X509Certificate(pem)),
    refuses: (leaf) => {
      const key = leaf.publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
      // This is how an operator is taken off: the certificate outlives the name in the configuration.
      return isMasters(leaf) && !operatorKeys.has(key) ? 'its key is not that of an operator' : null;
    },
  };
}

/** A member of the cluster, by the name that it has there. @returns null: the certificate is not that of a node */
export function nodeIdOfClient(certificate: X509Certificate | undefined, own: Credentials): string | null {
  const outcome = judgeCertificate(certificate, own);
  return outcome.kind === 'trusted' ? outcome.peer.nodeId : null;
}

export function nodeUser(name: string): UserInfo {
  return { name: `system:node:${name}`, uid: '', groups: [groups.nodes, groups.authenticated], extra: {} };
}

function isMasters(leaf: X509Certificate): boolean {
  const subject = leaf.toLegacyObject().subject as unknown as { readonly O?: string | readonly string[] };
  return [subject?.O ?? []].flat().includes(groups.masters);
}
