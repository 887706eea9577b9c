/** What strangers and bad clients may send to the API's port of an agent: it lives on, and others are served. */
import { readFileSync } from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';
import { KubeConfig } from '@kubernetes/client-node';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { makeOperator } from './testing/kubectl.ts';
import { makeNodes, type TestNode, until } from './testing/test-cluster.ts';

t.setTimeout(300_000);

/** An agent may need some for what it is working on, not more with everything that is sent. */
const mostGrowthMebibytes = 150;

const operator = makeOperator(t, t.testdir());
const operators = [{ name: operator.name, key: operator.key }];
const [node] = (await makeNodes(t, { size: 1, expect: 1, api: true, more: { operators } })) as [TestNode];
node.start();
await until('the API takes writes', async () => {
  return (await operator.kubectl(node, ['create', 'configmap', 'kept', '--from-literal=k=v'])).code === 0;
});
const pid = node.pid;
const before = residentMebibytes();

function residentMebibytes(): number {
  const [, kibibytes = '0'] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${node.pid}/status`, 'utf8')) ?? [];
  return Number(kibibytes) / 1024;
}

async function checkAlive(t: Test): Promise<void> {
  t.equal(node.pid, pid, 'the agent is the same process');
  const read = await operator.kubectl(node, ['get', 'configmap', 'kept', '-o', 'jsonpath={.data.k}']);
  t.match(read, { code: 0, out: 'v' });
  const growth = residentMebibytes() - before;
  t.ok(growth < mostGrowthMebibytes, `its memory grew by ${growth.toFixed(0)} MiB`);
}

/** Sends bytes and waits until the other side has ended the connection, or does not answer any more. */
function send(socket: net.Socket, bytes: Uint8Array, patienceMilliseconds = 300): Promise<string> {
  return new Promise((resolve) => {
    let heard = '';
    socket.on('error', () => {});
    socket.on('data', (piece: Buffer) => (heard += piece.toString('latin1')));
    socket.setTimeout(patienceMilliseconds, () => socket.destroy());
    socket.end(bytes);
    socket.once('close', () => resolve(heard));
  });
}

/** Begins as TLS does, so that more than the first check is reached. */
const almostTls = fc
  .tuple(fc.constantFrom(0x14, 0x15, 0x16, 0x17), fc.uint8Array({ maxLength: 2_000 }))
  .map(([type, body]) =>
    Buffer.concat([Buffer.from([type, 3, 1, body.length >> 8, body.length & 0xff]), body]),
  );

await t.test('bytes before TLS and instead of it', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(fc.uint8Array({ maxLength: 4_000 }), almostTls), { minLength: 1, maxLength: 8 }),
      async (all) => {
        await Promise.all(all.map((bytes) => send(net.connect(node.apiPort, '127.0.0.1'), bytes)));
      },
    ),
    { numRuns: 40 },
  );
  await checkAlive(t as Test);
});

await t.test('bytes in TLS, for either version of HTTP', async (t) => {
  const http = fc
    .tuple(
      fc.constantFrom('GET', 'POST', 'PATCH', 'CONNECT', 'XX'),
      fc.webPath(),
      fc.string({ maxLength: 300 }),
    )
    .map(([method, path, rest]) => Buffer.from(`${method} ${path} HTTP/1.1\r\nHost: a\r\n${rest}\r\n\r\n`));
  const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  const frames = fc.uint8Array({ maxLength: 2_000 }).map((bytes) => Buffer.concat([preface, bytes]));
  const dial = (protocol: string): tls.TLSSocket => {
    const options = { rejectUnauthorized: false, ALPNProtocols: [protocol] };
    return tls.connect({ host: '127.0.0.1', port: node.apiPort, ...options });
  };
  await fc.assert(
    fc.asyncProperty(
      fc.array(http, { maxLength: 5 }),
      fc.array(frames, { maxLength: 5 }),
      async (one, two) => {
        await Promise.all([
          ...one.map((bytes) => send(dial('http/1.1'), bytes)),
          ...two.map((bytes) => send(dial('h2'), bytes)),
        ]);
      },
    ),
    { numRuns: 30 },
  );
  await checkAlive(t as Test);
});

await t.test('a stranger is told no more than that, whatever is asked', async (t) => {
  const config = new KubeConfig();
  config.loadFromFile(await operator.kubeconfig(node));
  const ca = Buffer.from(config.getCurrentCluster()?.caData ?? '', 'base64');
  const ask = async (head: string, body = ''): Promise<string> => {
    const options = { host: '127.0.0.1', port: node.apiPort, ca, servername: 'kubernetes' };
    const length = body === '' ? '' : `Content-Length: ${Buffer.byteLength(body)}\r\n`;
    const text = `${head}\r\nHost: kubernetes\r\nConnection: close\r\n${length}\r\n${body}`;
    return await send(tls.connect(options), Buffer.from(text), 20_000);
  };
  for (const [head, code] of [
    ['GET /api/v1/secrets HTTP/1.1\r\nAuthorization: Bearer nonsense', 401],
    ['GET /api/v1/secrets HTTP/1.1\r\nAuthorization: Bearer eyJhbGciOiJub25lIn0.e30.', 401],
    ['GET /api/v1/secrets HTTP/1.1\r\nImpersonate-User: system:admin', 403],
    ['GET /api/v1/secrets HTTP/1.1\r\nX-Remote-User: system:admin\r\nX-Remote-Group: system:masters', 403],
    ['GET /api/v1/secrets HTTP/1.1', 403],
    ['GET /api/v1/namespaces/%2e%2e/secrets/%00 HTTP/1.1', 403],
    ['DELETE /api/v1/namespaces/default HTTP/1.1', 403],
  ] as const) {
    const heard = await until(head, async () => (await ask(head)) || null);
    t.equal(Number(/^HTTP\/1\.1 (\d+)/.exec(heard)?.[1]), code, heard.slice(0, 40));
    t.match(heard, new RegExp(`"kind":"Status".*"code":${code}`));
    t.notMatch(heard, /"items"|"data"/);
  }
  const tooLong = 'POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nContent-Type: application/json';
  t.match(await ask(tooLong, '['.repeat(4_000_000)), /^(HTTP\/1\.1 4\d\d|$)/, 'refused, or cut off');
  await checkAlive(t as Test);
});
