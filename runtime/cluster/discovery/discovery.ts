/**
 * Discovery for a node's whole life: every source that the configuration names, and the addresses that it gives itself. A
 * further source is one more line in `chooseSources`.
 */
import net from 'node:net';
import type { Config } from '../../config/schema.ts';
import type { Log } from '../../logging/log.ts';
import { parseEndpoint } from '../../peers/address-book.ts';
import type { Endpoint } from '../../peers/dial.ts';
import type { Announcement } from './announcement.ts';
import type { Hint, HintSource, StartHintSource } from './hints.ts';
import { startMdns } from './mdns.ts';
import { systemLookup } from './name-lookup.ts';
import { startNames } from './names.ts';

export const defaultPeerPort = 7443;

/** Starts all sources; they tell `onHint` until closed. */
export function startDiscovery(
  configured: Config['discovery'],
  own: Announcement,
  log: Log,
  onHint: (hint: Hint) => void,
): HintSource {
  const places = configured.addresses.flatMap((address) => parseEndpoint(address, defaultPeerPort) ?? []);
  const isAddress = ({ host }: Endpoint): boolean => net.isIP(host) !== 0;
  for (const endpoint of places.filter(isAddress)) onHint({ id: null, endpoint, origin: 'configured' });
  const hosts = places.filter((place) => !isAddress(place));
  const sources = chooseSources(configured, hosts, own, log).map((start) => start(onHint));
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

function chooseSources(
  { mdns, mdnsInterface, domain }: Config['discovery'],
  hosts: readonly Endpoint[],
  own: Announcement,
  log: Log,
): StartHintSource[] {
  return [
    ...(mdns ? [startMdns.bind(null, { own, only: mdnsInterface })] : []),
    ...(hosts.length > 0 || domain !== undefined
      ? [startNames.bind(null, { hosts, domain, lookup: systemLookup(), log })]
      : []),
  ];
}
