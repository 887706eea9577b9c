/**
 * IP addresses and ranges of them as Go reads them where it is lenient: IPv4 may have leading zeros.
 * (k8s.io/utils/net, k8s.io/apimachinery/pkg/util/validation/ip.go) Pure.
 */
import type { FieldError } from '../../apiserver/status.ts';
import { invalidValue } from '../field-errors.ts';
import { when } from './field-checks.ts';

interface Address {
  readonly family: 4 | 6;
  /** 32 or 128 bits. */
  readonly bits: bigint;
}

const longestAddress = 64;

/** Null: it is none. */
export function readAddress(text: string): Address | null {
  if (text.length > longestAddress) return null;
  if (!text.includes(':')) {
    const bits = readFour(text);
    return bits === null ? null : { family: 4, bits };
  }
  const bits = readSix(text);
  if (bits === null) return null;
  // An IPv4 address within IPv6 is the same address to Go.
  return bits >> 32n === 0xffffn ? { family: 4, bits: bits & 0xffffffffn } : { family: 6, bits };
}

/** `Null`: it is none. The bits beyond the length may be set. */
export function readRange(text: string): (Address & { readonly length: number }) | null {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text.slice(0, longestAddress + 1));
  const address = match === null ? null : readAddress(match[1]!);
  const length = Number(match?.[2]);
  if (address === null || length > (text.includes(':') ? 128 : 32)) return null;
  return { ...address, length };
}

export function checkAddress(text: string | undefined, field: string): readonly FieldError[] {
  const why = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
  return when(readAddress(text ?? '') === null, invalidValue(field, text ?? '', why));
}

export function checkRangeOfAddresses(text: string | undefined, field: string): readonly FieldError[] {
  const why = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';
  return when(readRange(text ?? '') === null, invalidValue(field, text ?? '', why));
}

/** Addresses that cannot be reached from another machine, or mean another thing there. */
export function checkOrdinaryAddress(text: string, field: string): readonly FieldError[] {
  const address = readAddress(text);
  if (address === null) return [invalidValue(field, text, 'must be a valid IP address')];
  const { family, bits } = address;
  const isIn = (four: bigint, fourBits: bigint, six: bigint, sixBits: bigint): boolean =>
    family === 4 ? bits >> (32n - fourBits) === four : bits >> (128n - sixBits) === six;
  return [
    ...when(bits === 0n, invalidValue(field, text, `may not be unspecified (${text})`)),
    ...when(
      isIn(127n, 8n, 1n, 128n),
      invalidValue(field, text, 'may not be in the loopback range (127.0.0.0/8, ::1/128)'),
    ),
    ...when(
      isIn(0xa9fen, 16n, 0x3fan, 10n),
      invalidValue(field, text, 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'),
    ),
    ...when(
      isIn(0xe00000n, 24n, 0xff02n, 16n),
      invalidValue(field, text, 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'),
    ),
  ];
}

/** Whether there is at least one of each family. */
export function isDualStack(families: readonly (4 | 6 | undefined)[]): boolean {
  return families.includes(4) && families.includes(6);
}

function readFour(text: string): bigint | null {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,10}$/.test(part) && Number(part) < 256))
    return null;
  return parts.reduce((bits, part) => (bits << 8n) | BigInt(part), 0n);
}

function readSix(text: string): bigint | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const [head, tail] = halves.map(readGroups);
  if (head === null || head === undefined || tail === null) return null;
  const missing = 8 - head.length - (tail?.length ?? 0);
  // A double colon stands for at least one group.
  if (tail === undefined ? missing !== 0 : missing < 1) return null;
  const groups = [...head, ...Array<bigint>(missing).fill(0n), ...(tail ?? [])];
  return groups.reduce((bits, group) => (bits << 16n) | group, 0n);
}

/** Groups of 16 bits; the last two may be written as IPv4. */
function readGroups(text: string): readonly bigint[] | null {
  if (text === '') return [];
  const words = text.split(':');
  const last = words.at(-1) as string;
  const four = last.includes('.') ? readFour(last) : null;
  const hex = last.includes('.') ? words.slice(0, -1) : words;
  if (last.includes('.') && four === null) return null;
  if (!hex.every((word) => /^[0-9a-fA-F]{1,4}$/.test(word))) return null;
  const groups = hex.map((word) => BigInt(`0x${word}`));
  return four === null ? groups : [...groups, four >> 16n, four & 0xffffn];
}

/** What is read as an address today, and is written in another way than it should be. */
export function warnOfAddress(text: string, field: string): readonly string[] {
  const address = readAddress(text);
  if (address === null || text === '') return [];
  if (!text.includes(':')) {
    const hasZero = text.split('.').some((part) => part.length > 1 && part.startsWith('0'));
    const why = `ParseAddr(${JSON.stringify(text)}): IPv4 field has octet with leading zero`;
    const sentence = 'IP address was accepted, but will be invalid in a future Kubernetes release';
    return hasZero ? [`${field}: ${sentence}: ${why}`] : [];
  }
  const canonical = address.family === 6 ? formatSix(address.bits) : text;
  if (canonical === text) return [];
  return [
    `${field}: IPv6 address ${JSON.stringify(text)} is not in RFC 5952 canonical format (${JSON.stringify(canonical)}), which may cause controller apply-loops`,
  ];
}

/** RFC 5952: without leading zeros, in small letters, the longest run of zeros left out, the first of equals. */
function formatSix(bits: bigint): string {
  const groups = Array.from({ length: 8 }, (_, index) => (bits >> BigInt(112 - 16 * index)) & 0xffffn);
  const words = groups.map((group) => group.toString(16));
  const runs = words.map((_, start) => {
    const end = words.findIndex((word, index) => index >= start && word !== '0');
    return (end < 0 ? words.length : end) - start;
  });
  const longest = Math.max(...runs);
  if (longest < 2) return words.join(':');
  const start = runs.indexOf(longest);
  return `${words.slice(0, start).join(':')}::${words.slice(start + longest).join(':')}`;
}
