/** IP addresses and ranges of them, as Go's `netip` reads them. (k8s.io/apiserver/pkg/cel/library/ip.go, cidr.go) Pure. */
import { EvaluationError, spendFor } from '../budget.ts';
import type { FunctionTable, Run } from '../signature.ts';
import type { OpaqueValue, Value } from '../values.ts';

interface Address {
  readonly family: 4 | 6;
  readonly bits: bigint;
}
interface Range extends Address {
  readonly length: number;
}

const longest = 64;

function readAddress(text: string): Address | null {
  if (text.length > longest) return null;
  if (!text.includes(':')) {
    const bits = readFour(text);
    return bits === null ? null : { family: 4, bits };
  }
  const bits = readSix(text);
  // IPv4 within IPv6 is refused, as it would be two ways to write one address.
  return bits === null || bits >> 32n === 0xffffn ? null : { family: 6, bits };
}

function readFour(text: string): bigint | null {
  const words = text.split('.');
  const isByte = (word: string): boolean => /^(0|[1-9]\d{0,2})$/.test(word) && Number(word) < 256;
  if (words.length !== 4 || !words.every(isByte)) return null;
  return words.reduce((bits, word) => (bits << 8n) | BigInt(word), 0n);
}

function readSix(text: string): bigint | null {
  const halves = text.split('::');
  const groups = halves.map(readGroups);
  if (halves.length > 2 || groups.some((one) => one === null)) return null;
  const [head = [], tail] = groups as (readonly bigint[])[];
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (tail === undefined ? missing !== 0 : missing < 1) return null;
  const all = [...head, ...Array<bigint>(missing).fill(0n), ...(tail ?? [])];
  return all.reduce((bits, group) => (bits << 16n) | group, 0n);
}

function readGroups(text: string): readonly bigint[] | null {
  if (text === '') return [];
  const words = text.split(':');
  const last = words.at(-1) as string;
  const four = last.includes('.') ? readFour(last) : null;
  if (last.includes('.') && four === null) return null;
  const plain = four === null ? words : words.slice(0, -1);
  if (!plain.every((word) => /^[0-9a-fA-F]{1,4}$/.test(word))) return null;
  const groups = plain.map((word) => BigInt(`0x${word}`));
  return four === null ? groups : [...groups, four >> 16n, four & 0xffffn];
}

function readRange(text: string): Range | null {
  const match = /^([^/]{1,64})\/(0|[1-9]\d{0,2})$/.exec(text.slice(0, longest + 5));
  const address = match === null ? null : readAddress(match[1] as string);
  const length = Number(match?.[2]);
  return address === null || length > widthOf(address) ? null : { ...address, length };
}

function widthOf({ family }: Address): number {
  return family === 4 ? 32 : 128;
}

function masked({ length, ...address }: Range): Range {
  const rest = BigInt(widthOf(address) - length);
  return { ...address, bits: (address.bits >> rest) << rest, length };
}

/** RFC 5952: without leading zeros, in small letters, the first longest run of zeros left out. */
function formatAddress({ family, bits }: Address): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (bits >> shift) & 0xffn).join('.');
  const words = Array.from({ length: 8 }, (_, index) =>
    ((bits >> BigInt(112 - 16 * index)) & 0xffffn).toString(16),
  );
  const runs = words.map((_, start) => {
    const end = words.findIndex((word, index) => index >= start && word !== '0');
    return (end < 0 ? words.length : end) - start;
  });
  const most = Math.max(...runs);
  if (most < 2) return words.join(':');
  const start = runs.indexOf(most);
  return `${words.slice(0, start).join(':')}::${words.slice(start + most).join(':')}`;
}

function formatRange(range: Range): string {
  return `${formatAddress(range)}/${range.length}`;
}

function ipValue(address: Address): OpaqueValue {
  return {
    ...{ kind: 'opaque', name: 'net.IP', held: address },
    equals: ({ held }) => formatAddress(held as Address) === formatAddress(address),
  };
}

function cidrValue(range: Range): OpaqueValue {
  return {
    ...{ kind: 'opaque', name: 'net.CIDR', held: range },
    equals: ({ held }) => formatRange(held as Range) === formatRange(range),
  };
}

function held<Held>(value: Value | undefined): Held {
  return (value as OpaqueValue).held as Held;
}

function parseAddress(text: Value | undefined): Address {
  const address = readAddress(text as string);
  if (address === null)
    throw new EvaluationError(
      `IP Address ${JSON.stringify(text)} parse error during conversion from string: ParseAddr(${JSON.stringify(text)}): unable to parse IP`,
    );
  return address;
}

function parseRange(text: Value | undefined): Range {
  const range = readRange(text as string);
  if (range === null)
    throw new EvaluationError(
      `network address parse error during conversion from string: network address parse error: netip.ParsePrefix(${JSON.stringify(text)}): no '/'`,
    );
  return range;
}

function reading(run: (text: Value | undefined) => Value): Run {
  return ([text], budget) => {
    spendFor(budget, (text as string).length);
    return run(text);
  };
}

function isWithin(range: Range, { family, bits }: Address): boolean {
  const rest = BigInt(widthOf(range) - range.length);
  return family === range.family && bits >> rest === range.bits >> rest;
}

function holdsRange(outer: Range, inner: Range): boolean {
  return inner.length >= outer.length && isWithin(outer, masked(inner));
}

/** @param four the first bits, and how many, in either family */
function inBlock(
  four: readonly [bigint, bigint],
  six: readonly [bigint, bigint],
): (address: Address) => boolean {
  return ({ family, bits }) => {
    const [block, length] = family === 4 ? four : six;
    return bits >> ((family === 4 ? 32n : 128n) - length) === block;
  };
}

const isUnspecified = ({ bits }: Address): boolean => bits === 0n;
const isLoopback = inBlock([127n, 8n], [1n, 128n]);
const isLinkLocalUnicast = inBlock([0xa9fen, 16n], [0x3fan, 10n]);
const isMulticast = inBlock([0xen, 4n], [0xffn, 8n]);
const isLinkLocalMulticast = ({ family, bits }: Address): boolean =>
  family === 4 ? bits >> 8n === 0xe00000n : (bits >> 112n) % 16n === 2n && isMulticast({ family, bits });
const isBroadcast = ({ family, bits }: Address): boolean => family === 4 && bits === 0xffffffffn;

const isGlobalUnicast = (address: Address): boolean =>
  ![isUnspecified, isLoopback, isLinkLocalUnicast, isMulticast, isBroadcast].some((is) => is(address));

function asks(name: string, is: (address: Address) => boolean): FunctionTable {
  return { [`IP.${name}(): bool`]: ([value]) => is(held(value)) };
}

export const addresses: FunctionTable = {
  '::ip(string): IP': reading((text) => ipValue(parseAddress(text))),
  '::isIP(string): bool': reading((text) => readAddress(text as string) !== null),
  '::ip.isCanonical(string): bool': reading((text) => formatAddress(parseAddress(text)) === text),
  '::string(IP): string': ([value]) => formatAddress(held(value)),
  'IP.family(): int': ([value]) => BigInt(held<Address>(value).family),
  ...asks('isUnspecified', isUnspecified),
  ...asks('isLoopback', isLoopback),
  ...asks('isLinkLocalMulticast', isLinkLocalMulticast),
  ...asks('isLinkLocalUnicast', isLinkLocalUnicast),
  ...asks('isGlobalUnicast', isGlobalUnicast),
  '::cidr(string): CIDR': reading((text) => cidrValue(parseRange(text))),
  '::isCIDR(string): bool': reading((text) => readRange(text as string) !== null),
  '::string(CIDR): string': ([value]) => formatRange(held(value)),
  'CIDR.containsIP(IP): bool': ([range, address]) => isWithin(held(range), held(address)),
  'CIDR.containsIP(string): bool': ([range, text]) => isWithin(held(range), parseAddress(text)),
  'CIDR.containsCIDR(CIDR): bool': ([outer, inner]) => holdsRange(held(outer), held(inner)),
  'CIDR.containsCIDR(string): bool': ([outer, text]) => holdsRange(held(outer), parseRange(text)),
  'CIDR.ip(): IP': ([range]) => ipValue(held(range)),
  'CIDR.masked(): CIDR': ([range]) => cidrValue(masked(held(range))),
  'CIDR.prefixLength(): int': ([range]) => BigInt(held<Range>(range).length),
};
