/** Real handshakes that fail, and what each side is told. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import net from 'node:net';
import tls from 'node:tls';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { createCertificateAuthority } from '../cluster/certificates.ts';
import { makeCredentials } from '../cluster/testing/make-credentials.ts';
import { alpn } from './alpn.ts';
import { connect, DialError, dialEnrolment, dialMember, type Endpoint } from './dial.ts';
import { explainAccepted, explainDialed } from './handshake-words.ts';
import { openPeerPort } from './listener.ts';
import { deriveSecretKeys } from './secret.ts';
import type { Credentials } from './trust.ts';

const clusterId = '00112233aabbccdd';
const keys = deriveSecretKeys('shop', 'a secret that is long enough');
const makeMember = async (): Promise<Credentials> =>
  makeCredentials(await createCertificateAuthority('shop', clusterId), clusterId);

async function open(t: Test, credentials: Credentials | null) {
  const reasons: string[] = [];
  const port = await openPeerPort(
    { address: '127.0.0.1', port: 0 },
    (identity) => (identity === keys.identity ? keys.preSharedKey : null),
    {
      onRaft: (socket) => socket.destroy(),
      onRpc: (socket) => socket.destroy(),
      onEnrolment: (socket) => socket.destroy(),
      onRefused: (_address, _kind, reason) => reasons.push(reason),
    },
  );
  t.teardown(() => port.close());
  if (credentials !== null) port.setCredentials(credentials);
  return { endpoint: { host: '127.0.0.1', port: port.port }, reasons };
}

/** What the side that connects is told. */
async function toldWhenDialing(dialed: Promise<unknown>): Promise<string> {
  const error = await dialed.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof DialError) return error.message;
  throw new Error('the connection came about', { cause: error });
}

/** What a TLS client begins with. */
async function firstBytesOf(protocol: string): Promise<Buffer> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as net.AddressInfo;
  const client = tls.connect({ host: '127.0.0.1', port, ALPNProtocols: [protocol] });
  client.on('error', () => {});
  const [socket] = (await once(server, 'connection')) as [net.Socket];
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  client.destroy();
  server.close();
  return bytes;
}

async function untilTold(reasons: readonly string[], pattern: RegExp): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!reasons.some((reason) => pattern.test(reason))) {
    if (performance.now() > deadline) throw new Error(`${pattern} is not among ${reasons.join('; ')}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

t.test('a machine without a certificate and one that takes it for a member are both told', async (t) => {
  const { endpoint, reasons } = await open(t, null);
  const told = await toldWhenDialing(dialMember(endpoint, alpn.rpc, await makeMember(), null, 'a'));
  t.match(
    told,
    /^127\.0\.0\.1:\d+ has nothing to prove itself with to members: it is no member of a cluster/,
  );
  await untilTold(reasons, /^takes this machine for a member of its cluster, .*wiped or never joined/);
});

t.test('a program that knows another CA is told of in words', async (t) => {
  const { endpoint, reasons } = await open(t, await makeMember());
  // As programs do that check certificates by a CA: they end the handshake by this alert, once they have seen the certificate.
  const alert = Buffer.from([21, 3, 3, 0, 2, 2, 48]);
  const greeting = await firstBytesOf(alpn.rpc);
  const stranger = net.connect(endpoint.port, endpoint.host, () => stranger.write(greeting));
  stranger.once('data', () => stranger.write(alert));
  stranger.on('error', () => {});
  t.teardown(() => stranger.destroy());
  await untilTold(reasons, /^does not know the CA of this node: it is of another cluster, was removed/);
});

t.test('whoever does not speak as a node does is told apart', async (t) => {
  const { endpoint, reasons } = await open(t, await makeMember());
  const operator = await toldWhenDialing(connect(endpoint, alpn.operator, {}));
  t.match(operator, /does not serve what this machine wants of it.*names no operators\.$/);
  await untilTold(reasons, /^wants nothing that this node serves/);
  t.match(
    await toldWhenDialing(connect(endpoint, alpn.rpc, { maxVersion: 'TLSv1.2' })),
    /no member of a cluster/,
  );
  await untilTold(reasons, /^speaks TLS of another kind/);
  const send = (text: string): void => {
    const socket = net.connect(endpoint.port, endpoint.host, () => socket.end(text));
    socket.on('error', () => {});
  };
  send('GET / HTTP/1.1\r\n\r\n');
  await untilTold(reasons, /^speaks HTTP/);
  send('garbage garbage');
  await untilTold(reasons, /^does not speak TLS$/);
  send('');
  await untilTold(reasons, /^hung up before it had said who it is$/);
  const other = deriveSecretKeys('office', 'a secret that is long enough');
  await toldWhenDialing(dialEnrolment(endpoint, other));
  await untilTold(reasons, /^wants to enrol with the secret of a cluster of another name, or with a token/);
});

t.test('another program on the port of a node is told apart', async (t) => {
  const web = createServer((_request, response) => response.end()).listen(0, '127.0.0.1');
  const own = await makeMember();
  const secure = tls.createServer({ key: own.privateKey, cert: own.certificate }).listen(0, '127.0.0.1');
  secure.on('tlsClientError', () => {});
  t.teardown(() => {
    web.close();
    secure.close();
  });
  const at = async (server: net.Server): Promise<Endpoint> => {
    if (!server.listening) await new Promise((resolve) => server.once('listening', resolve));
    return { host: '127.0.0.1', port: (server.address() as net.AddressInfo).port };
  };
  const notTrivet = /is no node of Trivet, .*another program listens there\. Is the port right \(peers\.port/;
  t.match(await toldWhenDialing(dialEnrolment(await at(web), keys)), notTrivet);
  t.match(await toldWhenDialing(dialMember(await at(web), alpn.rpc, own, null, 'a')), notTrivet);
  t.match(await toldWhenDialing(dialEnrolment(await at(secure), keys)), notTrivet);
  t.match(
    await toldWhenDialing(dialMember(await at(secure), alpn.rpc, own, null, 'a')),
    /does not speak trivet-rpc/,
  );
});

t.test('no words of OpenSSL are left over, whatever it says', async (t) => {
  t.equal(explainDialed('ECONNREFUSED', true), null);
  t.equal(
    explainDialed('ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR', false),
    'broke the TLS handshake off (internal error).',
  );
  t.equal(explainAccepted(''), 'broke the TLS handshake off (no reason given)');
  fc.assert(
    fc.property(fc.string(), fc.boolean(), (code, isEnrolment) => {
      const words = explainDialed(`ERR_SSL_${code}`, isEnrolment);
      return words !== null && words.length > 10 && explainAccepted(code).length > 5;
    }),
  );
});
