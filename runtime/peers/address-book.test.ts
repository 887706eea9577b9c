import fc from 'fast-check';
import t from 'tap';
import type { NodeId } from '../raft/types.ts';
import { AddressBook, addressForOthers, formatEndpoint, isLinkLocal, parseEndpoint } from './address-book.ts';

const [a, b] = ['aaaaaaaaaaaaaaaa', 'bbbbbbbbbbbbbbbb'] as [NodeId, NodeId];

function at(host: string) {
  return { host, port: 7443 };
}

function hosts(book: AddressBook, id: NodeId): string[] {
  return book.entries().flatMap((entry) => (entry.id === id ? [entry.endpoint.host] : []));
}

t.test('AddressBook puts what was confirmed last first, and what failed last', async (t) => {
  const book = new AddressBook();
  for (const host of ['1', '2', '3', '4', '5']) book.add(a, at(host));
  t.same(hosts(book, a), ['5', '4', '3', '2'], 'four of them');
  book.demote(a, at('5'));
  t.same(hosts(book, a), ['4', '3', '2', '5']);
  book.confirm(a, at('2'));
  t.same(hosts(book, a), ['2', '4', '3', '5']);
  book.demote(a, at('unknown'));
  t.same(
    hosts(book, a),
    ['2', '4', '3', '5'],
    'an address that is not in the book does not get in by failing',
  );
});

t.test('AddressBook knows who does not answer', async (t) => {
  const book = new AddressBook();
  book.add(a, at('1'));
  book.addLast(b, at('2'));
  t.same(book.missing(), [a, b], 'nobody was dialled yet');
  book.confirm(a, at('1'));
  t.same(book.missing(), [b]);
  book.demote(a, at('2'));
  t.same(book.missing(), [b], 'another address of it failed');
  book.demote(a, at('1'));
  t.same(book.missing(), [a, b]);
  t.equal(book.confirmed(a), null);
});

t.test('a link-local address does not go before another that works', async (t) => {
  const told = new AddressBook();
  told.add(a, at('192.0.2.1'));
  told.add(a, at('fe80::1'));
  t.same(hosts(told, a), ['192.0.2.1', 'fe80::1']);
  const book = new AddressBook();
  book.confirm(a, at('fe80::1%eth0'));
  t.same(hosts(book, a), ['fe80::1%eth0'], 'it is the only one');
  book.confirm(a, at('192.0.2.1'));
  book.confirm(a, at('fe80::1%eth0'));
  t.same(hosts(book, a), ['192.0.2.1', 'fe80::1%eth0']);
  book.demote(a, at('192.0.2.1'));
  book.confirm(a, at('fe80::1%eth0'));
  t.equal(book.first(a)?.host, 'fe80::1%eth0', 'now it is the one that works');
});

t.test('addressForOthers takes away the zone, and what a dual-stack socket adds', async (t) => {
  t.equal(addressForOthers('fe80::1%eth0'), 'fe80::1');
  t.equal(addressForOthers('::ffff:192.0.2.1'), '192.0.2.1');
  t.equal(addressForOthers('2001:db8::1'), '2001:db8::1');
  t.ok(isLinkLocal('FEBF::1%wlan0'));
  t.notOk(isLinkLocal('fec0::1') || isLinkLocal('169.254.1.1') || isLinkLocal('fe80.example.net'));
});

t.test('parseEndpoint reads what formatEndpoint writes', async () => {
  const host = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.ipV6().map((each) => `${each}%eth0`),
    fc.constant('nodes.example.net'),
  );
  fc.assert(
    fc.property(host, fc.integer({ min: 1, max: 65535 }), (name, port) => {
      const read = parseEndpoint(formatEndpoint({ host: name, port }), 1);
      return read?.host === name && read.port === port;
    }),
  );
});
