/** How a blank machine's membership begins: it starts a cluster of its own, or another admits it. */
import { randomBytes } from 'node:crypto';
import type { Voucher } from '../vouchers/voucher.ts';
import type { CertificateThread } from './certificate-thread.ts';
import type { EnrolAnswer } from './enrolment.ts';
import type { Identity } from './identity.ts';
import type { Membership } from './membership.ts';
import { createSealingKey } from './sealing-key.ts';
import { createCharter, type OwnCharter, signCharter } from './voucher-proof.ts';

/** Makes a new cluster: its id, its CA, and the founder's certificate. Nothing is stored yet. `voucher` is the founder's. */
export async function foundCluster(
  clusterName: string,
  identity: Identity,
  voucher: Voucher | null,
  certificates: CertificateThread,
): Promise<Membership> {
  const clusterId = randomBytes(8).toString('hex');
  const authority = await certificates.run('createCertificateAuthority', clusterName, clusterId);
  const peer = { clusterId, nodeId: identity.id };
  const certificate = await certificates.run('issueNodeCertificate', authority, peer, identity.publicKey, 0);
  const caCertificate = authority.certificate;
  const cluster = { name: clusterName, id: clusterId, bundle: caCertificate };
  const own = createCharter(cluster);
  const charter = voucher === null ? own : { ...own, charter: signCharter(own.charter, voucher, cluster) };
  return toMembership(identity, { clusterId, certificate, caCertificate }, { authority, charter });
}

/** The membership that follows from a member's answer to enrolment. */
export function enrolledMembership(identity: Identity, answer: EnrolAnswer): Membership {
  return toMembership(identity, answer, null);
}

function toMembership(
  identity: Identity,
  issued: { readonly clusterId: string; readonly certificate: string; readonly caCertificate: string },
  founded: { readonly authority: Membership['authority']; readonly charter: OwnCharter } | null,
): Membership {
  const { clusterId, certificate, caCertificate } = issued;
  const credentials = {
    clusterId,
    nodeId: identity.id,
    privateKey: identity.privateKey,
    certificate,
    caCertificate,
  };
  if (founded === null) return { credentials, authority: null, charter: null, newSealingKey: null };
  return { credentials, ...founded, newSealingKey: createSealingKey() };
}
