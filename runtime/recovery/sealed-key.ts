/**
 * The recovery key of a data partition, encrypted for one operator: `recovery/NAME.json` on the boot partition. An ephemeral
 * key of the machine and the operator's agree on a secret (ECDH on P-256); HKDF-SHA256 makes the key of AES-256-GCM of it.
 * What the file says of machine, volume and operator is authenticated with it.
 */
import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import * as z from 'zod';

const fileLimitCharacters = 16 * 1024;
const nonceBytes = 12;
const tagBytes = 16;
const purpose = 'trivet recovery key 1';

const sealedSchema = z.strictObject({
  format: z.literal(1),
  /** The host name that the machine had. */
  machine: z.string().max(64),
  /** The UUID in the partition's LUKS header. */
  volume: z.string().max(64),
  operator: z.string().max(63),
  /** The operator's public key, in DER (SPKI) and Base64, as configurations name it. */
  operatorKey: z.base64().max(256),
  /** The machine's, in the same form. */
  ephemeralKey: z.base64().max(256),
  nonce: z.base64().max(32),
  /** The encrypted key, and the tag. */
  sealed: z.base64().max(1024),
});
type SealedFile = z.infer<typeof sealedSchema>;

export interface Receiver {
  readonly name: string;
  /** In DER (SPKI), in Base64. */
  readonly key: string;
}

/** What a sealed key is of. */
export type Origin = Pick<SealedFile, 'machine' | 'volume'>;

export type Opened =
  | { readonly kind: 'opened'; readonly key: string; readonly origin: Origin }
  /** It is for this one. */
  | { readonly kind: 'other'; readonly operator: string; readonly operatorKey: string }
  /** A part of a sentence. */
  | { readonly kind: 'damaged'; readonly reason: string };

/** The text of the file. No two are alike. */
export function sealKey(key: string, receiver: Receiver, origin: Origin): string {
  const ephemeral = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const nonce = randomBytes(nonceBytes);
  const head = {
    ...{ format: 1 as const, machine: origin.machine, volume: origin.volume },
    ...{ operator: receiver.name, operatorKey: receiver.key, ephemeralKey: toText(ephemeral.publicKey) },
    nonce: nonce.toString('base64'),
  };
  const secret = agree(ephemeral.privateKey, fromText(receiver.key), head);
  const cipher = createCipheriv('aes-256-gcm', secret, nonce).setAAD(authenticated(head));
  const sealed = Buffer.concat([cipher.update(key, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `${JSON.stringify({ ...head, sealed: sealed.toString('base64') }, null, 2)}\n`;
}

/** @param privateKey the operator's, in PEM. */
export function openSealedKey(text: string, privateKey: string): Opened {
  const file = parse(text);
  if (file === null) return { kind: 'damaged', reason: 'it is no recovery key of this version of Trivet' };
  const own = createPrivateKey(privateKey);
  if (file.operatorKey !== toText(createPublicKey(own)))
    return { kind: 'other', operator: file.operator, operatorKey: file.operatorKey };
  try {
    const sealed = Buffer.from(file.sealed, 'base64');
    const secret = agree(own, fromText(file.ephemeralKey), file);
    const decipher = createDecipheriv('aes-256-gcm', secret, Buffer.from(file.nonce, 'base64'), {
      authTagLength: tagBytes,
    })
      .setAAD(authenticated(file))
      .setAuthTag(sealed.subarray(-tagBytes));
    const key = Buffer.concat([decipher.update(sealed.subarray(0, -tagBytes)), decipher.final()]);
    return {
      kind: 'opened',
      key: key.toString('utf8'),
      origin: { machine: file.machine, volume: file.volume },
    };
  } catch {
    return { kind: 'damaged', reason: 'it was changed since the machine wrote it' };
  }
}

function parse(text: string): SealedFile | null {
  if (text.length > fileLimitCharacters) return null;
  try {
    return sealedSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

type Head = Omit<SealedFile, 'sealed'>;

function agree(privateKey: KeyObject, publicKey: KeyObject, head: Head): Uint8Array {
  const shared = diffieHellman({ privateKey, publicKey });
  const salt = Buffer.concat([
    Buffer.from(head.ephemeralKey, 'base64'),
    Buffer.from(head.operatorKey, 'base64'),
  ]);
  return new Uint8Array(hkdfSync('sha256', shared, salt, purpose, 32));
}

function authenticated({ format, machine, volume, operator }: Head): Buffer {
  return Buffer.from(JSON.stringify([format, machine, volume, operator]));
}

function toText(publicKey: KeyObject): string {
  return publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
}

function fromText(text: string): KeyObject {
  return createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' });
}
