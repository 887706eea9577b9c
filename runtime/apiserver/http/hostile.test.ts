/** Clients that mean harm, or are broken: what they are told, and that others do not notice. */
import http2 from 'node:http2';
import net from 'node:net';
import tls from 'node:tls';
import t, { type Test } from 'tap';
import { configMap } from '../handlers/testing/open-kind.ts';
import { bodyLimitBytes } from './read-body.ts';
import { openServer, until } from './testing/open-server.ts';

t.setTimeout(180_000);

const base = '/api/v1/namespaces/d/configmaps';
type Server = Awaited<ReturnType<typeof openServer>>;

/** Somebody else's request, at the end of a test: the server is well. */
async function isWell(t: Test, { ask, faults }: Server): Promise<void> {
  t.equal((await ask('GET', base)).code, 200, 'others are served');
  t.same(faults, [], 'and nothing was a fault of the server');
}

t.test('bodies that are none are refused with what is wrong', async (t) => {
  const server = await openServer(t);
  const deep = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`;
  const wide = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`f${index}`, index]));
  const many = { ...configMap, ...wide };
  const json = 'application/json';
  const yaml = 'application/yaml';
  const protobuf = 'application/vnd.kubernetes.protobuf';
  for (const [what, type, body, code] of [
    ['nothing', json, '', 400],
    ['no JSON', json, '{"kind":', 400],
    ['a list', json, '[]', 400],
    ['null', json, 'null', 400],
    ['a number', json, '7', 400],
    ['text', json, '"x"', 400],
    ['deep JSON', json, deep, 400],
    ['deep lists', json, '['.repeat(100_000), 400],
    ['deep YAML', yaml, '['.repeat(50_000), 400],
    ['no YAML', yaml, 'a: [', 400],
    ['YAML that grows', yaml, yamlBomb(), 400],
    ['no UTF-8', json, Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), 400],
    ['no protobuf', protobuf, Buffer.from('nonsense'), 400],
    // As for the real server: an object without anything.
    ['an envelope of nothing', protobuf, Buffer.from('k8s\0'), 422],
    ['cut off protobuf', protobuf, Buffer.from('k8s\0\x0a\x7f'), 400],
    ['another kind', json, JSON.stringify({ ...configMap, kind: 'Secret' }), 400],
    ['metadata that is none', json, JSON.stringify({ ...configMap, metadata: 'a' }), 400],
    ['data of another type', json, JSON.stringify({ ...configMap, data: [1] }), 400],
    ['unknown media type', 'application/x-msgpack', 'x', 415],
    ['no media type at all', '///', 'x', 415],
  ] as const) {
    const reply = await server.ask('POST', base, { headers: { 'content-type': type }, body });
    t.equal(reply.code, code, `${what}: ${reply.text.slice(0, 150)}`);
    t.match(JSON.parse(reply.text), { kind: 'Status', status: 'Failure', code }, what);
    t.ok(reply.text.length < 5_000, `${what}: the answer is short`);
  }
  const strict = await server.ask('POST', `${base}?fieldValidation=Strict`, { body: many });
  t.equal(strict.code, 400);
  t.ok(strict.text.length < 20_000, 'not every wrong field is listed');
  t.equal(
    (await server.ask('POST', base, { body: { ...configMap, __proto__: {}, constructor: 1 } })).code,
    201,
  );
  await isWell(t, server);
});

t.test('media types that nobody speaks are refused with those that are spoken', async (t) => {
  const server = await openServer(t);
  t.equal((await server.ask('POST', base, { body: configMap })).code, 201);
  const spoken = 'application/json, application/yaml, application/vnd.kubernetes.protobuf';
  const patches =
    'application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, application/apply-patch+yaml';
  const unknown = (known: string) =>
    `the body of the request was in an unknown format - accepted media types include: ${known}`;
  for (const [method, url, headers, code, reason, message] of [
    [
      'GET',
      base,
      { accept: 'text/html' },
      406,
      'NotAcceptable',
      `only the following media types are accepted: ${spoken}`,
    ],
    [
      'GET',
      `${base}/a`,
      { accept: 'application/xml;q=1' },
      406,
      'NotAcceptable',
      `only the following media types are accepted: ${spoken}`,
    ],
    ['POST', base, { 'content-type': 'text/csv' }, 415, 'UnsupportedMediaType', unknown(spoken)],
    [
      'PUT',
      `${base}/a`,
      { 'content-type': 'application/x-www-form-urlencoded' },
      415,
      'UnsupportedMediaType',
      unknown(spoken),
    ],
    [
      'PATCH',
      `${base}/a`,
      { 'content-type': 'application/json' },
      415,
      'UnsupportedMediaType',
      unknown(patches),
    ],
    [
      'DELETE',
      `${base}/a`,
      { 'content-type': 'multipart/form-data', 'content-length': '1' },
      415,
      'UnsupportedMediaType',
      unknown(spoken),
    ],
  ] as const) {
    const body = method === 'GET' ? undefined : 'x';
    const reply = await server.ask(method, url, { headers, ...(body === undefined ? {} : { body }) });
    t.match(
      JSON.parse(reply.text),
      { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message },
      method,
    );
    t.equal(reply.code, code);
  }
  t.equal((await server.ask('GET', `${base}/a`)).code, 200, 'what was refused has done nothing');
  await isWell(t, server);
});

t.test(
  'a body that comes too slowly, never, or with the other side closed, holds its own connection',
  async (t) => {
    const server = await openServer(t);
    const session = server.connect2();
    const post = { ':method': 'POST', ':path': base, 'content-type': 'application/json' };
    // Over HTTP/2 many stand on one connection, and others go on beside them.
    const slow = Array.from({ length: 100 }, () => {
      const stream = session.request(post);
      stream.on('error', () => {});
      stream.write('{');
      return stream;
    });
    const beside = session.request({ ':path': base });
    const code = await new Promise((resolve, reject) => {
      beside.once('response', (headers) => resolve(headers[':status']));
      beside.once('error', reject);
      beside.resume();
      beside.end();
    });
    t.equal(code, 200, 'on the same connection');
    // Who has sent all and closed that half still hears the answer.
    const half = tls.connect({
      host: '127.0.0.1',
      port: server.listener.port,
      rejectUnauthorized: false,
      ALPNProtocols: ['http/1.1'],
    });
    let heard = '';
    half.on('data', (piece: Buffer) => (heard += piece.toString()));
    half.on('error', () => {});
    t.teardown(() => half.destroy());
    half.end('GET /version HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    await until('the answer comes', () => heard.includes('HTTP/1.1 200'));
    // Nonsense in place of HTTP/2 ends its own session.
    const nonsense = tls.connect({
      host: '127.0.0.1',
      port: server.listener.port,
      rejectUnauthorized: false,
      ALPNProtocols: ['h2'],
    });
    let isGone = false;
    nonsense.on('error', () => {});
    nonsense.once('close', () => (isGone = true));
    nonsense.resume();
    nonsense.write(Buffer.alloc(20_000, 0xa5));
    await until('it is ended', () => isGone);
    const codes: unknown[] = [];
    for (const stream of slow) {
      stream.once('response', (headers) => codes.push(headers[':status']));
      stream.resume();
      stream.end('}');
    }
    await until('each has its answer', () => codes.length === slow.length);
    t.same([...new Set(codes)], [422], 'an object without a name');
    await isWell(t, server);
  },
);

/** Each line doubles what is before it. */
function yamlBomb(): string {
  const lines = ['a0: &a0 [x, x]'];
  for (let level = 1; level < 40; level += 1) {
    lines.push(`a${level}: &a${level} [*a${level - 1}, *a${level - 1}]`);
  }
  return lines.join('\n');
}

t.test('a body that is too long is not read to its end', async (t) => {
  const server = await openServer(t);
  const { open } = server;
  const announced = open('POST', base, { 'content-length': String(bodyLimitBytes + 1) });
  announced.on('error', () => {});
  const code = await new Promise<number | undefined>((resolve) => {
    announced.once('response', (response) => {
      resolve(response.statusCode);
      response.resume();
    });
    announced.flushHeaders();
  });
  t.equal(code, 413, 'refused before the body comes');
  announced.destroy();
  const endless = open('POST', base, { 'transfer-encoding': 'chunked' });
  endless.on('error', () => {});
  const answered = new Promise<{ code: number | undefined; text: string }>((resolve) => {
    endless.once('response', (response) => {
      let text = '';
      response.on('data', (piece: Buffer) => (text += piece.toString()));
      response.once('end', () => resolve({ code: response.statusCode, text }));
      response.once('error', () => resolve({ code: response.statusCode, text }));
    });
  });
  const piece = Buffer.alloc(65_536, 0x20);
  for (let sent = 0; sent <= bodyLimitBytes; sent += piece.length) endless.write(piece);
  const { code: late, text } = await answered;
  t.equal(late, 413);
  t.match(JSON.parse(text), { reason: 'RequestEntityTooLarge', message: /limit is 3145728/ });
  endless.destroy();
  await isWell(t, server);
});

t.test('clients that do not finish hold nothing but their own connections', async (t) => {
  const server = await openServer(t);
  const { port } = server.listener;
  const sockets: net.Socket[] = [];
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
  });
  const keep = (socket: net.Socket): void => {
    socket.on('error', () => {});
    sockets.push(socket);
  };
  for (let number = 0; number < 50; number += 1) keep(net.connect(port, '127.0.0.1'));
  const secure = (): tls.TLSSocket => {
    const socket = tls.connect({
      host: '127.0.0.1',
      port,
      rejectUnauthorized: false,
      ALPNProtocols: ['http/1.1'],
    });
    keep(socket);
    return socket;
  };
  for (let number = 0; number < 50; number += 1) {
    secure().write('GET /api HTTP/1.1\r\nHost: a\r\nX-');
    secure().write(`POST ${base} HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{`);
  }
  secure().write('\0\x16\x03nonsense\r\n\r\n');
  secure().write(`GET /${'a'.repeat(200_000)} HTTP/1.1\r\nHost: a\r\n\r\n`);
  await isWell(t, server);
});

t.test('a thousand streams opened and reset at once over HTTP/2 harm nobody', async (t) => {
  const server = await openServer(t);
  const session = server.connect2();
  for (let number = 0; number < 1_000; number += 1) {
    const stream = session.request({ ':method': 'GET', ':path': base });
    stream.on('error', () => {});
    stream.close(http2.constants.NGHTTP2_CANCEL);
  }
  await isWell(t, server);
});

t.test('watches that nobody reads cost little, and those who read miss nothing', async (t) => {
  const server = await openServer(t);
  const lazy = server.connect2();
  const asleep = Array.from({ length: 200 }, () => {
    const stream = lazy.request({ ':path': `${base}?watch=1` });
    stream.on('error', () => {});
    stream.pause();
    return stream;
  });
  const awake = server.open('GET', `${base}?watch=1`);
  let told = 0;
  awake.once('response', (response) => {
    response.on('data', (piece: Buffer) => (told += piece.toString().split('\n').length - 1));
  });
  awake.end();
  t.teardown(() => awake.destroy());
  const data = { k: 'x'.repeat(100_000) };
  const rounds = 40;
  for (let round = 0; round < rounds; round += 1) {
    const object = { ...configMap, metadata: { name: `n${round}`, namespace: 'd' }, data };
    t.equal((await server.ask('POST', base, { body: object })).code, 201);
  }
  await until('all is told to who reads', () => told >= rounds);
  // 200 watches times 40 objects of 100 kB would be 800 MB.
  const megabytes = process.memoryUsage().arrayBuffers / 2 ** 20;
  t.ok(megabytes < 300, `${megabytes.toFixed(0)} MB of buffers`);
  t.equal(asleep.length, 200);
  await isWell(t, server);
});
