/** Ranges of addresses beside each other. Pure. */

interface Range {
  readonly family: 4 | 6;
  readonly bits: bigint;
  readonly length: number;
}

/** Whether the first address of the part is in the whole. */
export function isWithin(part: Range, whole: Range): boolean {
  const width = whole.family === 4 ? 32 : 128;
  // The length of an IPv4 range that is written as IPv6 is that of IPv6.
  const length = whole.family === 4 && whole.length > 32 ? whole.length - 96 : whole.length;
  const hostBits = BigInt(width - length);
  return part.family === whole.family && part.bits >> hostBits === whole.bits >> hostBits;
}
