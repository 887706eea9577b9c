import { mkdirSync, writeFileSync } from 'node:fs';
import { MessageChannel, type Worker } from 'node:worker_threads';
import { crc32 } from 'node:zlib';
import t, { type Test } from 'tap';
import type { Configuration, LogIndex, Term } from '../raft/types.ts';
import { realClock } from './clock.ts';
import { type MadeSnapshot, OutgoingSnapshots, SnapshotReceiver, shipSnapshot } from './snapshots.ts';
import { StateFiles, storagePaths } from './state-files.ts';
import { encodeCommand } from './state-machine/command-codec.ts';
import { openStateMachine } from './state-machine/state-machine.ts';
import type { StateStorage } from './state-storage.ts';
import { runStorageThread, StorageThread } from './storage-thread.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const configuration: Configuration = { voters: [], outgoing: [], learners: [] };

/** A node's storage in a directory of its own; the storage thread's work is done on this one. */
function openStorage(t: Test): StateStorage {
  const paths = storagePaths(t.testdir());
  mkdirSync(paths.snapshots, { recursive: true });
  const { port1, port2 } = new MessageChannel();
  runStorageThread(port2);
  t.teardown(() => port1.close());
  const worker = Object.assign(port1, { terminate: async () => 0 }) as unknown as Worker;
  return new StateFiles(paths, new StorageThread(() => worker));
}

/** Applies a put of one key, large enough for several chunks of a snapshot. */
function fill(storage: StateStorage, index: number): void {
  const machine = storage.open();
  const put = { operation: 'put' as const, key: bytes('k'), value: new Uint8Array(700_000).fill(index) };
  const data = encodeCommand({
    ...{ session: 1, sequence: index, acknowledged: 1 },
    body: { kind: 'transaction', compare: [], success: [put], failure: [] },
  });
  machine.apply([{ index: index as LogIndex, term: 3 as Term, kind: 'command', data }], () => configuration);
  machine.setInitialConfiguration(configuration);
  machine.close();
}

async function makeSnapshot(t: Test): Promise<MadeSnapshot> {
  const storage = openStorage(t);
  fill(storage, 9);
  const copy = await storage.copy();
  t.teardown(() => copy.close());
  return { copy, meta: { index: 9 as LogIndex, term: 3 as Term, configuration } };
}

type Params = Record<string, unknown>;

/** Answers requests as the receiving node does; `change` may spoil them on their way. */
function deliverTo(
  receiver: SnapshotReceiver,
  change: (method: string, params: Params) => void = () => {},
): (method: string, params: Params) => Promise<unknown> {
  return async (method, params) => {
    change(method, params);
    return receiver.serve(method, params);
  };
}

t.test('shipSnapshot delivers a state that the receiver can put in place of its own, once', async (t) => {
  const made = await makeSnapshot(t);
  const storage = openStorage(t);
  const receiver = new SnapshotReceiver(storage);
  await shipSnapshot(made, deliverTo(receiver));
  t.equal(receiver.take(8 as LogIndex), false, 'another index than the one that was sent');
  t.equal(receiver.take(9 as LogIndex), true);
  t.equal(receiver.take(9 as LogIndex), false);
  storage.open().close();
  storage.beginReplacing();
  storage.finishReplacing();
  const machine = storage.open();
  t.teardown(() => machine.close());
  t.equal(machine.applied().index, 9);
  t.equal(machine.view.get(bytes('k'))?.value.length, 700_000);
});

t.test('shipSnapshot goes on where a transfer broke off, also after a restart of the receiver', async (t) => {
  const made = await makeSnapshot(t);
  const paths = storagePaths(t.testdir());
  mkdirSync(paths.snapshots, { recursive: true });
  const none = new StorageThread(() => {
    throw new Error('not needed here');
  });
  const breakOff = (method: string, params: Params): void => {
    if (method === 'snapshot.chunk' && Number(params.offset) >= 2 * 256 * 1024) throw new Error('cut');
  };
  const first = new SnapshotReceiver(new StateFiles(paths, none));
  await t.rejects(shipSnapshot(made, deliverTo(first, breakOff)), /cut/);
  const offsets: number[] = [];
  const second = new SnapshotReceiver(new StateFiles(paths, none));
  await shipSnapshot(
    made,
    deliverTo(second, (method, params) => {
      if (method === 'snapshot.chunk') offsets.push(Number(params.offset));
    }),
  );
  t.same(offsets, [2 * 256 * 1024]);
  t.equal(second.take(9 as LogIndex), true);
});

t.test('SnapshotReceiver refuses bytes that changed on their way, a gap, and a false index', async (t) => {
  const made = await makeSnapshot(t);
  const receiver = new SnapshotReceiver(openStorage(t));
  const flip = (_: string, params: Params): void => {
    if (params.data instanceof Uint8Array && params.offset === 0) params.data[5000]! ^= 1;
  };
  await t.rejects(shipSnapshot(made, deliverTo(receiver, flip)), /damaged on its way/);
  const skip = (_: string, params: Params): void => {
    if (typeof params.offset === 'number' && params.offset > 0) params.offset += 1;
  };
  await t.rejects(shipSnapshot(made, deliverTo(receiver, skip)), /does not follow/);
  const lie = { ...made, meta: { ...made.meta, index: 10 as LogIndex } };
  await t.rejects(shipSnapshot(lie, deliverTo(receiver)), /not the one it is said to be/);
  t.equal(receiver.take(9 as LogIndex), false);
  await t.rejects(receiver.begin({ digest: 'x', sizeBytes: -1 }));
});

t.test('SnapshotReceiver begins anew when the bytes it kept turn out damaged', async (t) => {
  const made = await makeSnapshot(t);
  const receiver = new SnapshotReceiver(openStorage(t));
  const damage = (method: string, params: Params): void => {
    if (method !== 'snapshot.chunk' || params.offset !== 0) return;
    const data = Uint8Array.from(params.data as Uint8Array);
    data[5000]! ^= 1;
    Object.assign(params, { data, checksum: crc32(data) });
  };
  await t.rejects(shipSnapshot(made, deliverTo(receiver, damage)), /damaged after it arrived/);
  await shipSnapshot(made, deliverTo(receiver));
  t.equal(receiver.take(9 as LogIndex), true);
});

t.test('finishReplacing completes a replacement that a power cut interrupted', async (t) => {
  const made = await makeSnapshot(t);
  const paths = storagePaths(t.testdir());
  mkdirSync(paths.snapshots, { recursive: true });
  const none = new StorageThread(() => {
    throw new Error('not needed here');
  });
  const storage = new StateFiles(paths, none);
  await shipSnapshot(made, deliverTo(new SnapshotReceiver(storage)));
  storage.open().close();
  writeFileSync(`${paths.state}-wal`, 'left over from the old state');
  storage.beginReplacing();
  // The power is cut here; the next start begins with this:
  const restarted = new StateFiles(paths, none);
  restarted.finishReplacing();
  const machine = restarted.open();
  t.teardown(() => machine.close());
  t.equal(machine.applied().index, 9);
});

t.test('copy takes a consistent state while it is written to', async (t) => {
  const storage = openStorage(t);
  fill(storage, 1);
  const machine = storage.open();
  t.teardown(() => machine.close());
  const put = (index: number): void => {
    const value = new Uint8Array(50_000).fill(index);
    const success = [{ operation: 'put' as const, key: bytes('k'), value }];
    const body = { kind: 'transaction' as const, compare: [], success, failure: [] };
    const data = encodeCommand({ session: index, sequence: 1, acknowledged: 1, body });
    machine.apply(
      [{ index: index as LogIndex, term: 3 as Term, kind: 'command', data }],
      () => configuration,
    );
    machine.commit();
  };
  for (let index = 2; index <= 20; index++) put(index);
  const copying = storage.copy();
  for (let index = 21; index <= 40; index++) put(index);
  const copy = await copying;
  const { facts } = copy;
  const whole = Buffer.from(await copy.read(0, facts.sizeBytes));
  await copy.close();
  t.ok(facts.index >= 20, 'it holds what was committed before');
  const copied = openStateMachine(whole);
  t.teardown(() => copied.close());
  t.equal(copied.applied().index, facts.index);
  t.equal(copied.view.get(bytes('k'))?.value[0], facts.index, 'the value of that moment');
});

t.test('OutgoingSnapshots shares a snapshot while it is of use, and makes another one then', async (t) => {
  const storage = openStorage(t);
  fill(storage, 9);
  const outgoing = new OutgoingSnapshots(() => storage.copy(), realClock);
  t.teardown(() => outgoing.close());
  const shipped: string[] = [];
  const ship = async (made: MadeSnapshot): Promise<void> => void shipped.push(made.copy.facts.digest);
  const at = (index: number) => () => index as LogIndex;
  t.same(await Promise.all([outgoing.send(at(0), ship), outgoing.send(at(9), ship)]), [9, 9]);
  fill(storage, 12);
  t.equal(await outgoing.send(at(9), ship), 9, 'the log still goes on from there');
  t.equal(await outgoing.send(at(10), ship), 12);
  t.equal(new Set(shipped.slice(0, 3)).size, 1);
  t.not(shipped[3], shipped[0]);
});
