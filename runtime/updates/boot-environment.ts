/**
 * u-boot's checked environment in one sector: CRC-32 (little endian) of the rest, then `key=value` and a zero byte
 * each, then zeros. `slots.env` and `tries.env` on the boot partition have this form (ARCHITECTURE.md). Pure.
 */
import { crc32 } from 'node:zlib';

const sectorBytes = 512;
const checksumBytes = 4;

/** Throws RangeError when it does not fit one sector. */
export function encodeEnvironment(values: Readonly<Record<string, string>>): Uint8Array {
  const lines = Object.entries(values).map(([key, value]) => `${key}=${value}\0`);
  const text = Buffer.from(lines.join(''), 'latin1');
  // One more zero byte ends the list.
  if (text.length + 1 > sectorBytes - checksumBytes) throw new RangeError('the environment is too long');
  const bytes = Buffer.alloc(sectorBytes);
  text.copy(bytes, checksumBytes);
  bytes.writeUInt32LE(crc32(bytes.subarray(checksumBytes)), 0);
  return bytes;
}

/** Null when the bytes are no environment, or damaged. */
export function decodeEnvironment(bytes: Uint8Array): Readonly<Record<string, string>> | null {
  const buffer = Buffer.from(bytes);
  if (buffer.length !== sectorBytes) return null;
  if (buffer.readUInt32LE(0) !== crc32(buffer.subarray(checksumBytes))) return null;
  const text = buffer.subarray(checksumBytes).toString('latin1');
  const lines = text.split('\0').filter((line) => line.includes('='));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}
