/**
 * A voucher: one machine's own right to enrol, once. A text of four parts, `v1.PAYLOAD.SIGNATURE.KEY`: the payload in JSON,
 * the batch key's signature over it, and the voucher's own private key, all in base64url. The first three parts are what a
 * machine shows to others; the last never leaves it, and signs what the machine says of itself.
 */
import { createHash, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import * as z from 'zod';
import {
  exactBase64,
  fingerprintOf,
  formatBatchKey,
  parseBatchKey,
  privateKeyOf,
  publicKeyOf,
  rawPublicKey,
  seedOf,
} from './batch-key.ts';
import { voucherIdOf } from './voucher-id.ts';

const payloadSchema = z.strictObject({
  /** `device` admits one machine, or lets it begin the cluster; `claim` lets a cluster that exists take the batch over. */
  kind: z.enum(['device', 'claim']),
  /** The voucher's own: 32 bytes in base64url. */
  key: z.string().length(43),
  /** Whose signature it has to have. */
  batchKey: z.string().length(46),
  batch: z.string().regex(/^[0-9a-f]{8}$/),
  cluster: z.string().min(1).max(63),
  name: z.string().min(1).max(63).nullable(),
  serial: z.string().min(1).max(64).nullable(),
});
type Payload = z.infer<typeof payloadSchema>;

/** What may be shown to anybody who knows the enrolment secret. */
export interface PublicVoucher extends Omit<Payload, 'key'> {
  /** 12 hexadecimal digits that follow from its key: `1a2b-3c4d-5e6f`. */
  readonly id: string;
  /** 32 hexadecimal digits: more of the same. */
  readonly fingerprint: string;
  readonly publicKey: KeyObject;
  /** `v1.PAYLOAD.SIGNATURE` */
  readonly text: string;
}

export interface Voucher extends PublicVoucher {
  readonly privateKey: KeyObject;
}

const longestPayload = 2_048;
/** No other signature of a batch's key begins with this. */
const purpose = 'trivet voucher v1\n';

/** Makes a new voucher; its text has the private key in it. */
export function issueVoucher(
  batchPrivateKey: KeyObject,
  fields: Pick<Payload, 'kind' | 'batch' | 'cluster' | 'name' | 'serial'>,
): Voucher & { readonly secretText: string } {
  const { privateKey } = generateKeyPairSync('ed25519');
  const { kind, batch, cluster, name, serial } = fields;
  const payload: Payload = {
    kind,
    key: rawPublicKey(privateKey).toString('base64url'),
    batchKey: formatBatchKey(batchPrivateKey),
    ...{ batch, cluster, name, serial },
  };
  const bytes = Buffer.from(JSON.stringify(payloadSchema.parse(payload)));
  const signature = sign(null, signedBytes(bytes), batchPrivateKey);
  const secret = seedOf(privateKey).toString('base64url');
  const secretText = `v1.${bytes.toString('base64url')}.${signature.toString('base64url')}.${secret}`;
  return { ...parseVoucher(secretText)!, secretText };
}

/** null for what is no voucher, or not as its batch's key has signed it. */
export function parseVoucher(text: string): Voucher | null {
  const end = text.lastIndexOf('.');
  const shown = parsePublicVoucher(text.slice(0, Math.max(0, end)));
  const seed = exactBase64(text.slice(end + 1), 32);
  if (shown === null || seed === null) return null;
  const privateKey = privateKeyOf(seed);
  return rawPublicKey(privateKey).equals(rawPublicKey(shown.publicKey)) ? { ...shown, privateKey } : null;
}

/** The same for the part that is shown. Whether the batch is to be trusted is another question. */
export function parsePublicVoucher(text: string): PublicVoucher | null {
  const [version, encoded = '', signed = '', ...more] = text.split('.');
  if (version !== 'v1' || more.length > 0 || encoded.length > longestPayload) return null;
  const bytes = exactBase64(encoded, null);
  const signature = exactBase64(signed, 64);
  const payload = bytes && readPayload(bytes);
  const batchKey = payload && parseBatchKey(payload.batchKey);
  const own = payload && exactBase64(payload.key, 32);
  if (!bytes || !signature || !payload || !batchKey || !own) return null;
  if (!verify(null, signedBytes(bytes), batchKey, signature)) return null;
  const { key: _, ...fields } = payload;
  const fingerprint = fingerprintOf(own);
  return { ...fields, id: voucherIdOf(fingerprint), fingerprint, publicKey: publicKeyOf(own), text };
}

/** Signs a statement with the voucher's own key; in base64url. The first word of a statement says what for. */
export function signStatement(voucher: Voucher, statement: readonly string[]): string {
  return sign(null, statementBytes(voucher.id, statement), voucher.privateKey).toString('base64url');
}

export function isStatementSigned(
  voucher: PublicVoucher,
  statement: readonly string[],
  signature: string,
): boolean {
  const bytes = exactBase64(signature, 64);
  return bytes !== null && verify(null, statementBytes(voucher.id, statement), voucher.publicKey, bytes);
}

/** As JSON: two statements are never one text. */
function statementBytes(id: string, statement: readonly string[]): Buffer {
  return createHash('sha256')
    .update(JSON.stringify(['trivet statement v1', id, ...statement]))
    .digest();
}

function signedBytes(payload: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(purpose), payload]);
}

function readPayload(bytes: Buffer): Payload | null {
  try {
    const parsed = payloadSchema.safeParse(JSON.parse(bytes.toString('utf8')));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
