/** IP addresses and their blocks, as Go reads them. (k8s.io/utils/net, k8s.io/apimachinery/pkg/util/validation/ip.go) Pure. */
import type { FieldError } from '../../apiserver/status.ts';
import { invalidValue } from '../field-errors.ts';

export interface Address {
  readonly family: 4 | 6;
  readonly value: bigint;
}

interface Block extends Address {
  readonly prefixLength: number;
}

/** Leading zeros are allowed, and an IPv4 address in the clothes of IPv6 is one. */
export function parseAddress(text: string): Address | null {
  const v4 = parseV4(text);
  if (v4 !== null) return { family: 4, value: v4 };
  const v6 = text.includes(':') && text.length <= 45 ? parseV6(text) : null;
  if (v6 === null) return null;
  return v6 >> 32n === 0xffffn ? { family: 4, value: v6 & 0xffffffffn } : { family: 6, value: v6 };
}

export function parseBlock(text: string): Block | null {
  const [, host = '', length = ''] = /^([^/]{1,45})\/(\d{1,3})$/.exec(text) ?? [];
  const address = parseAddress(host);
  if (address === null) return null;
  // In the clothes of IPv6 the length is that of IPv6.
  const isMapped = address.family === 4 && host.includes(':');
  const prefixLength = Number(length) - (isMapped ? 96 : 0);
  return prefixLength < 0 || prefixLength > bitsOf(address) ? null : { ...address, prefixLength };
}

export function contains(block: Block, address: Address): boolean {
  if (block.family !== address.family) return false;
  const hostBits = BigInt(bitsOf(block) - block.prefixLength);
  return block.value >> hostBits === address.value >> hostBits;
}

export function checkBlock(text: string, field: string): FieldError[] {
  if (parseBlock(text) !== null) return [];
  return [invalidValue(field, text, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)')];
}

export function checkAddress(text: string, field: string): FieldError[] {
  if (parseAddress(text) !== null) return [];
  return [invalidValue(field, text, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)')];
}

export function checkAddressOf(family: 4 | 6, text: string, field: string): FieldError[] {
  if (parseAddress(text)?.family === family) return [];
  return [invalidValue(field, text, `must be a valid IPv${family} address`)];
}

/** What only makes sense within one machine or one network, and so behind no service. */
export function checkSpecial(text: string, field: string): FieldError[] {
  const address = parseAddress(text);
  if (address === null) return [invalidValue(field, text, 'must be a valid IP address')];
  return specialRanges
    .filter(([blocks]) => blocks.some((block) => contains(parseBlock(block)!, address)))
    .map(([, why]) => invalidValue(field, text, why.replace('ADDRESS', text)));
}

const specialRanges = [
  [['0.0.0.0/32', '::/128'], 'may not be unspecified (ADDRESS)'],
  [['127.0.0.0/8', '::1/128'], 'may not be in the loopback range (127.0.0.0/8, ::1/128)'],
  [['169.254.0.0/16', 'fe80::/10'], 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'],
  [
    ['224.0.0.0/24', 'ff02::/16'],
    'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)',
  ],
] as const;

function bitsOf({ family }: Address): number {
  return family === 4 ? 32 : 128;
}

function parseV4(text: string): bigint | null {
  if (!/^\d{1,10}(\.\d{1,10}){3}$/.test(text)) return null;
  const parts = text.split('.').map(Number);
  if (parts.some((part) => part > 255)) return null;
  return parts.reduce((sum, part) => sum * 256n + BigInt(part), 0n);
}

function parseV6(text: string): bigint | null {
  const sides = text.split('::');
  if (sides.length > 2) return null;
  const [head, tail] = sides.map((side, index) => groupsOf(side, index === sides.length - 1));
  if (!head || (sides.length === 2 && !tail)) return null;
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (sides.length === 1 ? missing !== 0 : missing < 1) return null;
  const groups = [...head, ...new Array<bigint>(missing).fill(0n), ...(tail ?? [])];
  return groups.reduce((sum, group) => sum * 65_536n + group, 0n);
}

/** @param isLast an IPv4 address may stand at the end */
function groupsOf(side: string, isLast: boolean): readonly bigint[] | null {
  if (side === '') return [];
  const parts = side.split(':');
  const v4 = isLast ? parseV4(parts.at(-1)!) : null;
  const hexes = v4 === null ? parts : parts.slice(0, -1);
  if (!hexes.every((hex) => /^[0-9a-fA-F]{1,4}$/.test(hex))) return null;
  const groups = hexes.map((hex) => BigInt(`0x${hex}`));
  return v4 === null ? groups : [...groups, v4 >> 16n, v4 & 0xffffn];
}
