/** Under which of its addresses others know a node: those that a router passes on go before those of one link. */
import { isIP } from 'node:net';
import { addressForOthers, isLinkLocal } from './address-book.ts';

/**
 * @param seen where its peers find it; it may be a name
 * @param hosts that its machine has, loopback included
 * @returns one for IPv4 and one for IPv6, where the machine has any but link-local ones; else the one that its peers use
 */
export function nodeAddresses(seen: string, hosts: readonly string[]): readonly string[] {
  const all = [seen, ...hosts.map(addressForOthers)];
  const found = [4, 6].flatMap(
    (family) => all.find((host) => isIP(host) === family && isForOthers(host)) ?? [],
  );
  // What its peers use goes first, as the primary of two families.
  return found.length === 0 ? [seen] : found.toSorted((a, b) => Number(b === seen) - Number(a === seen));
}

function isForOthers(host: string): boolean {
  return !isLinkLocal(host) && !host.startsWith('169.254.') && !host.startsWith('127.') && host !== '::1';
}
