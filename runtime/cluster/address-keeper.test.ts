import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t, { type Test } from 'tap';
import type { NodeId } from '../raft/types.ts';
import { openAddressKeeper } from './address-keeper.ts';

const id = 'aaaaaaaaaaaaaaaa' as NodeId;

function directory(t: Test): string {
  const made = mkdtempSync(path.join(tmpdir(), 'trivet-keeper-'));
  t.teardown(() => rmSync(made, { recursive: true }));
  return made;
}

t.test(
  'openAddressKeeper finds after a restart what was saved, zones of link-local addresses too',
  async (t) => {
    const at = directory(t);
    const keeper = openAddressKeeper(at);
    keeper.learn(id, '192.0.2.1:7443');
    keeper.book.confirm(id, { host: 'fe80::1%eth0', port: 7443 });
    keeper.save();
    const again = openAddressKeeper(at);
    t.same(again.book.entries(), keeper.book.entries());
    t.equal(again.book.entries().length, 2);
  },
);

t.test('learn does not undo what was proved since with what is no news', async (t) => {
  const { book, learn } = openAddressKeeper(directory(t));
  learn(id, '192.0.2.1:7443', 'roster');
  learn(id, '192.0.2.2:7443', 'leader');
  book.confirm(id, { host: '192.0.2.9', port: 7443 });
  for (let round = 0; round < 3; round += 1) {
    learn(id, '192.0.2.1:7443', 'roster');
    learn(id, '192.0.2.2:7443', 'leader');
    t.equal(book.first(id)?.host, '192.0.2.9');
  }
  learn(id, '192.0.2.3:7443', 'leader');
  t.equal(book.first(id)?.host, '192.0.2.3', 'the leader has seen it there');
});

t.test('a damaged file costs the hints, nothing else', async (t) => {
  const at = directory(t);
  writeFileSync(path.join(at, 'peers.json'), '[{"id": "../..", "address": 7}]');
  const keeper = openAddressKeeper(at);
  t.same(keeper.book.entries(), []);
  keeper.learn(id, 'nonsense:99999999');
  keeper.learn(id, '192.0.2.1:7443');
  keeper.save();
  t.match(readFileSync(path.join(at, 'peers.json'), 'utf8'), /192\.0\.2\.1:7443/);
});
