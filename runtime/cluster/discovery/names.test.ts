import type { Answer } from 'dns-packet';
import t, { type Test } from 'tap';
import { createLog } from '../../logging/log.ts';
import { formatEndpoint } from '../../peers/address-book.ts';
import type { HintSource } from './hints.ts';
import { addressesInHosts, orderServices, systemLookup } from './name-lookup.ts';
import { startNames } from './names.ts';
import { DnsServer } from './testing/dns-server.ts';

const a = (name: string, data: string): Answer => ({ name, type: 'A', ttl: 60, data });
const aaaa = (name: string, data: string): Answer => ({ name, type: 'AAAA', ttl: 60, data });
const srv = (target: string, port: number, priority = 0, weight = 0): Answer => ({
  ...{ name: '_trivet._tcp.edge.test', type: 'SRV', ttl: 60 },
  data: { target, port, priority, weight },
});

interface Started {
  readonly source: HintSource;
  readonly found: string[];
  readonly logged: string[];
}

function start(t: Test, server: string, hosts: readonly string[], domain?: string): Started {
  const [found, logged]: [string[], string[]] = [[], []];
  const options = {
    hosts: hosts.map((host) => ({ host, port: 7443 })),
    ...{ domain, lookup: systemLookup([server]), log: createLog((line) => logged.push(line)) },
  };
  const source = startNames(options, (hint) => found.push(`${hint.origin} ${formatEndpoint(hint.endpoint)}`));
  t.teardown(() => source.close());
  return { source, found, logged };
}

async function listen(t: Test, ...records: Answer[]): Promise<DnsServer> {
  const server = await DnsServer.listen('127.0.0.1', 0);
  server.records = records;
  t.teardown(() => server.close());
  return server;
}

async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

t.test('a name yields all its addresses of both kinds', async (t) => {
  const name = 'nodes.test';
  const server = await listen(t, a(name, '192.0.2.1'), a(name, '192.0.2.2'), aaaa(name, '2001:db8::1'));
  const { found, source } = start(t, server.place, [name]);
  await until('it was looked up', () => found.length === 3);
  t.same(found, ['lookedUp 192.0.2.1:7443', 'lookedUp 192.0.2.2:7443', 'lookedUp [2001:db8::1]:7443']);
  t.same(source.problems(), []);
});

t.test('a domain yields the places that its entries name, each with its port', async (t) => {
  const server = await listen(
    t,
    srv('b.test', 7444, 1),
    srv('a.test', 7443),
    a('a.test', '192.0.2.1'),
    a('b.test', '192.0.2.2'),
  );
  const { found } = start(t, server.place, [], 'edge.test');
  await until('it was looked up', () => found.length === 2);
  t.same(found.toSorted(), ['lookedUp 192.0.2.1:7443', 'lookedUp 192.0.2.2:7444']);
});

t.test('names are looked up again and again, so that what they point at may change', async (t) => {
  const server = await listen(t, a('nodes.test', '192.0.2.1'));
  const { found, source } = start(t, server.place, ['nodes.test']);
  await until('it was looked up', () => found.length === 1);
  server.records = [a('nodes.test', '192.0.2.9')];
  source.setEager(false);
  source.setEager(true);
  await until('it was looked up again at once', () => found.includes('lookedUp 192.0.2.9:7443'));
});

t.test('a name that cannot be looked up is said once, and heals', async (t) => {
  const server = await listen(t);
  const { found, source, logged } = start(t, server.place, ['nodes.test'], 'edge.test');
  const problems = [
    '_trivet._tcp.edge.test cannot be looked up: no such name.',
    'nodes.test cannot be looked up: no such name.',
  ];
  await until('both have failed', () => source.problems().length === 2);
  t.same(source.problems().toSorted(), problems);
  const asked = server.asked.length;
  source.setEager(false);
  source.setEager(true);
  await until('it was asked again', () => server.asked.length >= asked + 3);
  t.equal(logged.filter((line) => /nodes\.test.*no such name/.test(line)).length, 1, 'once in the log');
  server.records = [a('nodes.test', '192.0.2.1'), srv('nodes.test', 7443)];
  await until('it was found', () => found.length > 0 && source.problems().length === 0);
  t.ok(logged.some((line) => /can be looked up again name=nodes\.test/.test(line)));
});

t.test('systemLookup says why: a server that fails, one that is silent, none, no entry', async (t) => {
  const server = await listen(t, srv('a.test', 1));
  const lookup = systemLookup([server.place]);
  t.same(await lookup.addresses('_trivet._tcp.edge.test'), {
    kind: 'failed',
    reason: 'the name has no such entry',
  });
  server.mode = 'fails';
  t.same(await lookup.addresses('a.test'), { kind: 'failed', reason: 'the name server failed' });
  server.mode = 'silent';
  t.same(await lookup.services('a.test'), { kind: 'failed', reason: 'no name server answered in time' });
  t.same(await systemLookup(['127.0.0.1:1']).addresses('a.test'), {
    kind: 'failed',
    reason: 'no name server can be reached',
  });
  t.match(await lookup.addresses('not a name..'), { kind: 'failed' });
});

t.test('close does not wait for a name server that is silent', async (t) => {
  const server = await listen(t);
  server.mode = 'silent';
  const lookup = systemLookup([server.place]);
  const answer = lookup.addresses('a.test');
  setTimeout(() => lookup.cancel(), 100);
  const startedAt = performance.now();
  t.same(await answer, { kind: 'failed', reason: 'the lookup was ended' });
  t.ok(performance.now() - startedAt < 1_500);
});

t.test('orderServices puts the lowest priority first, then the heaviest', async (t) => {
  const at = (name: string, priority: number, weight: number) => ({ name, port: 1, priority, weight });
  const ordered = orderServices([at('c', 2, 9), at('b', 1, 1), at('a', 1, 5)]);
  t.match(ordered, { kind: 'found', values: [{ host: 'a' }, { host: 'b' }, { host: 'c' }] });
  t.match(orderServices([at('.', 0, 0)]), { kind: 'failed', reason: /said not to be there/ });
  const many = Array.from({ length: 500 }, (_, i) => at(`n${i}`, 0, 0));
  const first = orderServices(many);
  t.equal(first.kind === 'found' && first.values.length, 32);
});

t.test('addressesInHosts reads a hosts file', async (t) => {
  const text =
    '127.0.0.1 localhost\n\n# 192.0.2.7 node\n192.0.2.1\tNODE.test node # me\n2001:db8::1 node\nnonsense node\n';
  t.same(addressesInHosts(text, 'node'), ['192.0.2.1', '2001:db8::1']);
  t.same(addressesInHosts(text, 'node.TEST.'), ['192.0.2.1']);
  t.same(addressesInHosts(text, 'other'), []);
});
