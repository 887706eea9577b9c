/**
 * What a machine with a voucher says and signs: that it is its own node that wants to enrol, or that the cluster which it
 * begins is the one that its batch was made for (the charter). Pure checks over what a stranger sends.
 */
import { createHash, createPublicKey, X509Certificate } from 'node:crypto';
import * as z from 'zod';
import { caHashOf } from '../peers/token.ts';
import { nodeIdOf, splitBundle } from '../peers/trust.ts';
import { fingerprintOfKey } from '../vouchers/batch-key.ts';
import {
  isStatementSigned,
  type PublicVoucher,
  parsePublicVoucher,
  signStatement,
  type Voucher,
} from '../vouchers/voucher.ts';

/** So many CAs may follow on the first one, and so many batches be claimed, for it all to fit into a greeting. */
const mostLinks = 16;
export const mostSignatures = 16;

const shownVoucher = z.string().max(2_400);
const signature = z.string().max(86);
const certificate = z.string().max(2_048);

export const proofSchema = z.object({
  /** SPKI in PEM: the node's, not the voucher's. */
  publicKey: z.string().max(1_024),
  voucher: shownVoucher,
  signature,
});
/** Fit for one node alone: whoever sees it cannot use it for another. */
export type VoucherProof = z.infer<typeof proofSchema>;

export const charterSchema = z.object({
  /** The CA with which the cluster began (PEM). */
  anchor: certificate,
  /** The CAs that followed, each with what the one before it says of it (PEM). */
  links: z.array(z.object({ certificate, cross: certificate })).max(mostLinks),
  /** By vouchers, over the cluster's id and one of these CAs. */
  signatures: z
    .array(z.object({ voucher: shownVoucher, authority: z.string().max(32), signature }))
    .max(mostSignatures),
});
/** Shows to machines of a batch that a cluster is theirs; anybody may have it. */
export type Charter = z.infer<typeof charterSchema>;

/** @param publicKey the node's, SPKI in PEM. */
export function proveVoucher(voucher: Voucher, clusterName: string, publicKey: string): VoucherProof {
  const signed = signStatement(voucher, enrolStatement(clusterName, publicKey));
  return { publicKey, voucher: voucher.text, signature: signed };
}

/** The voucher that a node shows; null for what proves none, or is another node's. */
export function readProof(proof: VoucherProof, clusterName: string, nodeId: string): PublicVoucher | null {
  const voucher = parsePublicVoucher(proof.voucher);
  if (voucher?.kind !== 'device') return null;
  try {
    const isOwn = nodeIdOf(proof.publicKey) === nodeId;
    const statement = enrolStatement(clusterName, proof.publicKey);
    return isOwn && isStatementSigned(voucher, statement, proof.signature) ? voucher : null;
  } catch {
    return null;
  }
}

/** Why a voucher is not good here whoever uses it, as a sentence without its end; null when it is. */
export function objectToVoucher(
  voucher: Pick<PublicVoucher, 'id' | 'batchKey' | 'cluster' | 'serial'>,
  here: { readonly clusterName: string; readonly keys: readonly string[]; readonly serial: string | null },
): string | null {
  const { id, batchKey, cluster, serial } = voucher;
  if (cluster !== here.clusterName)
    return `the voucher ${id} of this machine is for the cluster "${cluster}", and this one is "${here.clusterName}"`;
  if (!here.keys.includes(batchKey))
    return `the voucher ${id} of this machine is of another batch (key ${fingerprintOfKey(batchKey)}) than those that are trusted here (cluster.enrolment.vouchers, trivet vouchers claim)`;
  if (serial !== null && serial !== here.serial)
    return `the voucher ${id} of this machine is for the one with the serial number ${serial}, and it ${here.serial === null ? 'has none' : `has ${here.serial}`}`;
  return null;
}

/** The charter of a cluster that begins. */
export function foundingCharter(
  voucher: Voucher | null,
  cluster: { readonly name: string; readonly id: string; readonly caCertificate: string },
): Charter {
  const charter = { anchor: cluster.caCertificate, links: [], signatures: [] };
  return voucher === null ? charter : signCharter(charter, voucher, cluster);
}

/** Adds a voucher's word for the cluster's present CA. */
export function signCharter(
  charter: Charter,
  voucher: Voucher,
  cluster: { readonly name: string; readonly id: string; readonly caCertificate: string },
): Charter {
  const authority = caHashOf(cluster.caCertificate);
  const signed = signStatement(voucher, charterStatement(cluster, authority));
  const others = charter.signatures.filter((each) => each.voucher !== voucher.text);
  return { ...charter, signatures: [...others, { voucher: voucher.text, authority, signature: signed }] };
}

/** The charter when a new CA takes over. One that has had too many keeps its old end: machines with vouchers then need a person. */
export function extendCharter(charter: Charter, next: string, cross: string): Charter {
  if (charter.links.length >= mostLinks) return charter;
  return { ...charter, links: [...charter.links, { certificate: next, cross }] };
}

/**
 * Whether a cluster shows that it is the one that a trusted batch was made for: a voucher of the batch has signed for one of
 * its CAs, and those after it follow from that one. Every CA of `bundle` (PEM) must be among them; null: none is shown yet.
 * @param counts whether a voucher's word counts.
 * @returns why not, as the end of a sentence; null when it does.
 */
export function objectToCharter(
  charter: Charter | null,
  cluster: { readonly name: string; readonly id: string; readonly bundle: string | null },
  keys: readonly string[],
  counts: (voucher: PublicVoucher) => boolean = () => true,
): string | null {
  if (charter === null) return 'does not show that a machine with a voucher has begun it';
  try {
    const chain = readChain(charter);
    let others: string | null = null;
    for (const each of charter.signatures) {
      const voucher = parsePublicVoucher(each.voucher);
      const from = chain.findIndex(({ hash }) => hash === each.authority);
      if (voucher === null || from < 0) continue;
      if (!isStatementSigned(voucher, charterStatement(cluster, each.authority), each.signature)) continue;
      if (!counts(voucher)) continue;
      if (!keys.includes(voucher.batchKey) || voucher.cluster !== cluster.name) {
        others ??= `was begun by a machine of another batch (key ${fingerprintOfKey(voucher.batchKey)}) than those that this machine trusts (cluster.enrolment.vouchers)`;
        continue;
      }
      const trusted = chain.slice(from).map(({ key }) => key);
      if (splitBundle(cluster.bundle ?? '').every((pem) => trusted.includes(keyTextOf(pem)))) return null;
      return 'shows a CA that does not follow from the one with which it began';
    }
    return others ?? 'does not show that a machine with a voucher has begun it';
  } catch {
    return 'shows a damaged charter';
  }
}

/** The CAs from the first one on, as far as each speaks for the next. Throws for what is no certificate. */
function readChain({ anchor, links }: Charter): { readonly hash: string; readonly key: string }[] {
  const chain = [{ hash: caHashOf(anchor), key: keyTextOf(anchor) }];
  let last = new X509Certificate(anchor);
  for (const link of links) {
    const [next, cross] = [new X509Certificate(link.certificate), new X509Certificate(link.cross)];
    if (!cross.verify(last.publicKey) || keyTextOf(link.cross) !== keyTextOf(link.certificate)) break;
    chain.push({ hash: caHashOf(link.certificate), key: keyTextOf(link.certificate) });
    last = next;
  }
  return chain;
}

function keyTextOf(pem: string): string {
  const { publicKey } = new X509Certificate(pem);
  return publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
}

function enrolStatement(clusterName: string, publicKey: string): readonly string[] {
  const der = createPublicKey(publicKey).export({ format: 'der', type: 'spki' });
  return ['enrol', clusterName, createHash('sha256').update(der).digest('hex')];
}

function charterStatement(
  { name, id }: { readonly name: string; readonly id: string },
  authority: string,
): readonly string[] {
  return ['charter', name, id, authority];
}
