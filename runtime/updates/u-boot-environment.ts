/**
 * u-boot's environment with a checksum: CRC-32 (little endian), then `name=value` texts, each ended by a zero byte, the
 * list ended by another one; zero bytes to the end (u-boot, include/env_internal.h). Ours is one sector, which a disk writes as a whole.
 */
import { crc32 } from 'node:zlib';

export const environmentSize = 512;
const checksumSize = 4;

/** @throws RangeError when it does not fit; names and values must be plain ASCII. */
export function encodeEnvironment(variables: Readonly<Record<string, string>>): Uint8Array {
  const text = Object.entries(variables)
    .map(([name, value]) => `${name}=${value}\0`)
    .join('');
  const content = Buffer.alloc(environmentSize - checksumSize);
  if (text.length + 1 > content.length)
    throw new RangeError(`the environment has ${text.length} bytes, too many`);
  content.write(text, 'ascii');
  const sector = Buffer.alloc(environmentSize);
  sector.writeUInt32LE(crc32(content), 0);
  content.copy(sector, checksumSize);
  return sector;
}

/** Null when it is none: too short, or another checksum. */
export function decodeEnvironment(sector: Uint8Array): Readonly<Record<string, string>> | null {
  if (sector.length < environmentSize) return null;
  const bytes = Buffer.from(sector.buffer, sector.byteOffset, environmentSize);
  const content = bytes.subarray(checksumSize);
  if (bytes.readUInt32LE(0) !== crc32(content)) return null;
  const end = content.indexOf('\0\0');
  const texts = content.subarray(0, Math.max(end, 0)).toString('ascii').split('\0');
  return Object.fromEntries(
    texts
      .filter((text) => text.includes('='))
      .map((text) => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]),
  );
}
