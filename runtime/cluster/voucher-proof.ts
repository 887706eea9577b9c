/**
 * What a machine with a voucher says and signs: that it is its own node that wants to enrol, or that the cluster which it
 * begins is the one that its batch was made for (the charter). Pure checks over what a stranger sends.
 */
import { createHash, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import * as z from 'zod';
import { caHashOf } from '../peers/token.ts';
import { nodeIdOf, splitBundle } from '../peers/trust.ts';
import {
  exactBase64,
  fingerprintOfKey,
  privateKeyOf,
  publicKeyOf,
  rawPublicKey,
  seedOf,
} from '../vouchers/batch-key.ts';
import {
  isStatementSigned,
  type PublicVoucher,
  parsePublicVoucher,
  signStatement,
  type Voucher,
} from '../vouchers/voucher.ts';

/** So many batches may be claimed, for it all to fit into a greeting. */
export const mostSignatures = 16;

const shownVoucher = z.string().max(2_400);
const signature = z.string().max(86);

export const proofSchema = z.object({
  /** SPKI in PEM: the node's, not the voucher's. */
  publicKey: z.string().max(1_024),
  voucher: shownVoucher,
  signature,
});
/** Fit for one node alone: whoever sees it cannot use it for another. */
export type VoucherProof = z.infer<typeof proofSchema>;

export const charterSchema = z.object({
  /** The cluster's own for this purpose: 32 bytes in base64url. */
  key: z.string().max(43),
  /** By vouchers, over the cluster's id and this key. */
  signatures: z.array(z.object({ voucher: shownVoucher, signature })).max(mostSignatures),
  /** The cluster's CAs by their hashes (peers/token.ts), each signed by this key. */
  authorities: z.array(z.object({ hash: z.string().max(32), signature })).max(2),
});
/** Shows to machines of a batch that a cluster is theirs; anybody may have it. */
export type Charter = z.infer<typeof charterSchema>;

export const ownCharterSchema = z.object({
  charter: charterSchema,
  /** The private half of its key: 32 bytes in base64url. */
  privateKey: z.string().length(43),
});
/** With what a cluster signs for its next CA. Voters keep it sealed. */
export type OwnCharter = z.infer<typeof ownCharterSchema>;

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

export interface CharteredCluster {
  readonly name: string;
  readonly id: string;
  /** The CAs in PEM, one or two. */
  readonly bundle: string;
}

/** The charter of a cluster, without the word of any voucher. */
export function createCharter(cluster: CharteredCluster): OwnCharter {
  const { privateKey } = generateKeyPairSync('ed25519');
  const key = rawPublicKey(privateKey).toString('base64url');
  const seed = seedOf(privateKey).toString('base64url');
  return {
    charter: signAuthorities({ key, signatures: [], authorities: [] }, seed, cluster),
    privateKey: seed,
  };
}

/** Adds a voucher's word: of the machine that begins the cluster, or of a batch that is taken over. */
export function signCharter(
  charter: Charter,
  voucher: Voucher,
  cluster: Pick<CharteredCluster, 'name' | 'id'>,
): Charter {
  const signed = signStatement(voucher, charterStatement(cluster, charter.key));
  const others = charter.signatures.filter((each) => each.voucher !== voucher.text);
  return { ...charter, signatures: [...others, { voucher: voucher.text, signature: signed }] };
}

/** The charter for other CAs, as when a new one takes over. */
export function signAuthorities(charter: Charter, privateKey: string, cluster: CharteredCluster): Charter {
  const key = privateKeyOf(Buffer.from(privateKey, 'base64url'));
  const authorities = splitBundle(cluster.bundle).map((pem) => {
    const hash = caHashOf(pem);
    return { hash, signature: sign(null, authorityBytes(cluster, hash), key).toString('base64url') };
  });
  return { ...charter, authorities };
}

/**
 * Whether a cluster shows that it is the one that a trusted batch was made for: a voucher of the batch has signed for its
 * charter's key, and that for every CA of `bundle` (PEM; null: none is shown yet).
 * @param counts whether a voucher's word counts.
 * @returns why not, as the end of a sentence; null when it does.
 */
export function objectToCharter(
  charter: Charter | null,
  cluster: { readonly name: string; readonly id: string; readonly bundle: string | null },
  keys: readonly string[],
  counts: (voucher: PublicVoucher) => boolean = () => true,
): string | null {
  if (charter === null) return unsigned;
  try {
    const signers = charter.signatures.flatMap((each) => {
      const voucher = parsePublicVoucher(each.voucher);
      const isItsWord =
        voucher !== null &&
        voucher.cluster === cluster.name &&
        isStatementSigned(voucher, charterStatement(cluster, charter.key), each.signature);
      return isItsWord && counts(voucher) ? [voucher] : [];
    });
    const [first] = signers;
    if (first === undefined) return unsigned;
    if (!signers.some(({ batchKey }) => keys.includes(batchKey)))
      return `was begun by a machine of another batch (key ${fingerprintOfKey(first.batchKey)}) than those that this machine trusts (cluster.enrolment.vouchers)`;
    const signed = signedAuthorities(charter, cluster);
    return splitBundle(cluster.bundle ?? '').every((pem) => signed.has(caHashOf(pem)))
      ? null
      : 'shows a CA that its charter does not name';
  } catch {
    return 'shows a damaged charter';
  }
}

const unsigned = 'does not show that a machine with a voucher has begun it';

function signedAuthorities(
  { key, authorities }: Charter,
  cluster: { readonly name: string; readonly id: string },
): Set<string> {
  const publicKey = publicKeyOf(exactBase64(key, 32) ?? Buffer.alloc(0));
  const isSigned = (hash: string, text: string): boolean => {
    const bytes = exactBase64(text, 64);
    return bytes !== null && verify(null, authorityBytes(cluster, hash), publicKey, bytes);
  };
  return new Set(authorities.filter((each) => isSigned(each.hash, each.signature)).map(({ hash }) => hash));
}

function enrolStatement(clusterName: string, publicKey: string): readonly string[] {
  const der = createPublicKey(publicKey).export({ format: 'der', type: 'spki' });
  return ['enrol', clusterName, createHash('sha256').update(der).digest('hex')];
}

function charterStatement(
  { name, id }: { readonly name: string; readonly id: string },
  key: string,
): readonly string[] {
  return ['charter', name, id, key];
}

function authorityBytes({ name, id }: { readonly name: string; readonly id: string }, hash: string): Buffer {
  return Buffer.from(JSON.stringify(['trivet charter v1', name, id, hash]));
}
