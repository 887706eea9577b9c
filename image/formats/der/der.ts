/**
 * DER, the encoding of ASN.1 that signatures are made of (ITU-T X.690): just what signing and reading signatures of
 * boot programs needs.
 */

export const tag = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  objectIdentifier: 0x06,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

export interface DerElement {
  readonly tag: number;
  readonly content: Uint8Array;
  /** Tag, length and content. */
  readonly whole: Uint8Array;
}

/** One element; several contents are joined. */
export function encodeDer(elementTag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(contents);
  return Buffer.concat([Uint8Array.of(elementTag), encodeLength(content.length), content]);
}

/** `[number]` around other elements. */
export function encodeContext(number: number, ...contents: readonly Uint8Array[]): Uint8Array {
  return encodeDer(0xa0 + number, ...contents);
}

/** @param text in dotted form. */
export function encodeObjectIdentifier(text: string): Uint8Array {
  const [first = 0, second = 0, ...others] = text.split('.').map(Number);
  const bytes = [first * 40 + second, ...others].flatMap((arc) => {
    const groups = [arc % 128];
    for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128))
      groups.push((rest % 128) + 128);
    return groups.reverse();
  });
  return encodeDer(tag.objectIdentifier, Uint8Array.from(bytes));
}

function encodeLength(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Uint8Array.of(0x80 + bytes.length, ...bytes);
}

/** The element at the start of `bytes`; what follows it is left alone. @throws RangeError when it ends too early. */
export function decodeDer(bytes: Uint8Array): DerElement {
  const [elementTag, first] = bytes;
  if (elementTag === undefined || first === undefined)
    throw new RangeError('an ASN.1 element ends too early');
  let length = first;
  let start = 2;
  if (first >= 0x80) {
    const count = first - 0x80;
    if (count < 1 || count > 4) throw new RangeError('an ASN.1 element has a length that DER does not allow');
    length = bytes.subarray(2, 2 + count).reduce((sum, byte) => sum * 256 + byte, 0);
    start = 2 + count;
  }
  if (start + length > bytes.length) throw new RangeError('an ASN.1 element ends too early');
  const whole = bytes.subarray(0, start + length);
  return { tag: elementTag, content: bytes.subarray(start, start + length), whole };
}

/** The elements that follow one another in the content of another. */
export function decodeChildren(content: Uint8Array): readonly DerElement[] {
  const children: DerElement[] = [];
  for (let at = 0; at < content.length; ) {
    const child = decodeDer(content.subarray(at));
    children.push(child);
    at += child.whole.length;
  }
  return children;
}
