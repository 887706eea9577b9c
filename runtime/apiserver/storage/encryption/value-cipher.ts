/**
 * A value of the datastore, encrypted: AES-256-GCM in the very form of the real server, so that one which is given the same keys
 * reads it: `k8s:enc:aesgcm:v1:KEY:`, a random nonce of 12 bytes, the ciphertext, a tag of 16. The value's own key in the
 * datastore is authenticated with it: moved to another place it opens no more.
 * (k8s.io/apiserver/pkg/storage/value/encrypt/aes/aes.go, pkg/storage/value/transformer.go)
 */
import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';

export interface EncryptionKey {
  /** Stands before every value that it encrypts; without a colon. */
  readonly id: string;
  /** 32 bytes in hexadecimal. */
  readonly key: string;
}

/** What every encrypted value begins with. */
export const encryptedMarker = Buffer.from('k8s:enc:');
const prefixText = 'k8s:enc:aesgcm:v1:';
const prefix = Buffer.from(prefixText);
const colon = 0x3a;
const nonceBytes = 12;
const tagBytes = 16;

/** Whether somebody has encrypted it, with whatever; no object in JSON begins so. */
export function isEncrypted(value: Uint8Array): boolean {
  return value[0] === encryptedMarker[0] && beginsWith(value, encryptedMarker);
}

export function beginsWith(bytes: Uint8Array, beginning: Buffer): boolean {
  return beginning.equals(bytes.subarray(0, beginning.length));
}

/** An encrypted value that cannot be opened; the message is the end of a sentence. */
export class SealedValueError extends Error {
  override readonly name = 'SealedValueError';
}

export class ValueCipher {
  readonly #first: { readonly id: string; readonly prefix: Buffer; readonly key: KeyObject };
  readonly #byId: ReadonlyMap<string, KeyObject>;

  /** @param keys at least one; the first encrypts, all decrypt. */
  constructor(keys: readonly EncryptionKey[]) {
    const [first] = keys;
    if (first === undefined) throw new Error('no key to encrypt with');
    this.#byId = new Map(keys.map(({ id, key }) => [id, createSecretKey(Buffer.from(key, 'hex'))]));
    const key = this.#byId.get(first.id) as KeyObject;
    this.#first = { id: first.id, prefix: Buffer.from(`${prefixText}${first.id}:`), key };
  }

  /** The id of the key that encrypts. */
  get current(): string {
    return this.#first.id;
  }

  /** Whether it is encrypted with the first key. */
  isCurrent(value: Uint8Array): boolean {
    return beginsWith(value, this.#first.prefix);
  }

  /** @param place the value's key in the datastore. */
  seal(place: Uint8Array, value: Uint8Array): Uint8Array {
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv('aes-256-gcm', this.#first.key, nonce).setAAD(place);
    const body = cipher.update(value);
    cipher.final();
    return Buffer.concat([this.#first.prefix, nonce, body, cipher.getAuthTag()]);
  }

  /** The inverse, under any of the keys; throws `SealedValueError`. What is not encrypted comes back as it is. */
  open(place: Uint8Array, sealed: Uint8Array): Uint8Array {
    if (!isEncrypted(sealed)) return sealed;
    const { id, body } = split(sealed);
    const key = this.#byId.get(id);
    if (key === undefined)
      throw new SealedValueError(`no matching prefix found: its key ${id} is not known on this node`);
    const decipher = createDecipheriv('aes-256-gcm', key, body.subarray(0, nonceBytes), {
      authTagLength: tagBytes,
    });
    decipher.setAAD(place).setAuthTag(body.subarray(-tagBytes));
    try {
      const value = decipher.update(body.subarray(nonceBytes, -tagBytes));
      decipher.final();
      return value;
    } catch {
      throw new SealedValueError(
        `cipher: message authentication failed: it was changed, or belongs elsewhere (its key is ${id})`,
      );
    }
  }
}

function split(sealed: Uint8Array): { readonly id: string; readonly body: Uint8Array } {
  if (!beginsWith(sealed, prefix))
    throw new SealedValueError('no matching prefix found: it is encrypted in another way than AES-GCM');
  const end = sealed.indexOf(colon, prefix.length);
  const body = sealed.subarray(end + 1);
  if (end < 0 || body.length < nonceBytes + tagBytes)
    throw new SealedValueError('the stored data was shorter than the required size');
  return { id: Buffer.from(sealed.subarray(prefix.length, end)).toString('latin1'), body };
}
