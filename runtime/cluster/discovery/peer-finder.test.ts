/** A member finds its peers through real TLS, on loopback. */
import { once } from 'node:events';
import net from 'node:net';
import t, { type Test } from 'tap';
import { createLog } from '../../logging/log.ts';
import { AddressBook } from '../../peers/address-book.ts';
import type { Endpoint } from '../../peers/dial.ts';
import { createInstance } from '../../peers/instances.ts';
import { openPeerPort } from '../../peers/listener.ts';
import type { Credentials } from '../../peers/trust.ts';
import type { NodeId } from '../../raft/types.ts';
import { createCertificateAuthority } from '../certificates.ts';
import { makeCredentials } from '../testing/make-credentials.ts';
import { Candidates } from './candidates.ts';
import { PeerFinder } from './peer-finder.ts';

const clusterId = '00112233aabbccdd';
const authority = await createCertificateAuthority('shop', clusterId);
const nobody: Endpoint = { host: '127.0.0.1', port: 1 };

interface Peer {
  readonly credentials: Credentials;
  readonly endpoint: Endpoint;
  readonly refused: string[];
}

async function listen(t: Test, credentials: Credentials): Promise<Peer> {
  const refused: string[] = [];
  const port = await openPeerPort({ address: '127.0.0.1', port: 0 }, () => null, {
    onRaft: (socket) => socket.destroy(),
    onRpc: (socket) => socket.resume(),
    onEnrolment: (socket) => socket.destroy(),
    onRefused: (_address, _kind, reason) => refused.push(reason),
  });
  port.setCredentials(credentials);
  t.teardown(() => port.close());
  return { credentials, endpoint: { host: '127.0.0.1', port: port.port }, refused };
}

async function startFinder(t: Test, own?: Credentials) {
  const book = new AddressBook();
  const candidates = new Candidates((id) => book.has(id));
  const eager: boolean[] = [];
  const finder = new PeerFinder({
    instance: createInstance(),
    credentials: own ?? (await makeCredentials(authority, clusterId)),
    ...{ book, candidates, log: createLog(() => {}), onEager: (value: boolean) => eager.push(value) },
  });
  t.teardown(() => finder.close());
  const offer = (endpoint: Endpoint, id: NodeId | null): void => {
    candidates.offer({ endpoint, id, origin: id === null ? 'lookedUp' : 'heard' }, performance.now());
  };
  return { book, offer, eager };
}

async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

t.test('a place without identity is found to be the missing peer’s', async (t) => {
  const peer = await listen(t, await makeCredentials(authority, clusterId));
  const { book, offer, eager } = await startFinder(t);
  const { nodeId } = peer.credentials;
  for (let port = 2; port < 6; port += 1) book.add(nodeId, { host: '127.0.0.1', port });
  offer(nobody, null);
  offer(peer.endpoint, null);
  await until('it is in the book', () => book.missing().length === 0);
  t.same(book.first(nodeId), peer.endpoint, 'although all four hints were stale');
  await until('the search is over', () => eager.at(-1) === false);
  t.ok(eager.includes(true), 'it was eager before');
  t.same(peer.refused, [], 'the peer saw nothing suspicious');
});

t.test('a peer that is said to be elsewhere is found there while its old place still works', async (t) => {
  const peer = await listen(t, await makeCredentials(authority, clusterId));
  const { book, offer } = await startFinder(t);
  book.confirm(peer.credentials.nodeId, nobody);
  offer(peer.endpoint, peer.credentials.nodeId);
  await until('it is in the book', () => book.knows(peer.credentials.nodeId, peer.endpoint));
  t.same(book.first(peer.credentials.nodeId), peer.endpoint);
});

t.test('who lies about being a member gets nothing into the book', async (t) => {
  const [member, other] = await Promise.all([
    listen(t, await makeCredentials(authority, clusterId)),
    listen(t, await makeCredentials(authority, clusterId)),
  ]);
  const strangers = await createCertificateAuthority('shop', clusterId);
  const stranger = await listen(t, await makeCredentials(strangers, clusterId));
  const deaf = net.createServer().listen(0, '127.0.0.1');
  t.teardown(() => deaf.close());
  await once(deaf, 'listening');
  const { book, offer } = await startFinder(t);
  const { nodeId } = member.credentials;
  book.confirm(nodeId, member.endpoint);
  offer(stranger.endpoint, nodeId);
  offer({ host: '127.0.0.1', port: (deaf.address() as net.AddressInfo).port }, nodeId);
  offer(nobody, nodeId);
  // A member, but another one: it is known for whom it is.
  offer(other.endpoint, nodeId);
  await until('all were tried', () => book.knows(other.credentials.nodeId, other.endpoint));
  await until('the stranger was asked', () => stranger.refused.length > 0);
  t.same(
    book.entries(),
    [
      { id: nodeId, endpoint: member.endpoint },
      { id: other.credentials.nodeId, endpoint: other.endpoint },
    ],
    'nothing but what was proved',
  );
});

t.test('a node that knocks at its own door does not take itself for a peer', async (t) => {
  const own = await listen(t, await makeCredentials(authority, clusterId));
  const peer = await listen(t, await makeCredentials(authority, clusterId));
  const { book, offer } = await startFinder(t, own.credentials);
  book.add(peer.credentials.nodeId, nobody);
  offer(own.endpoint, null);
  offer(peer.endpoint, null);
  await until('the peer is found', () => book.missing().length === 0);
  t.notOk(book.has(own.credentials.nodeId));
});
