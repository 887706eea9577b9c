/** What strangers, broken clients and slow ones do to the socket: a clear refusal, memory bounded, nobody else hurt. */

import { statSync } from 'node:fs';
import { createServer } from 'node:http2';
import { createConnection } from 'node:net';
import path from 'node:path';
import t, { type Test } from 'tap';
import { shortDirectory } from '../testing/etcd-face.ts';
import { answerOf, RawClient } from '../testing/raw-client.ts';
import { openSoloStore } from '../testing/solo-store.ts';
import { until } from '../testing/suite/subject.ts';
import { codec, type Draft } from './messages.ts';
import { startEtcdServer } from './server.ts';
import { grpcCode } from './status.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

async function startServer(t: Test): Promise<string> {
  const directory = shortDirectory(t);
  const { store } = await openSoloStore(t, path.join(directory, 'data'));
  const socket = path.join(directory, 'etcd.sock');
  const server = await startEtcdServer({ store, socket });
  t.teardown(() => server.close());
  return socket;
}

const works = async (socket: string): Promise<boolean> => {
  using client = new RawClient(socket);
  const message = { key: bytes('works'), value: bytes('yes') };
  await client.call('KV/Put', 'PutRequest', 'PutResponse', message);
  const { kvs } = await client.call('KV/Range', 'RangeRequest', 'RangeResponse', { key: bytes('works') });
  return kvs.length === 1;
};

t.setTimeout(600_000);

t.test('the socket is for its owner, and one process has it', async (t) => {
  const socket = await startServer(t as Test);
  t.equal(statSync(socket).mode & 0o777, 0o600);
  const { store } = await openSoloStore(t as Test, path.join(shortDirectory(t as Test), 'other'));
  await t.rejects(startEtcdServer({ store, socket }), /is in use by another process/);
  await t.rejects(startEtcdServer({ store, socket: `/tmp/${'x'.repeat(120)}` }), /more than 107 bytes/);
  await t.rejects(
    startEtcdServer({ store, socket: `${socket}2`, port: 0 }),
    /port needs datastore.etcdApi.tls/,
  );
  t.ok(await works(socket));
});

t.test('a socket that a killed process left is taken over', async (t) => {
  const directory = shortDirectory(t as Test);
  const socket = path.join(directory, 'left.sock');
  const left = createServer();
  await new Promise<void>((resolve) => left.listen(socket, resolve));
  // Node removes the file when it closes a server properly; a killed process does not.
  (left as unknown as { _handle: { close(): void } })._handle.close();
  const { store } = await openSoloStore(t as Test, path.join(directory, 'data'));
  const server = await startEtcdServer({ store, socket });
  t.teardown(() => server.close());
  t.ok(await works(socket));
});

t.test('garbage, half frames and silence hurt nobody', async (t) => {
  const socket = await startServer(t as Test);
  const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  const garbage = [
    Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
    Buffer.alloc(100_000, 0xff),
    preface.subarray(0, 10),
    Buffer.concat([preface, Buffer.alloc(1_000, 0xaa)]),
    Buffer.concat([preface, Buffer.from([0, 0xff, 0xff, 4, 0, 0, 0, 0, 0])]),
    Buffer.alloc(0),
  ];
  for (const data of garbage) {
    const connection = createConnection(socket);
    connection.on('error', () => {});
    t.teardown(() => connection.destroy());
    connection.write(data);
    t.ok(await works(socket));
  }
});

t.test('messages that are none get an answer that says so', async (t) => {
  const socket = await startServer(t as Test);
  using client = new RawClient(socket);
  const framed = (message: Uint8Array, length = message.length, flag = 0): Buffer => {
    const header = Buffer.alloc(5);
    header[0] = flag;
    header.writeUInt32BE(length >>> 0, 1);
    return Buffer.concat([header, message]);
  };
  const put = codec('PutRequest').encode({ key: bytes('k') });
  const cases: readonly (readonly [string, Buffer, number, RegExp])[] = [
    ['no message', Buffer.alloc(0), grpcCode.internal, /ends before its message/],
    ['half a header', Buffer.alloc(3), grpcCode.internal, /ends before its message/],
    ['half a message', framed(put, put.length + 10), grpcCode.internal, /does not have the length it says/],
    ['more than a message', framed(put, 1), grpcCode.internal, /does not have the length it says/],
    ['a length of 4 GiB', framed(put, 0xffffffff), grpcCode.internal, /does not have the length it says/],
    ['compressed', framed(put, put.length, 1), grpcCode.unimplemented, /compressed/],
    ['no protobuf', framed(Buffer.alloc(40, 0xff)), grpcCode.internal, /cannot be read/],
    ['an empty key', framed(Buffer.alloc(0)), grpcCode.invalidArgument, /key is not provided/],
  ];
  for (const [title, data, code, text] of cases) {
    const answer = await client.send('KV/Put', data);
    t.equal(answer.code, code, title);
    t.match(answer.text, text, title);
  }
  t.equal((await client.send('KV/Nothing', framed(put))).code, grpcCode.unimplemented);
  t.equal(
    (await client.send('KV/Put', framed(put), { 'content-type': 'text/html' })).code,
    grpcCode.unimplemented,
  );
  t.equal(
    (await client.send('KV/Put', framed(put), { 'grpc-encoding': 'gzip' })).code,
    grpcCode.unimplemented,
  );
  t.equal((await client.send('KV/Put', framed(put), { ':method': 'PUT' })).code, grpcCode.unimplemented);
  for (const stream of ['Watch/Watch', 'Lease/LeaseKeepAlive']) {
    t.equal((await client.send(stream, framed(Buffer.alloc(40, 0xff)))).code, grpcCode.internal, stream);
    t.equal((await client.send(stream, framed(put, 0x7fffffff))).code, grpcCode.invalidArgument, stream);
    t.equal((await client.send(stream, framed(put, put.length + 1))).code, grpcCode.internal, stream);
  }
  t.ok(await works(socket));
});

t.test('what is too large is refused while it arrives', async (t) => {
  const socket = await startServer(t as Test);
  using client = new RawClient(socket);
  const stream = client.open('KV/Put');
  const answer = answerOf(stream);
  let sent = 0;
  const push = (): void => {
    while (!stream.destroyed && !stream.closed && sent < 200) {
      sent += 1;
      if (!stream.write(Buffer.alloc(1_000_000))) return;
    }
  };
  stream.on('drain', push);
  push();
  const { code, text } = await answer;
  t.equal(code, grpcCode.invalidArgument);
  t.equal(text, 'etcdserver: request is too large');
  t.ok(sent < 50, `${sent} of 200 MB were taken before the end`);
  const value = new Uint8Array(1_600_000);
  await t.rejects(
    client.call('KV/Put', 'PutRequest', 'PutResponse', { key: bytes('k'), value }),
    /etcdserver: request is too large/,
  );
  t.ok(await works(socket));
});

t.test('many unfinished requests are held up to a limit, and given back', async (t) => {
  const socket = await startServer(t as Test);
  const refused: number[] = [];
  // Node's client holds little unsent; many of them are needed to fill the server.
  const clients = Array.from({ length: 60 }, () => new RawClient(socket));
  for (const client of clients) {
    const stream = client.open('KV/Put');
    answerOf(stream).then(
      ({ code }) => refused.push(code),
      () => {},
    );
    stream.write(Buffer.alloc(1_500_000));
  }
  await until(() => refused.includes(grpcCode.resourceExhausted), 'a request over the limit is refused');
  for (const client of clients) client[Symbol.dispose]();
  await until(async () => await works(socket).catch(() => false), 'room is given back');
  t.ok(await works(socket));
});

t.test('numbers out of reason', async (t) => {
  const socket = await startServer(t as Test);
  using client = new RawClient(socket);
  const huge = { low: -1, high: 0x7fffffff, unsigned: false };
  const negative = { low: -5, high: -1, unsigned: false };
  const key = bytes('n');
  await client.call('KV/Put', 'PutRequest', 'PutResponse', { key, value: bytes('1') });
  const range = (message: Draft<'RangeRequest'>) =>
    client.call('KV/Range', 'RangeRequest', 'RangeResponse', { key, ...message });
  t.equal((await range({ limit: huge })).kvs.length, 1);
  t.equal((await range({ limit: negative })).kvs.length, 1, 'as etcd: no limit');
  t.equal((await range({ revision: negative })).kvs.length, 1, 'as etcd: the newest');
  await t.rejects(range({ revision: huge }), { message: /future revision/, code: grpcCode.outOfRange });
  const grant = (id: Draft<'LeaseGrantRequest'>['id'], ttl: Draft<'LeaseGrantRequest'>['ttl']) =>
    client.call('Lease/LeaseGrant', 'LeaseGrantRequest', 'LeaseGrantResponse', { id, ttl });
  await t.rejects(grant(huge, 60), { message: /between 1 and/, code: grpcCode.invalidArgument });
  await t.rejects(grant(negative, 60), { code: grpcCode.invalidArgument });
  await t.rejects(grant(0, huge), { message: 'etcdserver: too large lease TTL', code: grpcCode.outOfRange });
  const leased = { key, value: key, lease: huge };
  await t.rejects(client.call('KV/Put', 'PutRequest', 'PutResponse', leased), { code: grpcCode.notFound });
  const compact = (revision: Draft<'CompactionRequest'>['revision']) =>
    client.call('KV/Compact', 'CompactionRequest', 'HeaderResponse', { revision });
  await t.rejects(compact(negative), { message: /has been compacted/, code: grpcCode.outOfRange });
  await t.rejects(compact(huge), { message: /future revision/, code: grpcCode.outOfRange });
  const wrong = { compare: [{ key, target: 99, version: 1 }] };
  await t.rejects(client.call('KV/Txn', 'TxnRequest', 'TxnResponse', wrong), {
    code: grpcCode.invalidArgument,
  });
  const empty = { success: [{}] };
  await t.rejects(client.call('KV/Txn', 'TxnRequest', 'TxnResponse', empty), {
    code: grpcCode.invalidArgument,
  });
  t.ok(await works(socket));
});

t.test('a watcher that does not read costs a bounded amount, and others see everything', async (t) => {
  const socket = await startServer(t as Test);
  using slowClient = new RawClient(socket);
  using client = new RawClient(socket);
  const slow = slowClient.talk('Watch/Watch', 'WatchRequest', 'WatchResponse');
  slow.say({ createRequest: { key: bytes('big') } });
  await until(() => slow.received.length === 1, 'the watch is made');
  slow.stream.pause();
  const quick = client.talk('Watch/Watch', 'WatchRequest', 'WatchResponse');
  quick.say({ createRequest: { key: bytes('big') } });
  const before = process.memoryUsage().rss;
  const value = new Uint8Array(1_000_000);
  for (let index = 0; index < 60; index += 1) {
    await client.call('KV/Put', 'PutRequest', 'PutResponse', { key: bytes('big'), value });
  }
  const events = (talk: typeof quick): number =>
    talk.received.reduce((sum, item) => sum + item.events.length, 0);
  await until(() => events(quick) === 60, 'the quick one sees all');
  const grown = (process.memoryUsage().rss - before) / 1e6;
  t.ok(events(slow) < 60, `the slow one got ${events(slow)} of 60`);
  t.comment(`memory grew by ${grown.toFixed(0)} MB, both ends and the store together`);
  slow.stream.resume();
  await until(() => events(slow) === 60, 'the slow one sees all when it reads again', 20_000);
});
