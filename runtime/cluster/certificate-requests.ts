/**
 * Certificates that the cluster's CA signs for clients and servers of the Kubernetes API, where a CertificateSigningRequest was
 * approved. What they may say is bounded here, whoever asks: none is a node's to its peers, and none is an administrator's.
 * (pkg/controller/certificates/authority/policies.go)
 */
import * as z from 'zod';
import { RpcError } from '../peers/rpc.ts';
import type { MemberContext } from './member-context.ts';
import { readAuthority } from './roster.ts';

const shortestSeconds = 600;
const longestSeconds = 365 * 24 * 3600;
/** Clocks differ a little. */
const backdateMilliseconds = 300_000;

export const certificateParams = z.object({
  /** PKCS#10 in PEM. */
  request: z.string().max(65_536),
  /** As the API names them. */
  usages: z.array(z.string().max(64)).max(32),
  validSeconds: z.int().min(shortestSeconds).max(longestSeconds),
});

export type CertificateParams = z.infer<typeof certificateParams>;

/**
 * On a node with the sealing key. @param nowMs since 1970, as most members' clocks say @returns the certificate in PEM.
 * Throws `RpcError`: `refused` where such a certificate is not given at all.
 */
export async function certifyRequest(
  { sealing, replica, certificates, log }: MemberContext,
  { request, usages, validSeconds }: CertificateParams,
  nowMs: number,
): Promise<{ readonly certificate: string }> {
  const authority = sealing.key && readAuthority(replica.machine.view, sealing.key);
  if (!authority) throw new RpcError('notReady', 'This node has no copy of the CA yet: try again.');
  const validity = {
    notBefore: new Date(nowMs - backdateMilliseconds),
    notAfter: new Date(nowMs + validSeconds * 1_000),
  };
  const outcome = await certificates.run('issueRequestedCertificate', authority, request, usages, validity);
  if (outcome.kind === 'refused') throw new RpcError('refused', outcome.reason);
  log.info({ subject: outcome.subject, usages }, 'a certificate was signed for the Kubernetes API');
  return { certificate: outcome.certificate };
}
