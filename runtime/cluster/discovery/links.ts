/** On which links a node speaks multicast DNS: a pure function of its network interfaces. */
import net from 'node:net';
import type { NetworkInterfaceInfo } from 'node:os';
import { isLinkLocal } from '../../peers/address-book.ts';
import type { LinkAddresses } from './announcement.ts';

/** One socket's place. IPv4: for each address, which is then the sender's; IPv6: for each interface. */
export interface Link {
  /** Changes when anything about it changes. */
  readonly key: string;
  readonly family: 'IPv4' | 'IPv6';
  /** As node:dgram names the interface of multicast: an address, or `::%eth0`. */
  readonly multicastInterface: string;
  readonly addresses: LinkAddresses;
}

type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

export interface LinkChoice {
  /** The IPv4 address of the only interface to use. */
  readonly only?: string | undefined;
  /** Where the node listens for peers: with an IPv4 address, nothing is to be announced over IPv6. */
  readonly listenAddress: string;
}

/** All links that lead to other machines and on which this node listens. */
export function findLinks(interfaces: Interfaces, { only, listenAddress }: LinkChoice): Link[] {
  const links = Object.entries(interfaces).flatMap(([name, infos = []]) => {
    const wanted = only === undefined ? (infos[0]?.internal ?? true) === false : infos.some(has(only));
    return wanted ? linksOf(name, infos, only) : [];
  });
  return links.filter(({ family }) => family === 'IPv4' || !net.isIPv4(listenAddress));
}

function has(address: string): (info: NetworkInterfaceInfo) => boolean {
  return (info) => info.address === address;
}

function linksOf(name: string, infos: readonly NetworkInterfaceInfo[], only: string | undefined): Link[] {
  const addresses: LinkAddresses = {
    ipv4: infos.filter(({ family }) => family === 'IPv4').map(({ address }) => address),
    ipv6: infos.filter(({ family }) => family === 'IPv6').map(({ address }) => address),
  };
  const ipv4 = addresses.ipv4
    .filter((address) => only === undefined || address === only)
    .map((address): Link => {
      const said = { ipv4: [address], ipv6: [] };
      return { key: `${name} ${address}`, family: 'IPv4', multicastInterface: address, addresses: said };
    });
  // Multicast DNS over IPv6 is spoken between link-local addresses: without one, there is no sender's address.
  const local = infos.find(({ family, address }) => family === 'IPv6' && isLinkLocal(address));
  if (local?.family !== 'IPv6') return ipv4;
  const key = `${name} ${local.scopeid} ${addresses.ipv6.join(' ')}`;
  return [...ipv4, { key, family: 'IPv6', multicastInterface: `::%${name}`, addresses }];
}
