import t from 'tap';
import { networkSchema } from '../recipe/network-schema.ts';
import { networkFiles, timeFiles } from './network-files.ts';

const filesOf = (network: unknown): Map<string, string> =>
  new Map(networkFiles(networkSchema.parse(network)).map(({ path, content }) => [path, content]));

t.test('networkFiles writes nothing where the recipe says nothing', async (t) => {
  t.same(networkFiles(networkSchema.parse({})), []);
  t.same(timeFiles([]), []);
});

t.test('networkFiles gives a link fixed addresses', async (t) => {
  const files = filesOf({
    interfaces: [
      {
        ...{ name: 'eth0', dhcp: false, gateway: '192.0.2.1' },
        addresses: ['192.0.2.11/24', '2001:db8::11/64'],
      },
    ],
  });
  t.same([...files.keys()], ['/usr/lib/systemd/network/10-recipe-1.network']);
  t.equal(
    files.get('/usr/lib/systemd/network/10-recipe-1.network'),
    `[Match]
Name=eth0

[Network]
DHCP=no
LinkLocalAddressing=ipv6
Address=192.0.2.11/24
Address=2001:db8::11/64
Gateway=192.0.2.1

[Route]
Destination=224.0.0.0/4
Scope=link
`,
  );
});

t.test(
  'networkFiles finds a link by its address, and lets DHCP name neither it nor its client',
  async (t) => {
    const files = filesOf({ interfaces: [{ mac: '02:00:5e:00:53:01' }] });
    t.equal(
      files.get('/usr/lib/systemd/network/10-recipe-1.network'),
      `[Match]
MACAddress=02:00:5e:00:53:01

[Network]
DHCP=yes
LinkLocalAddressing=ipv6

[Route]
Destination=224.0.0.0/4
Scope=link

[DHCPv4]
UseHostname=no
ClientIdentifier=mac
`,
    );
  },
);

t.test('networkFiles makes a VLAN’s device, and its link carries it', async (t) => {
  const files = filesOf({
    interfaces: [{ name: 'eth1', vlans: [{ id: 42, dhcp: false, addresses: ['192.0.2.42/28'] }] }],
  });
  const directory = '/usr/lib/systemd/network';
  t.same(
    [...files.keys()],
    [`${directory}/10-recipe-1.network`, `${directory}/10-eth1.42.netdev`, `${directory}/10-eth1.42.network`],
  );
  t.match(files.get(`${directory}/10-recipe-1.network`), /\[Network\][^[]*\nVLAN=eth1\.42\n/);
  t.equal(
    files.get(`${directory}/10-eth1.42.netdev`),
    '[NetDev]\nName=eth1.42\nKind=vlan\n\n[VLAN]\nId=42\n',
  );
  t.match(
    files.get(`${directory}/10-eth1.42.network`),
    /^\[Match\]\nName=eth1\.42\n[\s\S]*\nAddress=192\.0\.2\.42\/28\n/,
  );
});

t.test('networkFiles numbers links as the recipe lists them', async (t) => {
  const files = filesOf({ interfaces: [{ name: 'eth1' }, { name: 'eth0' }] });
  t.match(files.get('/usr/lib/systemd/network/10-recipe-1.network'), 'Name=eth1\n');
  t.match(files.get('/usr/lib/systemd/network/10-recipe-2.network'), 'Name=eth0\n');
});

t.test('networkFiles and timeFiles write servers into drop-ins', async (t) => {
  const files = filesOf({ dns: ['192.0.2.53', '2001:db8::53'] });
  t.same(
    [...files],
    [['/usr/lib/systemd/resolved.conf.d/recipe.conf', '[Resolve]\nDNS=192.0.2.53 2001:db8::53\n']],
  );
  t.same(timeFiles(['time.example.net', '192.0.2.123']), [
    {
      path: '/usr/lib/systemd/timesyncd.conf.d/recipe.conf',
      content: '[Time]\nNTP=time.example.net 192.0.2.123\n',
    },
  ]);
});

t.test('networkFiles keeps Wi-Fi passwords to root, whatever characters they have', async (t) => {
  const networks = [{ ssid: 'home "2"', password: 'pass"wo\\rd' }, { ssid: 'open' }];
  const files = networkFiles(networkSchema.parse({ wifi: { country: 'DE', networks } }));
  const secrets = files.find(({ path }) => path.endsWith('wpa_supplicant-wlan0.conf'));
  t.equal(secrets?.mode, 0o600);
  t.equal(
    secrets?.content,
    `country=DE
network={
\tssid=686f6d6520223222
\tpsk="pass"wo\\rd"
}
network={
\tssid=6f70656e
\tkey_mgmt=NONE
}
`,
  );
  const link = files.find(({ path }) => path.endsWith('10-wifi.network'));
  t.match(link?.content, /^\[Match\]\nName=wlan0\n\n\[Network\]\nDHCP=yes\n/);
});
