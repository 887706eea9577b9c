/**
 * Where a signature lies in a PE executable, and what it signs (Microsoft's "Windows Authenticode Portable Executable
 * Signature Format"): everything but the checksum, the entry that points to the signature, and the signature itself.
 */
import { decodeRecord, encodeRecord } from '../struct.ts';
import * as layout from './layout.ts';
import { readSections } from './pe.ts';

/** Signatures begin on multiples of this; what is signed is filled up with zeros to it. */
const alignment = 8;

/** The executable in the pieces whose digest is signed. @throws Error when it is signed or has gaps. */
export function signedPieces(executable: Uint8Array): readonly Uint8Array[] {
  const unsigned = splitSignature(executable).unsigned;
  checkGaps(unsigned);
  const optionalAt = optionalHeaderOffset(unsigned);
  const checksumAt = optionalAt + layout.optionalHeader.checksum.offset;
  const tableAt = optionalAt + layout.optionalHeader.certificateTable.offset;
  return [
    unsigned.subarray(0, checksumAt),
    unsigned.subarray(checksumAt + 4, tableAt),
    unsigned.subarray(tableAt + 8),
    new Uint8Array(align(unsigned.length) - unsigned.length),
  ];
}

/** Firmware hashes section by section; that is the same as the whole file only when nothing lies between them. */
function checkGaps(executable: Uint8Array): void {
  const sections = [...readSections(executable)].filter((section) => section.rawSize > 0);
  sections.sort((a, b) => a.rawOffset - b.rawOffset);
  const headers = decodeRecord(layout.optionalHeader, executable, optionalHeaderOffset(executable));
  let end = headers.sizeOfHeaders;
  for (const section of sections) {
    if (section.rawOffset !== end) throw new Error(`there is a gap before its section ${section.name}`);
    end = section.rawOffset + section.rawSize;
  }
}

/** The executable with a signature (PKCS#7, DER) in place of one that it had. */
export function attachSignature(executable: Uint8Array, signature: Uint8Array): Uint8Array {
  const { unsigned } = splitSignature(executable);
  const at = align(unsigned.length);
  const size = align(layout.certificateHeaderSize + signature.length);
  const output = new Uint8Array(at + size);
  output.set(unsigned);
  const header = encodeRecord(layout.certificateHeader, layout.certificateHeaderSize, {
    size,
    revision: layout.certificateRevision,
    type: layout.certificateTypePkcs7,
  });
  output.set(header, at);
  output.set(signature, at + layout.certificateHeaderSize);
  putTable(output, at, size);
  return output;
}

/**
 * The executable as it was before it was signed, but for zeros at its end, and the signature.
 * @throws Error when it is no executable or its signature lies outside of it.
 */
export function splitSignature(executable: Uint8Array): {
  readonly unsigned: Uint8Array;
  /** PKCS#7 in DER, with zeros behind it; null when there is none. */
  readonly signature: Uint8Array | null;
} {
  readSections(executable);
  const optional = decodeRecord(layout.optionalHeader, executable, optionalHeaderOffset(executable));
  const at = Number(optional.certificateTable & 0xffffffffn);
  const size = Number(optional.certificateTable >> 32n);
  if (size === 0) return { unsigned: executable, signature: null };
  if (at % alignment !== 0 || size < layout.certificateHeaderSize || at + size !== executable.length) {
    throw new Error('its signature is not where its header says');
  }
  const header = decodeRecord(layout.certificateHeader, executable, at);
  if (header.type !== layout.certificateTypePkcs7 || header.size > size) {
    throw new Error('its signature is of an unknown kind');
  }
  // A copy: `slice` of a Buffer would be the same memory.
  const unsigned = new Uint8Array(executable.subarray(0, at));
  putTable(unsigned, 0, 0);
  return { unsigned, signature: executable.subarray(at + layout.certificateHeaderSize, at + header.size) };
}

function putTable(executable: Uint8Array, at: number, size: number): void {
  const view = new DataView(executable.buffer, executable.byteOffset);
  const optionalAt = optionalHeaderOffset(executable);
  view.setUint32(optionalAt + layout.optionalHeader.certificateTable.offset, at, true);
  view.setUint32(optionalAt + layout.optionalHeader.certificateTable.offset + 4, size, true);
  view.setUint32(optionalAt + layout.optionalHeader.checksum.offset, 0, true);
}

function optionalHeaderOffset(executable: Uint8Array): number {
  return decodeRecord(layout.peOffsetField, executable).peOffset + layout.coffHeaderSize;
}

function align(value: number): number {
  return Math.ceil(value / alignment) * alignment;
}
