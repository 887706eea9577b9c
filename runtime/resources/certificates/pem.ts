/** What is in PEM: requests and certificates as clients send them, base64 within JSON. (RFC 7468) Pure. */

interface PemBlock {
  readonly label: string;
  readonly hasHeaders: boolean;
  readonly bytes: Uint8Array;
}

const begin = /^-----BEGIN ([A-Z0-9 ]{1,40})-----[ \t]*$/;

/** The blocks in order; what stands between them is nobody's business. @param base64 as JSON has bytes */
export function readPem(base64: string): readonly PemBlock[] {
  const lines = Buffer.from(base64, 'base64').toString('latin1').split(/\r?\n/);
  const blocks: PemBlock[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const label = begin.exec(lines[at]!)?.[1];
    if (label === undefined) continue;
    const end = lines.indexOf(`-----END ${label}-----`, at);
    if (end < 0) break;
    const body = lines.slice(at + 1, end);
    const hasHeaders = body.some((line) => line.includes(':'));
    const text = body.filter((line) => !line.includes(':')).join('');
    blocks.push({ label, hasHeaders, bytes: Buffer.from(text, 'base64') });
    at = end;
  }
  return blocks;
}

/** Whether the bytes are one DER sequence, to their end. */
export function isDerSequence(bytes: Uint8Array): boolean {
  const [tag, first = 0] = bytes;
  if (tag !== 0x30) return false;
  if (first < 0x80) return bytes.length === 2 + first;
  const count = first & 0x7f;
  if (count === 0 || count > 4 || bytes.length < 2 + count) return false;
  const length = bytes.subarray(2, 2 + count).reduce((sum, byte) => sum * 256 + byte, 0);
  return bytes.length === 2 + count + length;
}

/** What is wrong with a certificate; null where it is well or there is none. */
export function checkCertificatePem(base64: string): string | null {
  if (base64 === '') return null;
  const blocks = readPem(base64);
  const other = blocks.find(({ label }) => label !== 'CERTIFICATE');
  if (other) return `only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(other.label)}`;
  if (blocks.some(({ hasHeaders }) => hasHeaders)) return 'no PEM block headers are permitted';
  if (blocks.length === 0) return 'must contain at least one CERTIFICATE PEM block';
  if (blocks.some(({ bytes }) => bytes.length === 0)) {
    return 'found CERTIFICATE PEM block containing 0 certificates';
  }
  return blocks.every(({ bytes }) => isDerSequence(bytes)) ? null : 'x509: malformed certificate';
}

/** What is wrong with a request; null where it is well. Its signature is not looked at. */
export function checkRequestPem(base64: string): string | null {
  const [block] = readPem(base64);
  if (block?.label !== 'CERTIFICATE REQUEST') return 'PEM block type must be CERTIFICATE REQUEST';
  return isDerSequence(block.bytes) ? null : "asn1: structure error: tags don't match";
}
