import t from 'tap';
import { configSchema } from './schema.ts';

const cluster = { name: 'edge', secret: '0123456789abcdef' };

function read(discovery: Record<string, unknown>) {
  return configSchema.safeParse({ cluster, discovery });
}

t.test('discovery takes addresses, names, and a domain', async (t) => {
  const addresses = [
    '192.0.2.1',
    '192.0.2.1:7444',
    '[2001:db8::1]',
    '[fe80::1%eth0]:7443',
    'nodes.example.net:7443',
  ];
  t.match(read({ addresses, domain: 'edge.example.net' }), { success: true });
});

t.test('discovery says what is wrong with an address, a name or a domain', async (t) => {
  const wrong = [
    'a..b',
    '-a.test',
    'node:0',
    'node:65536',
    `${'a'.repeat(64)}.test`,
    '2001:db8::1',
    'http://node',
    '',
  ];
  for (const address of wrong) t.match(read({ addresses: [address] }), { success: false }, address);
  for (const domain of ['', 'edge..net', 'edge.example.net:53', '_trivet._tcp.edge', 'a '.repeat(9)])
    t.match(read({ domain }), { success: false }, domain);
  t.match(read({ addresses: Array.from({ length: 65 }, () => '192.0.2.1') }), { success: false });
  t.match(read({ addresses: ['node:65536'] }).error?.issues[0]?.message, /a port from 1 to 65535/);
});
