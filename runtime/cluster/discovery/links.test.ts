import type { NetworkInterfaceInfo } from 'node:os';
import t from 'tap';
import { findLinks as find } from './links.ts';

function v4(address: string, internal = false): NetworkInterfaceInfo {
  return { address, family: 'IPv4', netmask: '', mac: '', internal, cidr: null };
}

function v6(address: string, scopeid: number, internal = false): NetworkInterfaceInfo {
  return { address, family: 'IPv6', netmask: '', mac: '', internal, cidr: null, scopeid };
}

function findLinks(interfaces: Parameters<typeof find>[0], only?: string) {
  return find(interfaces, { only, listenAddress: '::' });
}

const interfaces = {
  lo: [v4('127.0.0.1', true), v6('::1', 0, true)],
  eth0: [v4('169.254.1.2'), v4('192.0.2.5'), v6('fe80::1', 2), v6('2001:db8::5', 0)],
  eth1: [v6('fe80::1', 3)],
  eth2: [v6('2001:db8::6', 0)],
};

t.test('findLinks gives each IPv4 address and each interface with a link-local address a link', async (t) => {
  t.same(
    findLinks(interfaces).map(({ family, multicastInterface }) => [family, multicastInterface]),
    [
      ['IPv4', '169.254.1.2'],
      ['IPv4', '192.0.2.5'],
      ['IPv6', '::%eth0'],
      ['IPv6', '::%eth1'],
    ],
  );
  t.same(findLinks(interfaces)[2]?.addresses, {
    ipv4: ['169.254.1.2', '192.0.2.5'],
    ipv6: ['fe80::1', '2001:db8::5'],
  });
});

t.test('findLinks takes only the interface that is asked for, loopback too', async (t) => {
  t.same(
    findLinks(interfaces, '192.0.2.5').map((link) => link.multicastInterface),
    ['192.0.2.5', '::%eth0'],
  );
  t.same(
    findLinks(interfaces, '127.0.0.1').map((link) => link.multicastInterface),
    ['127.0.0.1'],
  );
  t.same(findLinks(interfaces, '198.51.100.1'), [], 'it is not there yet');
});

t.test('a link has another key when its address or its interface is another', async (t) => {
  const keys = (infos: NetworkInterfaceInfo[]): string[] => findLinks({ eth0: infos }).map(({ key }) => key);
  t.not(keys([v6('fe80::1', 2)])[0], keys([v6('fe80::1', 9)])[0], 'taken out and put back');
  t.not(keys([v4('192.0.2.5')])[0], keys([v4('192.0.2.6')])[0]);
  t.same(keys([v4('192.0.2.5')]), keys([v4('192.0.2.5')]));
});

t.test('nothing is said over IPv6 by a node that listens on IPv4 only', async (t) => {
  for (const listenAddress of ['0.0.0.0', '192.0.2.5'])
    t.ok(find(interfaces, { listenAddress }).every(({ family }) => family === 'IPv4'));
});
