/** Compaction, status, checksums, copies. */
import type { Test } from 'tap';
import { bytes, codeOf, errorOf, type Subject, text } from './subject.ts';

export function testUpkeep(t: Test, { store, key, all, put, remove, get }: Subject): void {
  t.test('compaction forgets what is older, and nothing else', async (t) => {
    const first = await put('c', '1');
    const second = await put('c', '2');
    const third = await put('c', '3');
    await put('other', 'x');
    const compacted = await store.compact(second);
    t.ok(compacted.revision > third);
    const error = await errorOf(store.range({ ...all, revision: first }));
    t.equal(error?.code, 'compacted');
    t.equal(error?.revision, second, 'the error names the oldest revision kept');
    t.equal(text((await get('c', second))!.value), '2');
    t.equal(text((await get('c'))!.value), '3');
    t.equal(await codeOf(store.compact(second)), 'compacted', 'once is enough');
    t.equal(await codeOf(store.compact(first)), 'compacted');
    const { revision } = await store.range(all);
    t.equal(await codeOf(store.compact(revision + 1)), 'future');
    t.equal(await codeOf(store.compact(revision)), 'no error');
    t.equal(text((await get('c'))!.value), '3', 'the newest is always there');
    t.equal((await store.range(all)).revision, revision, 'compaction is no revision');
  });

  t.test('compaction at a deletion leaves nothing of the key', async (t) => {
    await put('dead', '1');
    const revision = await remove('dead');
    await store.compact(revision);
    t.equal(await get('dead'), undefined);
    await put('dead', 'again');
    t.equal((await get('dead'))!.version, 1);
  });

  t.test('status tells who and how much', async (t) => {
    const revision = await put('s', '1');
    const status = await store.status();
    t.match(status.clusterId, /^[0-9a-f]{16}$/);
    t.match(status.memberId, /^[0-9a-f]{16}$/);
    t.ok(status.members.some((member) => member.id === status.memberId));
    t.ok(status.members.some((member) => member.id === status.leader));
    t.ok(status.revision >= revision);
    t.ok(status.raftTerm > 0 && status.raftIndex > 0);
    t.ok(status.appliedIndex <= status.raftIndex);
    t.ok(status.sizeBytes > 0 && status.sizeInUseBytes > 0 && status.sizeInUseBytes <= status.sizeBytes);
    t.same(status.alarms, []);
    await store.disarm('noSpace');
    await store.defragment();
    t.ok(await get('s'), 'defragmenting loses nothing');
  });

  t.test('hash follows the content', async (t) => {
    const revision = await put('h', '1');
    const first = await store.hash(0);
    t.equal(first.revision, revision);
    t.equal((await store.hash(revision)).hash, first.hash);
    await put('h', '2');
    t.not((await store.hash(0)).hash, first.hash);
    t.equal((await store.hash(revision)).hash, first.hash, 'of a past revision it stays');
    t.equal(await codeOf(store.hash(revision + 100)), 'future');
    await store.compact(revision + 1);
    t.equal(await codeOf(store.hash(revision)), 'compacted');
    t.equal((await store.hash(0)).compactedRevision, revision + 1);
  });

  t.test('snapshot gives the whole store in pieces', async (t) => {
    const marker = `marker-${Math.random().toString(36).slice(2)}`;
    await store.transact({ success: [{ operation: 'put', key: key('snap'), value: bytes(marker) }] });
    const pieces: Uint8Array[] = [];
    let remaining = Number.POSITIVE_INFINITY;
    await store.snapshot(async (piece, left) => {
      t.ok(left <= remaining, 'what is left becomes less');
      remaining = left;
      pieces.push(piece);
    });
    t.equal(remaining, 0);
    const whole = Buffer.concat(pieces);
    t.ok(whole.includes(marker), 'it holds what was written last');
  });

  t.test('snapshot ends with the error of the one who takes it', async (t) => {
    const refusal = new Error('my disk is full');
    await t.rejects(
      store.snapshot(() => Promise.reject(refusal)),
      refusal,
    );
  });
}
