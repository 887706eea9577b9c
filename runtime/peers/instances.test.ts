import t from 'tap';
import type { NodeId } from '../raft/types.ts';
import { createInstance, InstanceGuard, instanceOf, serverNameOf } from './instances.ts';

const id = '00112233aabbccdd' as NodeId;

t.test('a run is told by the name it gives in the handshake', async (t) => {
  const instance = createInstance();
  t.equal(instanceOf(serverNameOf(instance)), instance);
  for (const other of [null, false, undefined, '', 'example.net', 'run-xyz.trivet'] as const)
    t.equal(instanceOf(other), '');
});

t.test('InstanceGuard refuses a second run while the first is heard, and names both', async (t) => {
  let now = 0;
  const guard = new InstanceGuard(() => now);
  t.ok(guard.admit(id, 'a', '192.0.2.1'));
  t.ok(guard.admit(id, 'a', '192.0.2.1'), 'another connection of the same run');
  now = 2_900;
  t.notOk(guard.admit(id, 'b', '192.0.2.2'));
  t.match(guard.copies(), [{ id, address: '192.0.2.2', original: '192.0.2.1' }]);
  t.ok(guard.isCopy(id, 'b'));
  t.notOk(guard.isCopy(id, 'a'));
  guard.heard(id, 'a');
  guard.heard(id, 'b');
  now = 5_800;
  t.notOk(guard.admit(id, 'b', '192.0.2.2'), 'the copy keeps nobody alive');
  now = 6_000;
  t.ok(guard.admit(id, 'b', '192.0.2.2'), 'the first has been silent for too long');
  now = 70_000;
  t.same(guard.copies(), [], 'forgotten in time');
});

t.test('InstanceGuard lets a node come back at once whose connections have ended', async (t) => {
  const guard = new InstanceGuard(() => 0);
  guard.admit(id, 'a', '192.0.2.1');
  guard.admit(id, 'a', '192.0.2.1');
  guard.closed(id, 'a');
  t.notOk(guard.admit(id, 'b', '192.0.2.1'));
  guard.closed(id, 'a');
  t.ok(guard.admit(id, 'b', '192.0.2.1'));
  guard.closed(id, 'a');
  t.notOk(guard.admit(id, 'c', '192.0.2.1'), 'what an earlier run closes late ends no later one');
});
