/**
 * Discovery for a node's whole life: every source that the configuration names, and the addresses that it gives itself. A
 * further source is one more line in `chooseSources`.
 */
import net from 'node:net';
import type { Config } from '../../config/schema.ts';
import type { Log } from '../../logging/log.ts';
import { defaultPeerPort, parseEndpoint } from '../../peers/address-book.ts';
import type { Endpoint } from '../../peers/dial.ts';
import type { Announcement } from './announcement.ts';
import type { Hint, HintSource, StartHintSource } from './hints.ts';
import { type MdnsOptions, startMdns } from './mdns.ts';
import { systemLookup } from './name-lookup.ts';
import { type NamesOptions, startNames } from './names.ts';

/** Starts all sources; they tell `onHint` until closed. */
export function startDiscovery(
  { discovery: configured, peers }: Pick<Config, 'discovery' | 'peers'>,
  own: Announcement,
  log: Log,
  onHint: (hint: Hint) => void,
): HintSource {
  const places = configured.addresses.flatMap((address) => parseEndpoint(address, defaultPeerPort) ?? []);
  const isAddress = ({ host }: Endpoint): boolean => net.isIP(host) !== 0;
  for (const endpoint of places.filter(isAddress)) onHint({ id: null, endpoint, origin: 'configured' });
  const hosts = places.filter((place) => !isAddress(place));
  const mdns = { own, links: { only: configured.mdnsInterface, listenAddress: peers.address } };
  const names = { hosts, domain: configured.domain, lookup: systemLookup(), log };
  const sources = chooseSources(configured.mdns ? mdns : null, names).map((start) => start(onHint));
  return {
    setEager: (eager) => {
      for (const source of sources) source.setEager(eager);
    },
    problems: () => sources.flatMap((source) => source.problems()),
    close: () => {
      for (const source of sources) source.close();
    },
  };
}

function chooseSources(mdns: MdnsOptions | null, names: NamesOptions): StartHintSource[] {
  return [
    ...(mdns !== null ? [startMdns.bind(null, mdns)] : []),
    ...(names.hosts.length > 0 || names.domain !== undefined ? [startNames.bind(null, names)] : []),
  ];
}
