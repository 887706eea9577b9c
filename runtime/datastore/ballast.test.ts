import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t, { type Test } from 'tap';
import { dropBallast, takeBallast } from './ballast.ts';
import { openSoloStore } from './testing/solo-store.ts';

t.test('ballast is taken once, and dropped once', async (t) => {
  const directory = t.testdir();
  t.equal(dropBallast(directory), false);
  takeBallast(directory);
  takeBallast(directory);
  t.equal(statSync(path.join(directory, 'ballast')).size, 1024 * 1024);
  t.equal(dropBallast(directory), true);
  t.equal(dropBallast(directory), false);
});

/** A small file system of its own; null where this process may not mount one. */
function mountSmall(): string | null {
  const directory = mkdtempSync(path.join(tmpdir(), 'trivet-full-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', directory]);
  if (status === 0) return directory;
  rmdirSync(directory);
  return null;
}

t.test('a node starts on a full disk, and reads', async (t) => {
  // Not below tap's own directory, which is emptied while the file system is still mounted.
  const directory = mountSmall();
  if (directory === null) return void t.pass('not run: no file system can be mounted here');
  t.teardown(() => {
    execFileSync('umount', ['-l', directory]);
    rmdirSync(directory);
  });
  const data = path.join(directory, 'data');
  const first = await openSoloStore(t as Test, data);
  const key = Buffer.from('k');
  await first.store.transact({ success: [{ operation: 'put', key, value: Buffer.from('v') }] });
  await first.close();
  fill(path.join(directory, 'rest'));
  t.ok(existsSync(path.join(data, 'snapshots/ballast')));
  const { store } = await openSoloStore(t as Test, data, { again: true });
  t.equal((await store.range({ key })).items.length, 1);
  await t.rejects(store.transact({ success: [{ operation: 'put', key, value: Buffer.from('w') }] }), {
    code: 'unavailable',
    message: /disk is full/,
  });
});

function fill(file: string): void {
  const piece = new Uint8Array(4096);
  try {
    for (;;) writeFileSync(file, piece, { flag: 'a' });
  } catch {
    // Full to the last page.
  }
}
