/** Everything that a stranger, one who knows the secret, or a member gone bad may send to the peer port: nobody falls over. */
import { readFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import type { TLSSocket } from 'node:tls';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { alpn } from '../peers/alpn.ts';
import { dialEnrolment, dialMember, type Endpoint } from '../peers/dial.ts';
import { strangerFrameLimitBytes } from '../peers/frames.ts';
import { createInstance } from '../peers/instances.ts';
import { RpcClient, RpcError } from '../peers/rpc.ts';
import { deriveSecretKeys } from '../peers/secret.ts';
import type { Credentials } from '../peers/trust.ts';
import type { NodeId } from '../raft/types.ts';
import { makeNodes, type TestNode, until, untilHighlyAvailable } from './testing/test-cluster.ts';

t.setTimeout(600_000);

const secret = 'a secret for tests, long enough';
const memberMethods = [
  ...['authority', 'enrol', 'enrolment', 'logEnd', 'remove', 'renew', 'report', 'sealingKey', 'status'],
  ...[
    'takeSealingKey',
    'tokens',
    'operatorCertificate',
    'authorityHistory',
    'vouchers',
    'settings',
    'nothing',
  ],
].map((name) => `cluster.${name}`);
const storeMethods = [
  ...[
    'snapshot.begin',
    'snapshot.chunk',
    'snapshot.finish',
    'store.changes',
    'store.closeSnapshot',
    'store.lease',
  ],
  ...['store.keepLeaseAlive', 'store.leases', 'store.openSnapshot', 'store.page', 'store.propose'],
  'store.snapshotPiece',
];
/** An agent may need some for what it is working on, not more with everything that is sent. */
const mostGrowthMebibytes = 80;
const answerMilliseconds = 5_000;

const nodes = await makeNodes(t, { size: 3 });
const [first, second, third] = nodes as [TestNode, TestNode, TestNode];
for (const node of nodes) node.start();
await untilHighlyAvailable(nodes);
await first.put('kept', 'yes');
const endpoint = endpointOf(first);
const pid = first.pid;
const own = credentialsOf(third, (await third.status()).clusterId ?? '');
const residentBefore = residentMebibytes();

function endpointOf(node: TestNode): Endpoint {
  const [host = '', port = ''] = node.address.split(':');
  return { host, port: Number(port) };
}

function credentialsOf(
  { dataDirectory }: TestNode,
  clusterId: string,
): Credentials & { readonly nodeId: NodeId } {
  const read = (name: string): string => readFileSync(path.join(dataDirectory, name), 'utf8');
  return {
    ...{ clusterId, nodeId: '0000000000000000' as NodeId, privateKey: read('identity/key.pem') },
    ...{ certificate: read('pki/node.crt'), caCertificate: read('pki/ca.crt') },
  };
}

function residentMebibytes(): number {
  const [, kibibytes = '0'] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${first.pid}/status`, 'utf8')) ?? [];
  return Number(kibibytes) / 1024;
}

/** What the cluster knows about itself. */
async function ownState(node: TestNode): Promise<unknown> {
  const { nodes: members, revision, clusterId } = await node.status();
  return { clusterId, revision, members: members.map(({ id, role }) => [id, role]) };
}

/** Sends bytes and waits until the other side has ended the connection, or does not answer any more. */
function send(bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const socket = net.connect(endpoint.port, endpoint.host);
    socket.on('error', () => {});
    socket.setTimeout(200, () => socket.destroy());
    socket.resume();
    socket.end(bytes);
    socket.once('close', () => resolve());
  });
}

/** Writes bytes into an open connection; whether it was ended is not asked. */
async function pour(socket: TLSSocket, bytes: Uint8Array): Promise<void> {
  socket.on('error', () => {});
  socket.resume();
  socket.write(bytes);
  await new Promise((resolve) => setTimeout(resolve, 20));
  socket.destroy();
}

/** One request; that it is refused is the usual case. Throws where nobody answers. */
async function ask(client: RpcClient, method: string, params: Record<string, unknown>): Promise<void> {
  await client.request(method, params, answerMilliseconds).catch((error: unknown) => {
    if (!(error instanceof RpcError) || error.code === 'timeout') throw error;
  });
}

/** Begins as TLS does, so that more than the first check is reached. */
const almostTls = fc
  .tuple(fc.constantFrom(0x14, 0x15, 0x16, 0x17), fc.uint8Array({ maxLength: 2_000 }))
  .map(([type, body]) =>
    Buffer.concat([Buffer.from([type, 3, 1, body.length >> 8, body.length & 0xff]), body]),
  );
const anything = fc.oneof(fc.uint8Array({ maxLength: 4_000 }), almostTls);
const frame = fc
  .tuple(fc.oneof(fc.nat(64), fc.nat(0xffffffff)), fc.uint8Array({ maxLength: 2_000 }))
  .map(([length, body]) => {
    const head = Buffer.alloc(4);
    head.writeUInt32BE(length);
    return Buffer.concat([head, body]);
  });
const params = fc.oneof(
  fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 3 })),
  // Nearly right.
  fc.record({
    ...{ id: fc.jsonValue(), name: fc.jsonValue(), port: fc.jsonValue(), clusterId: fc.jsonValue() },
    ...{
      blanks: fc.jsonValue(),
      publicKey: fc.jsonValue(),
      address: fc.jsonValue(),
      version: fc.jsonValue(),
    },
    ...{ candidate: fc.jsonValue(), node: fc.jsonValue(), action: fc.jsonValue(), key: fc.jsonValue() },
  }),
) as fc.Arbitrary<Record<string, unknown>>;

async function checkAlive(t: Test): Promise<void> {
  t.equal(first.pid, pid, 'the agent is the same process');
  t.equal(await first.get('kept'), 'yes');
  const growth = residentMebibytes() - residentBefore;
  t.ok(growth < mostGrowthMebibytes, `its memory grew by ${growth.toFixed(0)} MiB`);
}

await t.test('bytes of a stranger, before TLS and instead of it', async (t) => {
  const before = await ownState(first);
  await fc.assert(
    fc.asyncProperty(fc.array(anything, { minLength: 1, maxLength: 8 }), async (all) => {
      await Promise.all(all.map(send));
    }),
    { numRuns: 60 },
  );
  t.same(await ownState(first), before, 'nothing has changed in the cluster');
  await checkAlive(t);
});

await t.test('frames and requests of one who has proved the secret', async (t) => {
  const before = await ownState(first);
  const keys = deriveSecretKeys('test', secret);
  await fc.assert(
    fc.asyncProperty(frame, async (bytes) => pour(await dialEnrolment(endpoint, keys), bytes)),
    { numRuns: 60 },
  );
  const method = fc.constantFrom(
    'hello',
    'introduction',
    'promise',
    'enrol',
    'cluster.status',
    '__proto__',
    '',
  );
  let client = new RpcClient(await dialEnrolment(endpoint, keys), strangerFrameLimitBytes);
  await fc.assert(
    fc.asyncProperty(method, params, async (name, value) => {
      if (client.closed) client = new RpcClient(await dialEnrolment(endpoint, keys), strangerFrameLimitBytes);
      await ask(client, name, value);
    }),
    { numRuns: 300 },
  );
  client.close();
  t.same(await ownState(first), before, 'nothing has changed in the cluster');
  await checkAlive(t);
});

await t.test('frames, messages and requests with the key of a member', async (t) => {
  // Its place is free while it is off: two runs of one node are not let in.
  await third.stop('SIGKILL');
  const instance = createInstance();
  const dial = async (protocol: (typeof alpn)['rpc' | 'raft']): Promise<TLSSocket> =>
    (await dialMember(endpoint, protocol, own, null, instance)).socket;
  await until('its own connections are forgotten', async () => {
    const client = new RpcClient(await dial(alpn.rpc), strangerFrameLimitBytes);
    const answer = await client.request('cluster.logEnd', {}, answerMilliseconds);
    client.close();
    return answer !== null;
  });
  for (const protocol of [alpn.rpc, alpn.raft])
    await fc.assert(
      fc.asyncProperty(frame, async (bytes) => pour(await dial(protocol), bytes)),
      { numRuns: 60 },
    );
  let client = new RpcClient(await dial(alpn.rpc), strangerFrameLimitBytes);
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...memberMethods, ...storeMethods), params, async (name, value) => {
      if (client.closed) client = new RpcClient(await dial(alpn.rpc), strangerFrameLimitBytes);
      await ask(client, name, value);
    }),
    { numRuns: 400 },
  );
  client.close();
  await checkAlive(t);
  third.start();
  await until('all three are there', async () => {
    const { nodes: members, highAvailability } = await second.status();
    return highAvailability && members.length === 3 && members.every(({ online }) => online);
  });
  await second.put('after', 'all of it');
  t.equal(await until('the third reads it', () => third.get('after')), 'all of it');
});
