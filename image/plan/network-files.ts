/** The recipe's network as files of systemd-networkd, systemd-resolved, systemd-timesyncd and wpa_supplicant. Pure. */
import type { Network } from '../recipe/network-schema.ts';
import type { PlannedFile } from './planned-file.ts';

const directory = '/usr/lib/systemd/network';

type Addressing = Pick<Network['interfaces'][number], 'dhcp' | 'addresses' | 'gateway'>;

/** Before the image's own file for every Ethernet link (20-ethernet.network): the first that matches counts. */
export function networkFiles(network: Network): readonly PlannedFile[] {
  const files: PlannedFile[] = [];
  for (const [index, link] of network.interfaces.entries()) {
    const match = link.name === undefined ? `MACAddress=${link.mac}` : `Name=${link.name}`;
    const vlanNames = link.vlans.map((vlan) => vlanName(link.name, vlan.id));
    files.push({
      path: `${directory}/10-recipe-${index + 1}.network`,
      content: networkFile(match, link, [
        'LinkLocalAddressing=ipv6',
        ...vlanNames.map((name) => `VLAN=${name}`),
      ]),
    });
    for (const vlan of link.vlans) {
      const name = vlanName(link.name, vlan.id);
      const device = `[NetDev]\nName=${name}\nKind=vlan\n\n[VLAN]\nId=${vlan.id}\n`;
      files.push({ path: `${directory}/10-${name}.netdev`, content: device });
      files.push({ path: `${directory}/10-${name}.network`, content: networkFile(`Name=${name}`, vlan, []) });
    }
  }
  if (network.dns.length > 0) {
    files.push(dropIn('resolved', `[Resolve]\nDNS=${network.dns.join(' ')}\n`));
  }
  return [...files, ...wifiFiles(network.wifi)];
}

/** @param servers asked first. */
export function timeFiles(servers: readonly string[]): readonly PlannedFile[] {
  return servers.length === 0 ? [] : [dropIn('timesyncd', `[Time]\nNTP=${servers.join(' ')}\n`)];
}

function networkFile(
  match: string,
  { dhcp, addresses, gateway }: Addressing,
  more: readonly string[],
): string {
  const lines = [
    ...['[Match]', match, '', '[Network]', `DHCP=${dhcp ? 'yes' : 'no'}`, ...more],
    ...addresses.map((address) => `Address=${address}`),
    ...(gateway === undefined ? [] : [`Gateway=${gateway}`]),
    // Multicast (discovery) leaves by this link also where no router has given a default route.
    ...['', '[Route]', 'Destination=224.0.0.0/4', 'Scope=link'],
    ...(dhcp ? ['', '[DHCPv4]', 'UseHostname=no', 'ClientIdentifier=mac'] : []),
  ];
  return `${lines.join('\n')}\n`;
}

function vlanName(link: string | undefined, id: number): string {
  return `${link}.${id}`;
}

function dropIn(service: 'resolved' | 'timesyncd', content: string): PlannedFile {
  return { path: `/usr/lib/systemd/${service}.conf.d/recipe.conf`, content };
}

function wifiFiles(wifi: Network['wifi']): readonly PlannedFile[] {
  if (wifi === undefined) return [];
  const networks = wifi.networks.map(({ ssid, password }) => {
    // Hexadecimal needs no quoting.
    const name = `ssid=${Buffer.from(ssid).toString('hex')}`;
    // Taken as it is up to the last quote of the line: nothing may be escaped.
    const key = password === undefined ? 'key_mgmt=NONE' : `psk="${password}"`;
    return `network={\n\t${name}\n\t${key}\n}\n`;
  });
  return [
    {
      path: '/etc/wpa_supplicant/wpa_supplicant-wlan0.conf',
      content: `country=${wifi.country}\n${networks.join('')}`,
      mode: 0o600,
    },
    {
      path: `${directory}/10-wifi.network`,
      content: networkFile('Name=wlan0', { dhcp: true, addresses: [], gateway: undefined }, []),
    },
  ];
}
