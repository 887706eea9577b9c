import { isIP } from 'node:net';
import fc from 'fast-check';
import t from 'tap';
import { sentences } from '../testing/written.ts';
import {
  checkAddress,
  checkOrdinaryAddress,
  checkRangeOfAddresses,
  readAddress,
  readRange,
  warnOfAddress,
} from './addresses.ts';

t.test('readAddress reads what Go reads', async (t) => {
  for (const [text, family] of [
    ['10.0.0.1', 4],
    // Kubernetes goes on reading what it once took.
    ['010.000.0.1', 4],
    ['::1', 6],
    ['2001:db8::ffff', 6],
    ['1:2:3:4:5:6:7:8', 6],
    ['::ffff:1.2.3.4', 4],
    ['64:ff9b::1.2.3.4', 6],
    ['256.0.0.1', undefined],
    ['1.2.3', undefined],
    ['1:2:3:4:5:6:7:8::', undefined],
    ['1::2::3', undefined],
    ['12345::', undefined],
    [':1', undefined],
    ['', undefined],
  ] as const) {
    t.equal(readAddress(text)?.family, family, text);
  }
});

t.test('readAddress reads every address of IPv6 that Node does', async () => {
  fc.assert(fc.property(fc.ipV6(), (text) => isIP(text) === 0 || readAddress(text) !== null));
  const garbage = fc.string({ unit: fc.constantFrom(':', '.', '1', 'f', 'g'), maxLength: 20 });
  fc.assert(
    fc.property(garbage, (text) => isIP(text) !== 0 || !text.includes(':') || readAddress(text) === null),
  );
});

t.test('readRange takes a length that fits', async (t) => {
  t.equal(readRange('10.0.0.0/24')?.length, 24);
  t.equal(readRange('fd00::/108')?.family, 6);
  for (const text of ['10.0.0.0', '10.0.0.0/33', 'fd00::/129', '/8', '10.0.0.0/-1']) {
    t.equal(readRange(text), null, text);
  }
});

t.test('addresses are refused in the words of the real server', async (t) => {
  t.same(sentences(checkAddress('x', 'ip')), [
    'ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
  ]);
  t.same(sentences(checkRangeOfAddresses('x', 'r')), [
    'r: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
  ]);
  for (const [address, why] of [
    ['0.0.0.0', 'may not be unspecified (0.0.0.0)'],
    ['::', 'may not be unspecified (::)'],
    ['127.9.9.9', 'may not be in the loopback range (127.0.0.0/8, ::1/128)'],
    ['::1', 'may not be in the loopback range (127.0.0.0/8, ::1/128)'],
    ['169.254.0.1', 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'],
    ['fe90::1', 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'],
    ['224.0.0.9', 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'],
    ['ff02::1', 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'],
  ] as const) {
    t.same(sentences(checkOrdinaryAddress(address, 'ip')), [`ip: Invalid value: "${address}": ${why}`]);
  }
  t.same(checkOrdinaryAddress('10.0.0.1', 'ip'), []);
});

t.test('warnOfAddress tells of addresses that are written in an odd way', async (t) => {
  for (const address of ['10.0.0.1', '2001:db8::1', '::1', '::', '1::', '1:0:2:3:4:5:6:7', 'None', '']) {
    t.same(warnOfAddress(address, 'ip'), [], address);
  }
  t.same(warnOfAddress('010.0.0.1', 'ip'), [
    'ip: IP address was accepted, but will be invalid in a future Kubernetes release: ParseAddr("010.0.0.1"): IPv4 field has octet with leading zero',
  ]);
  for (const [address, canonical] of [
    ['2001:DB8::1', '2001:db8::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
  ] as const) {
    t.same(warnOfAddress(address, 'ip'), [
      `ip: IPv6 address "${address}" is not in RFC 5952 canonical format ("${canonical}"), which may cause controller apply-loops`,
    ]);
  }
});
