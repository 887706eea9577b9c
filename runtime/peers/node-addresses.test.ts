import t from 'tap';
import { nodeAddresses } from './node-addresses.ts';

t.test('nodeAddresses prefers what a router passes on', async (t) => {
  const loopback = ['127.0.0.1', '::1'];
  for (const [seen, hosts, expected] of [
    ['192.0.2.7', [], ['192.0.2.7']],
    ['169.254.7.7', [...loopback, '169.254.7.7', '192.0.2.7', 'fe80::7'], ['192.0.2.7']],
    ['fe80::7', ['fe80::7%eth0', '2001:db8::7', '192.0.2.7'], ['192.0.2.7', '2001:db8::7']],
    ['2001:db8::7', ['192.0.2.7', '2001:db8::8'], ['2001:db8::7', '192.0.2.7']],
    ['192.0.2.8', ['192.0.2.7', '192.0.2.8'], ['192.0.2.8']],
    ['169.254.7.7', [...loopback, 'fe80::7'], ['169.254.7.7']],
    ['n1.example', ['192.0.2.7'], ['192.0.2.7']],
    ['127.0.0.1', loopback, ['127.0.0.1']],
  ] as const) {
    t.same(nodeAddresses(seen, hosts), expected, `${seen} of ${hosts.join(', ')}`);
  }
});
