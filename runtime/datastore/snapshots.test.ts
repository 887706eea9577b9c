import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t, { type Test } from 'tap';
import type { Configuration, Entry, LogIndex, Term } from '../raft/types.ts';
import { type MadeSnapshot, SnapshotReceiver, shipSnapshot } from './snapshots.ts';
import { beginReplacingState, finishReplacingState, type StoragePaths, storagePaths } from './state-files.ts';
import { encodeCommand } from './state-machine/commands.ts';
import { openStateMachine } from './state-machine/state-machine.ts';
import { digestFile } from './storage-thread.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const configuration: Configuration = { voters: [], outgoing: [], learners: [] };

/** A state with one key, large enough for several chunks, closed: a snapshot is such a file. */
async function makeSnapshot(t: Test): Promise<MadeSnapshot> {
  const file = path.join(t.testdir({ sender: {}, receiver: {} }), 'sender', 'outgoing.db');
  const machine = openStateMachine(file);
  const put = { operation: 'put' as const, key: bytes('k'), value: new Uint8Array(700_000).fill(7) };
  const data = encodeCommand({ kind: 'transaction', id: 'a', compare: [], success: [put], failure: [] });
  const entry: Entry = { index: 9 as LogIndex, term: 3 as Term, kind: 'command', data };
  machine.apply([entry], () => configuration);
  machine.close();
  const digest = await digestFile(file);
  const { size } = await import('node:fs').then((fs) => fs.statSync(file));
  const meta = { index: 9 as LogIndex, term: 3 as Term, configuration };
  return { file, meta, facts: { index: 9, term: 3, configuration: '', sizeBytes: size, digest } };
}

function receiverPaths(made: MadeSnapshot): StoragePaths {
  const paths = storagePaths(path.join(path.dirname(made.file), '../receiver'));
  mkdirSync(paths.snapshots, { recursive: true });
  return paths;
}

/** Answers requests as the receiving node does; `change` may spoil them on their way. */
function deliverTo(receiver: SnapshotReceiver, change: (params: Record<string, unknown>) => void = () => {}) {
  return async (method: string, params: Record<string, unknown>): Promise<unknown> => {
    change(params);
    if (method === 'snapshot.begin') return receiver.begin(params);
    if (method === 'snapshot.chunk') return receiver.chunk(params);
    return receiver.finish(params);
  };
}

t.test('shipSnapshot delivers a state that the receiver can put in place of its own, once', async (t) => {
  const made = await makeSnapshot(t);
  const paths = receiverPaths(made);
  const receiver = new SnapshotReceiver(paths);
  await shipSnapshot(made, deliverTo(receiver));
  t.equal(receiver.take(8 as LogIndex), false, 'another index than the one that was sent');
  t.equal(receiver.take(9 as LogIndex), true);
  t.equal(receiver.take(9 as LogIndex), false);
  openStateMachine(paths.state).close();
  beginReplacingState(paths);
  finishReplacingState(paths);
  const machine = openStateMachine(paths.state);
  t.teardown(() => machine.close());
  t.equal(machine.applied().index, 9);
  t.equal(machine.view.get(bytes('k'))?.value.length, 700_000);
});

t.test('SnapshotReceiver refuses bytes that changed on their way, a gap, and a false index', async (t) => {
  const made = await makeSnapshot(t);
  const receiver = new SnapshotReceiver(receiverPaths(made));
  const flip = (params: Record<string, unknown>): void => {
    if (params.data instanceof Uint8Array && params.offset === 0) params.data[5000]! ^= 1;
  };
  await t.rejects(shipSnapshot(made, deliverTo(receiver, flip)), /damaged on its way/);
  const skip = (params: Record<string, unknown>): void => {
    if (typeof params.offset === 'number' && params.offset > 0) params.offset += 1;
  };
  await t.rejects(shipSnapshot(made, deliverTo(receiver, skip)), /does not follow/);
  const lie = { ...made, meta: { ...made.meta, index: 10 as LogIndex } };
  await t.rejects(shipSnapshot(lie, deliverTo(receiver)), /not the one it is said to be/);
  t.equal(receiver.take(9 as LogIndex), false);
  t.throws(() => receiver.begin({ digest: 'x', sizeBytes: -1 }));
});

t.test('finishReplacingState completes a replacement that a power cut interrupted', async (t) => {
  const made = await makeSnapshot(t);
  const paths = receiverPaths(made);
  const receiver = new SnapshotReceiver(paths);
  await shipSnapshot(made, deliverTo(receiver));
  const old = openStateMachine(paths.state);
  old.close();
  writeFileSync(`${paths.state}-wal`, 'left over from the old state');
  beginReplacingState(paths);
  // The power is cut here; the next start begins with this:
  finishReplacingState(paths);
  const machine = openStateMachine(paths.state);
  t.teardown(() => machine.close());
  t.equal(machine.applied().index, 9);
});
