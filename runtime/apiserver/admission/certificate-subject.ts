/** The organizations in a certificate request: as much of DER as that needs. (RFC 2986, X.690) Pure. */

interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
}

const organization = Buffer.from([0x55, 0x04, 0x0a]);
const [objectIdentifier, set, sequence] = [0x06, 0x31, 0x30];
const bmpString = 0x1e;

/** Null where the bytes are no request. */
export function organizationsOf(request: Uint8Array): readonly string[] | null {
  const [outer] = readElements(request) ?? [];
  const [info] = outer?.tag === sequence ? (readElements(outer.content) ?? []) : [];
  const [, subject] = info?.tag === sequence ? (readElements(info.content) ?? []) : [];
  if (subject?.tag !== sequence) return null;
  const sets = readElements(subject.content);
  if (sets === null || sets.some(({ tag }) => tag !== set)) return null;
  const found: string[] = [];
  for (const pair of sets.flatMap(({ content }) => readElements(content) ?? [])) {
    const [type, value] = readElements(pair.content) ?? [];
    if (type?.tag !== objectIdentifier || value === undefined) return null;
    if (organization.equals(type.content)) found.push(textOf(value));
  }
  return found;
}

function textOf({ tag, content }: Element): string {
  const bytes = Buffer.from(content);
  if (tag !== bmpString) return bytes.toString('utf8');
  return bytes.length % 2 === 0 ? bytes.swap16().toString('utf16le') : '';
}

/** The elements that follow one another; null where they do not fill the bytes. */
function readElements(bytes: Uint8Array): readonly Element[] | null {
  const found: Element[] = [];
  for (let at = 0; at < bytes.length; ) {
    const [tag = 0, first = 0] = bytes.subarray(at, at + 2);
    const longBytes = first < 0x80 ? 0 : first & 0x7f;
    if (at + 2 + longBytes > bytes.length || longBytes > 4 || first === 0x80) return null;
    const long = bytes.subarray(at + 2, at + 2 + longBytes);
    const length = longBytes === 0 ? first : long.reduce((sum, byte) => sum * 256 + byte, 0);
    const start = at + 2 + longBytes;
    if (start + length > bytes.length) return null;
    found.push({ tag, content: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return found;
}
