/**
 * A batch as a list: which devices it has, for which cluster, signed by the batch's key. The claim is the list together
 * with a voucher of the kind `claim`: who has it may take the batch over into a cluster that exists.
 */
import { type KeyObject, sign, verify } from 'node:crypto';
import * as z from 'zod';
import { parseBatchKey } from './batch-key.ts';
import { parseVoucher, type Voucher } from './voucher.ts';
import { voucherIdPattern } from './voucher-id.ts';

export const mostDevices = 20_000;

const deviceSchema = z.strictObject({
  id: z.string().regex(voucherIdPattern),
  name: z.string().min(1).max(63).nullable(),
  serial: z.string().min(1).max(64).nullable(),
  /** Of the voucher's key. */
  fingerprint: z.string().regex(/^[0-9a-f]{32}$/),
});
export type BatchDevice = z.infer<typeof deviceSchema>;

const manifestSchema = z.strictObject({
  format: z.literal(1),
  batch: z.string().regex(/^[0-9a-f]{8}$/),
  /** The one that takes the devices in. */
  cluster: z.string().min(1).max(63),
  key: z.string().length(46),
  created: z.iso.datetime(),
  devices: z.array(deviceSchema).max(mostDevices),
});
export type Manifest = z.infer<typeof manifestSchema>;

const claimSchema = z.strictObject({
  format: z.literal(1),
  /** The text that was signed. */
  manifest: z.string().max(6 * 1024 * 1024),
  /** In base64. */
  signature: z.base64().length(88),
  /** Of the kind `claim`, with its private key. */
  voucher: z.string().max(4096),
});

/** What a person gives to the cluster that takes a batch over. */
export interface Claim {
  readonly manifest: Manifest;
  readonly voucher: Voucher;
}

export function encodeManifest(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 1)}\n`;
}

/** Over the very bytes of the text, so that `openssl pkeyutl -verify -rawin` can check it. */
export function signManifest(text: string, batchPrivateKey: KeyObject): Buffer {
  return sign(null, Buffer.from(text), batchPrivateKey);
}

/** The manifest, or what is wrong with it, as a part of a sentence. It says itself which key has to have signed it. */
export function readSignedManifest(
  text: string,
  signature: Uint8Array,
): Manifest | { readonly fault: string } {
  const parsed = manifestSchema.safeParse(parseJson(text));
  if (!parsed.success) return { fault: `it is no manifest of a batch: ${describe(parsed.error)}` };
  const key = parseBatchKey(parsed.data.key);
  if (key === null) return { fault: 'the key that it names is none' };
  if (signature.length !== 64 || !verify(null, Buffer.from(text), key, signature))
    return { fault: 'its signature does not fit: it was changed' };
  return parsed.data;
}

export function encodeClaim(manifestText: string, signature: Uint8Array, voucherText: string): string {
  const claim = {
    format: 1,
    manifest: manifestText,
    signature: Buffer.from(signature).toString('base64'),
    voucher: voucherText,
  };
  return `${JSON.stringify(claim)}\n`;
}

/** The claim, or what is wrong with it. Whether its key is to be trusted is for the person who gives it. */
export function readClaim(text: string): Claim | { readonly fault: string } {
  const parsed = claimSchema.safeParse(parseJson(text));
  if (!parsed.success)
    return { fault: 'it is not the claim of a batch (claim.json, which trivet factory batch has written)' };
  const manifest = readSignedManifest(parsed.data.manifest, Buffer.from(parsed.data.signature, 'base64'));
  if ('fault' in manifest) return manifest;
  const voucher = parseVoucher(parsed.data.voucher);
  const fits =
    voucher?.kind === 'claim' &&
    voucher.batchKey === manifest.key &&
    voucher.batch === manifest.batch &&
    voucher.cluster === manifest.cluster;
  return fits ? { manifest, voucher } : { fault: 'its voucher is damaged, or of another batch' };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function describe(error: z.ZodError): string {
  const [issue] = error.issues;
  return issue === undefined ? 'unknown' : `${issue.path.join('.') || 'the whole'}: ${issue.message}`;
}
