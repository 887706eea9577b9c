/** What a client sees of etcd's Watch service beyond what the store suite sees: ids, filters, fragments, progress. */
import path from 'node:path';
import t, { type Test } from 'tap';
import { shortDirectory } from '../testing/etcd-face.ts';
import { RawClient, type Talk } from '../testing/raw-client.ts';
import { openSoloStore } from '../testing/solo-store.ts';
import { until } from '../testing/suite/subject.ts';
import type { Draft, Message } from './messages.ts';
import { toNumber } from './numbers.ts';
import { startEtcdServer } from './server.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

interface Watching {
  readonly talk: Talk<'WatchRequest', 'WatchResponse'>;
  put(key: string, value?: Uint8Array): Promise<number>;
  create(request: Draft<'WatchCreateRequest'>): Promise<Message<'WatchResponse'>>;
  /** The messages for one watch, without the one that made it. */
  of(id: number): Message<'WatchResponse'>[];
  readonly client: RawClient;
  readonly store: Awaited<ReturnType<typeof openSoloStore>>['store'];
}

async function begin(t: Test): Promise<Watching> {
  const directory = shortDirectory(t);
  const { store } = await openSoloStore(t, path.join(directory, 'data'));
  const socket = path.join(directory, 'etcd.sock');
  const server = await startEtcdServer({ store, socket });
  t.teardown(() => server.close());
  const client = new RawClient(socket);
  t.teardown(() => client[Symbol.dispose]());
  const talk = client.talk('Watch/Watch', 'WatchRequest', 'WatchResponse');
  return {
    talk,
    client,
    store,
    async put(key, value = bytes('v')) {
      const answer = await client.call('KV/Put', 'PutRequest', 'PutResponse', { key: bytes(key), value });
      return toNumber(answer.header!.revision);
    },
    async create(request) {
      const count = talk.received.length;
      talk.say({ createRequest: request });
      await until(() => talk.received.length > count, 'the watch is made');
      return talk.received[count]!;
    },
    of: (id) => talk.received.filter((item) => toNumber(item.watchId) === id && !item.created),
  };
}

t.test('ids are given or chosen, and never twice on a stream', async (t) => {
  const { create, put, of, talk } = await begin(t as Test);
  t.equal(toNumber((await create({ key: bytes('a') })).watchId), 0);
  t.equal(toNumber((await create({ key: bytes('a'), watchId: 1 })).watchId), 1);
  t.equal(toNumber((await create({ key: bytes('a') })).watchId), 2, 'the next that is free');
  const twice = await create({ key: bytes('a'), watchId: 1 });
  t.same([toNumber(twice.watchId), twice.created, twice.canceled], [-1, true, true]);
  t.match(twice.cancelReason, /duplicate watch ID/);
  await put('a');
  await until(() => [0, 1, 2].every((id) => of(id).length === 1), 'each sees the change');
  talk.say({ cancelRequest: { watchId: 1 } });
  await until(() => of(1).some((item) => item.canceled), 'the watch is cancelled');
  await put('a');
  await until(() => of(2).length === 2, 'the others go on');
  t.equal(of(1).flatMap((item) => item.events).length, 1, 'a cancelled one is silent');
  talk.say({ cancelRequest: { watchId: 77 } });
  t.equal(toNumber((await create({ key: bytes('a'), watchId: 1 })).watchId), 1, 'its id is free again');
});

t.test('filters, previous versions and headers', async (t) => {
  const { create, put, of, client } = await begin(t as Test);
  await create({ key: bytes('f'), filters: [0], watchId: 11 });
  await create({ key: bytes('f'), filters: [1], watchId: 12, prevKv: true });
  await put('f', bytes('1'));
  const revision = await put('f', bytes('2'));
  await client.call('KV/DeleteRange', 'DeleteRangeRequest', 'DeleteRangeResponse', { key: bytes('f') });
  await until(() => of(11).length === 1, 'the deletion');
  t.same(
    of(11).flatMap((item) => item.events.map((event) => event.type)),
    [1],
  );
  const puts = of(12).flatMap((item) => item.events);
  t.same(
    puts.map((event) => Buffer.from(event.prevKv?.value ?? []).toString()),
    ['', '1'],
  );
  const header = of(12).at(-1)!.header!;
  t.ok(toNumber(header.revision) >= revision);
  t.not(toNumber(header.raftTerm), 0);
});

t.test('a large revision comes in fragments where asked for', async (t) => {
  const { create, of, client } = await begin(t as Test);
  await create({ key: bytes('large/'), rangeEnd: bytes('large0'), fragment: true, prevKv: true, watchId: 5 });
  const value = new Uint8Array(30_000);
  const success = Array.from({ length: 40 }, (_, at) => ({
    requestPut: { key: bytes(`large/${at}`), value },
  }));
  for (let round = 0; round < 2; round += 1)
    await client.call('KV/Txn', 'TxnRequest', 'TxnResponse', { success });
  const events = (): number => of(5).reduce((sum, item) => sum + item.events.length, 0);
  await until(() => events() === 80, 'all events');
  t.ok(
    of(5).some((item) => item.fragment),
    'with previous values it is more than a message holds',
  );
  t.equal(of(5).at(-1)!.fragment, false, 'the last fragment says so');
});

t.test('progress says what lies behind every watch of the stream', async (t) => {
  const { create, put, of, talk } = await begin(t as Test);
  await create({ key: bytes('p'), watchId: 3 });
  await put('p');
  const revision = await put('another');
  const progress = (): number => Math.max(0, ...of(-1).map((item) => toNumber(item.header!.revision)));
  // Also for a watch in whose range nothing happens: that is how a client's cache learns that it is up to date.
  await until(async () => {
    talk.say({ progressRequest: {} });
    await new Promise((resolve) => setTimeout(resolve, 20));
    return progress() >= revision;
  }, 'the progress reaches the newest revision');
  t.equal(progress(), revision);
  t.equal(of(3).length, 1);
});

t.test('a compacted revision ends the watch and names what is left', async (t) => {
  const { create, put, of, client } = await begin(t as Test);
  await put('c');
  const revision = await put('c');
  await client.call('KV/Compact', 'CompactionRequest', 'HeaderResponse', { revision });
  const created = await create({ key: bytes('c'), startRevision: 1, watchId: 4 });
  t.equal(created.created, true);
  await until(() => of(4).length === 1, 'the end');
  t.same([of(4)[0]!.canceled, toNumber(of(4)[0]!.compactRevision)], [true, revision]);
  const negative = await create({ key: bytes('c'), startRevision: -5 });
  t.equal(negative.cancelReason, 'etcdserver: mvcc: required revision has been compacted');
});

t.test("the cluster's own keys cannot be seen or touched", async (t) => {
  const { create, put, of, client, store } = await begin(t as Test);
  const own = Uint8Array.of(0, 0x61);
  const change = () => store.transact({ success: [{ operation: 'put', key: own, value: bytes('secret') }] });
  await change();
  await create({ key: Uint8Array.of(0), rangeEnd: Uint8Array.of(0), watchId: 6 });
  await create({ key: bytes(''), rangeEnd: Uint8Array.of(0), startRevision: 1, watchId: 7 });
  const one = await create({ key: own, watchId: 8 });
  t.same([one.canceled, one.cancelReason], [true, 'mvcc: watcher range is empty']);
  await change();
  await put('foreign');
  await until(() => of(6).length > 0 && of(7).length > 0, 'the foreign change');
  for (const id of [6, 7]) {
    const keys = of(id).flatMap((item) => item.events.map((event) => Buffer.from(event.kv!.key).toString()));
    t.same(keys, ['foreign']);
  }
  const all = { key: Uint8Array.of(0), rangeEnd: Uint8Array.of(0) };
  const range = await client.call('KV/Range', 'RangeRequest', 'RangeResponse', all);
  t.same([range.kvs.length, toNumber(range.count)], [1, 1]);
  t.equal((await client.call('KV/Range', 'RangeRequest', 'RangeResponse', { key: own })).kvs.length, 0);
  const compare = [{ key: own, target: 0, version: 0 }];
  const inside = {
    compare,
    success: [{ requestDeleteRange: { ...all, prevKv: true } }, { requestRange: { key: own } }],
  };
  const txn = await client.call('KV/Txn', 'TxnRequest', 'TxnResponse', { success: [{ requestTxn: inside }] });
  const nested = txn.responses[0]!.responseTxn!;
  t.equal(nested.succeeded, true, 'to a comparison it does not exist');
  t.equal(toNumber(nested.responses[0]!.responseDeleteRange!.deleted), 1);
  t.equal(nested.responses[1]!.responseRange!.kvs.length, 0);
  await t.rejects(
    client.call('KV/Put', 'PutRequest', 'PutResponse', { key: own, value: own }),
    /keys that begin with a zero byte belong to the cluster itself/,
  );
  const { id } = await store.grantLease(4711, 600);
  await store.transact({ success: [{ operation: 'put', key: own, value: bytes('kept'), lease: id }] });
  await t.rejects(
    client.call('Lease/LeaseRevoke', 'LeaseIdRequest', 'HeaderResponse', { id }),
    /lease not found/,
  );
  const lease = { id, keys: true };
  const info = await client.call(
    'Lease/LeaseTimeToLive',
    'LeaseTimeToLiveRequest',
    'LeaseTimeToLiveResponse',
    lease,
  );
  t.equal(info.keys.length, 0);
  t.equal((await store.range({ key: own })).count, 1, 'it is still there');
});
