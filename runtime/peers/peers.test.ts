import net from 'node:net';
import t, { type Test } from 'tap';
import { createCertificateAuthority } from '../cluster/certificates.ts';
import { makeCredentials } from '../cluster/testing/make-credentials.ts';
import type { Message, NodeId, Term } from '../raft/types.ts';
import { AddressBook } from './address-book.ts';
import { alpn } from './alpn.ts';
import { DenyList } from './deny-list.ts';
import { dialEnrolment, dialMember } from './dial.ts';
import { memberFrameLimitBytes, strangerFrameLimitBytes, writeFrame } from './frames.ts';
import type { PeerGate } from './gate.ts';
import { InstanceGuard } from './instances.ts';
import { openPeerPort, type PeerPort, type PeerPortHandlers } from './listener.ts';
import { RaftLinks, receiveMessages } from './raft-links.ts';
import { encodeMessage } from './raft-messages.ts';
import { RpcClient, RpcError, serveRpc } from './rpc.ts';
import { deriveSecretKeys } from './secret.ts';
import type { Credentials } from './trust.ts';

const keys = deriveSecretKeys('shop', 'a secret that is long enough');
const findKey = (identity: string): Buffer | null => (identity === keys.identity ? keys.preSharedKey : null);
const clusterId = '00112233aabbccdd';
const gate = (): PeerGate => ({ denied: new DenyList(), instances: new InstanceGuard() });

function makeMember(authority: Awaited<ReturnType<typeof createCertificateAuthority>>): Promise<Credentials> {
  return makeCredentials(authority, clusterId);
}

interface Opened {
  readonly port: PeerPort;
  readonly refused: string[];
  readonly endpoint: { host: string; port: number };
}

async function open(
  t: Test,
  credentials: Credentials | null,
  more: Partial<PeerPortHandlers> = {},
): Promise<Opened> {
  const refused: string[] = [];
  const port = await openPeerPort({ address: '127.0.0.1', port: 0 }, findKey, {
    onRaft: (socket) => socket.destroy(),
    onRpc: (socket, peer) =>
      serveRpc(socket, memberFrameLimitBytes, async (method) => ({ method, peer: peer.nodeId })),
    onEnrolment: (socket) => serveRpc(socket, strangerFrameLimitBytes, async (method) => ({ method })),
    onRefused: (_address, kind) => refused.push(kind),
    ...more,
  });
  t.teardown(() => port.close());
  if (credentials) port.setCredentials(credentials);
  return { port, refused, endpoint: { host: '127.0.0.1', port: port.port } };
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error('the condition did not come true within 10 s');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

t.test('dialEnrolment talks to a blank machine that knows the same secret', async (t) => {
  const { endpoint } = await open(t, null);
  const client = new RpcClient(await dialEnrolment(endpoint, keys), strangerFrameLimitBytes);
  t.same(await client.request('hello', {}, 5000), { method: 'hello' });
  client.close();
});

t.test('dialEnrolment is refused with another secret, and both sides can tell', async (t) => {
  const { endpoint, refused } = await open(t, null);
  const wrong = deriveSecretKeys('shop', 'another secret, long enough');
  await t.rejects(dialEnrolment(endpoint, wrong), { code: 'wrongSecret' });
  await until(() => refused.length > 0);
  t.same(refused, ['wrongSecret']);
});

t.test('dialEnrolment is refused by a cluster of another name', async (t) => {
  const { endpoint } = await open(t, null);
  const other = deriveSecretKeys('office', 'a secret that is long enough');
  await t.rejects(dialEnrolment(endpoint, other), { code: 'otherCluster' });
});

t.test('dialMember connects members of one cluster, who learn who the other is', async (t) => {
  const authority = await createCertificateAuthority('shop', clusterId);
  const [a, b] = [await makeMember(authority), await makeMember(authority)];
  const { endpoint } = await open(t, a);
  const { socket, nodeId } = await dialMember(endpoint, alpn.rpc, b, a.nodeId, 'a');
  t.equal(nodeId, a.nodeId);
  const client = new RpcClient(socket, memberFrameLimitBytes);
  t.same(await client.request('ping', {}, 5000), { method: 'ping', peer: b.nodeId });
  client.close();
  await t.rejects(dialMember(endpoint, alpn.rpc, b, 'ffffffffffffffff' as NodeId, 'a'), {
    code: 'untrusted',
  });
});

t.test('openPeerPort turns away a member of another cluster and the secret alone', async (t) => {
  const ours = await makeMember(await createCertificateAuthority('shop', clusterId));
  const stranger = await makeMember(await createCertificateAuthority('shop', clusterId));
  const { endpoint, refused } = await open(t, ours);
  await t.rejects(dialMember(endpoint, alpn.rpc, stranger, null, 'a'), { code: 'untrusted' });
  // Also when the caller does not look, as a hostile one would not.
  const trusting = { ...stranger, caCertificate: ours.caCertificate };
  const { socket } = await dialMember(endpoint, alpn.rpc, trusting, null, 'a');
  const client = new RpcClient(socket, memberFrameLimitBytes);
  await t.rejects(client.request('ping', {}, 5000), RpcError);
  await until(() => refused.includes('untrusted'));
  t.ok(refused.includes('untrusted'));
});

t.test('openPeerPort drops garbage and a giant frame, and lives on', async (t) => {
  const { endpoint, refused } = await open(t, null);
  const garbage = net.connect(endpoint.port, endpoint.host);
  garbage.on('error', () => {});
  garbage.write(Buffer.alloc(4096, 0x41));
  await until(() => refused.includes('garbage') && garbage.destroyed);
  const giant = await dialEnrolment(endpoint, keys);
  giant.on('error', () => {});
  giant.write(Buffer.from([0xff, 0xff, 0xff, 0xff, 1, 2, 3]));
  giant.resume();
  await until(() => giant.destroyed);
  const client = new RpcClient(await dialEnrolment(endpoint, keys), strangerFrameLimitBytes);
  t.same(await client.request('still there', {}, 5000), { method: 'still there' });
  client.close();
});

t.test('openPeerPort says what to do when its port is taken', async (t) => {
  const { endpoint } = await open(t, null);
  const again = openPeerPort({ address: '127.0.0.1', port: endpoint.port }, findKey, {
    onRaft: () => {},
    onRpc: () => {},
    onEnrolment: () => {},
    onRefused: () => {},
  });
  await t.rejects(again, { message: /in use by another program: stop it, or set peers\.port/ });
});

t.test('RpcClient rejects what it waits for when the connection ends', async (t) => {
  const { endpoint } = await open(t, null, {
    onEnrolment: (socket) => setTimeout(() => socket.destroy(), 50),
  });
  const client = new RpcClient(await dialEnrolment(endpoint, keys), strangerFrameLimitBytes);
  await t.rejects(client.request('hello', {}, 5000), { code: 'closed' });
});

t.test(
  'RaftLinks delivers messages, and gives up a connection whose other end has fallen silent',
  async (t) => {
    const authority = await createCertificateAuthority('shop', clusterId);
    const [a, b] = [await makeMember(authority), await makeMember(authority)];
    const received: Message[] = [];
    let silent = false;
    let connections = 0;
    const { endpoint } = await open(t, a, {
      onRaft: (socket, peer) => {
        connections += 1;
        if (silent) socket.resume();
        else
          receiveMessages(socket, peer.nodeId, 'a', {
            onMessage: (message) => received.push(message),
            onEnd: () => {},
          });
      },
    });
    const book = new AddressBook();
    book.add(a.nodeId, endpoint);
    const links = new RaftLinks(b, book, gate());
    t.teardown(() => links.close());
    const message: Message = { type: 'timeoutNow', from: b.nodeId, to: a.nodeId, term: 1 as Term };
    const sending = setInterval(() => links.send(message), 20);
    t.teardown(() => clearInterval(sending));
    await until(() => received.length > 0);
    t.same(received[0], message);
    t.equal(connections, 1, 'one connection serves while it is answered');
    silent = true;
    received.length = 0;
    // The connection is there and takes everything, as that to a machine that lost its power: only nobody answers.
    links.close();
    const others = new RaftLinks(b, book, gate());
    t.teardown(() => others.close());
    const sendingOn = setInterval(() => others.send(message), 20);
    t.teardown(() => clearInterval(sendingOn));
    await until(() => connections >= 2);
    silent = false;
    await until(() => received.length > 0);
    t.ok(connections >= 3, 'it was given up and made anew');
  },
);

t.test(
  'receiveMessages takes the word of the certificate for who speaks, and drops a connection that sends garbage',
  async (t) => {
    const authority = await createCertificateAuthority('shop', clusterId);
    const [a, b] = [await makeMember(authority), await makeMember(authority)];
    const received: Message[] = [];
    const { endpoint } = await open(t, a, {
      onRaft: (socket, peer) =>
        receiveMessages(socket, peer.nodeId, 'a', {
          onMessage: (message) => received.push(message),
          onEnd: () => {},
        }),
    });
    const { socket } = await dialMember(endpoint, alpn.raft, b, a.nodeId, 'a');
    writeFrame(socket, encodeMessage({ type: 'timeoutNow', from: a.nodeId, to: a.nodeId, term: 1 as Term }));
    socket.resume();
    await until(() => received.length > 0);
    t.equal(received[0]?.from, b.nodeId);
    writeFrame(socket, new Uint8Array([1, 99, 0]));
    await until(() => socket.destroyed);
    t.equal(received.length, 1);
  },
);
