/**
 * One encoding for everything that travels between nodes or lies in the log: JSON in which byte strings are
 * replaced by references to raw bytes that follow it. Keys and values stay bytes without base64, and a person
 * can still read a message. Layout: u32 big-endian length of the JSON, the JSON, the byte strings in order.
 */

const headerBytes = 4;

/** What can be encoded: JSON's values and byte strings. `undefined` members are left out, as in JSON. */
export type Encodable =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly Encodable[]
  | { readonly [key: string]: Encodable | undefined };

/** The bytes are not an envelope: a hostile or broken sender, never a fault of the caller. */
export class EnvelopeError extends Error {
  override readonly name = 'EnvelopeError';
}

/** Encodes a value; the inverse of `decodeEnvelope`. */
export function encodeEnvelope(value: unknown): Uint8Array {
  const blobs: Uint8Array[] = [];
  const json = Buffer.from(JSON.stringify(detachBytes(value, blobs)), 'utf8');
  const size = blobs.reduce((sum, blob) => sum + blob.length, headerBytes + json.length);
  const out = Buffer.allocUnsafe(size);
  out.writeUInt32BE(json.length, 0);
  json.copy(out, headerBytes);
  let offset = headerBytes + json.length;
  for (const blob of blobs) {
    out.set(blob, offset);
    offset += blob.length;
  }
  return out;
}

/** Decodes an envelope. Throws `EnvelopeError` on anything malformed. The result is data from outside: validate it. */
export function decodeEnvelope(bytes: Uint8Array): unknown {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < headerBytes) throw new EnvelopeError('shorter than its header');
  const jsonLength = buffer.readUInt32BE(0);
  if (jsonLength > buffer.length - headerBytes) throw new EnvelopeError('the length of its JSON exceeds it');
  let parsed: unknown;
  try {
    parsed = JSON.parse(buffer.toString('utf8', headerBytes, headerBytes + jsonLength));
  } catch {
    throw new EnvelopeError('its JSON does not parse');
  }
  return attachBytes(parsed, buffer.subarray(headerBytes + jsonLength), { offset: 0 });
}

/** Bytes become `{ "$bytes": length }`; they follow in the order in which they are met. */
function detachBytes(value: unknown, blobs: Uint8Array[]): unknown {
  if (value instanceof Uint8Array) {
    blobs.push(value);
    return { $bytes: value.length };
  }
  if (Array.isArray(value)) return value.map((item) => detachBytes(item, blobs));
  if (typeof value === 'object' && value !== null) {
    const out: Record<string, unknown> = {};
    for (const [key, member] of Object.entries(value)) {
      if (member !== undefined) out[key] = detachBytes(member, blobs);
    }
    return out;
  }
  return value;
}

function attachBytes(value: unknown, blobs: Buffer, cursor: { offset: number }): unknown {
  if (Array.isArray(value)) return value.map((item) => attachBytes(item, blobs, cursor));
  if (typeof value !== 'object' || value === null) return value;
  if ('$bytes' in value) return takeBytes(value.$bytes, blobs, cursor);
  const out: Record<string, unknown> = {};
  // defineProperty, because a hostile member named __proto__ would change the object otherwise.
  for (const [key, member] of Object.entries(value)) {
    Object.defineProperty(out, key, {
      value: attachBytes(member, blobs, cursor),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return out;
}

function takeBytes(length: unknown, blobs: Buffer, cursor: { offset: number }): Uint8Array {
  if (typeof length !== 'number' || !Number.isSafeInteger(length) || length < 0) {
    throw new EnvelopeError('a byte string has no valid length');
  }
  if (cursor.offset + length > blobs.length) throw new EnvelopeError('a byte string reaches past its end');
  const start = blobs.byteOffset + cursor.offset;
  cursor.offset += length;
  return new Uint8Array(blobs.buffer, start, length);
}
