/**
 * 64-bit numbers between etcd's messages and ours. Ids of clusters and members are 16 hexadecimal digits and stay
 * exact; everything else is a safe integer here, and what is beyond is cut to the nearest one.
 */

/** How the codec gives and takes 64 bits: two halves, whatever their signs. */
export interface Long {
  readonly low: number;
  readonly high: number;
  readonly unsigned: boolean;
}

const twoTo32 = 2 ** 32;

/** A revision, a count or a time, which no store of ours ever lets grow beyond a safe integer. */
export function toNumber(value: Long | number): number {
  if (typeof value === 'number') return value;
  const number = exactOrBeyond(value);
  return Math.max(-Number.MAX_SAFE_INTEGER, Math.min(number, Number.MAX_SAFE_INTEGER));
}

/** The lease's id, or null for what cannot be one of ours: negative, or beyond a safe integer. */
export function toLeaseId(value: Long | number): number | null {
  const number = typeof value === 'number' ? value : exactOrBeyond(value);
  return Number.isSafeInteger(number) && number >= 0 ? number : null;
}

/** Exact where it is a safe integer; where it is not, not one either. */
function exactOrBeyond(value: Long): number {
  return (value.unsigned ? value.high >>> 0 : value.high | 0) * twoTo32 + (value.low >>> 0);
}

export function toHexId(value: Long | number): string {
  const bits = typeof value === 'number' ? BigInt(value) : (BigInt(value.high >>> 0) << 32n) | lowBits(value);
  return bits.toString(16).padStart(16, '0');
}

function lowBits(value: Long): bigint {
  return BigInt(value.low >>> 0);
}

/** @throws RangeError when it is not 16 hexadecimal digits. */
export function fromHexId(id: string): Long {
  if (!/^[0-9a-f]{16}$/.test(id)) throw new RangeError(`an id must be 16 hexadecimal digits, not ${id}`);
  return {
    low: Number.parseInt(id.slice(8), 16) | 0,
    high: Number.parseInt(id.slice(0, 8), 16) | 0,
    unsigned: true,
  };
}

const nothing = new Uint8Array(0);

/** The decoder stands an empty array in for bytes that are absent. */
export function toBytes(value: Uint8Array): Uint8Array {
  return value.length === 0 ? nothing : value;
}
