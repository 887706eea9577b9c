import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import t, { type Test } from 'tap';
import { enrolmentKeyFile } from '../config/member-file.ts';
import type { StateView } from '../datastore/state-machine/reading.ts';
import type { Store } from '../datastore/store.ts';
import { createLog } from '../logging/log.ts';
import { deriveSecretKeys, type SecretKeys } from '../peers/secret.ts';
import { EnrolmentKeeper, loadEnrolmentKey } from './enrolment-key.ts';

const configured = deriveSecretKeys('edge', '0123456789abcdef');
const other = deriveSecretKeys('edge', 'fedcba9876543210');

/** A datastore for one key, and the members that share it. */
function makeCluster(t: Test) {
  const stored: { value: Uint8Array; modifyRevision: number }[] = [];
  const view = { get: () => stored.at(-1) ?? null } as unknown as StateView;
  const transact = async ({ success }: { success: readonly { value: Uint8Array }[] }) =>
    stored.push({ value: success[0]!.value, modifyRevision: stored.length + 1 });
  const sealingKey = randomBytes(32);
  const root = t.testdir();
  const window = { isOpen: true };
  const member = (has: { configured?: SecretKeys; votes: boolean }, machine = 'first') => {
    const dataDirectory = path.join(root, machine);
    mkdirSync(dataDirectory, { recursive: true });
    const seen = { kept: 0 };
    const keeper = new EnrolmentKeeper({
      ...{ dataDirectory, clusterName: 'edge', configured: has.configured ?? null },
      ...{ view: () => view, store: { transact } as unknown as Store, log: createLog(() => {}) },
      ...{ sealing: { key: has.votes ? sealingKey : null }, isOpen: () => window.isOpen },
      onKept: () => {
        seen.kept += 1;
      },
    });
    return { keeper, seen, dataDirectory };
  };
  return { stored, window, member };
}

const isThat = (keys: SecretKeys | null | undefined, wanted: SecretKeys): boolean =>
  keys?.identity === wanted.identity && keys.preSharedKey.equals(wanted.preSharedKey);

t.test('EnrolmentKeeper stores the key sealed, once, and voters without the secret open it', async (t) => {
  const { stored, member } = makeCluster(t);
  const leader = member({ configured, votes: true });
  t.same(leader.keeper.answer(), { enrolmentKey: null, enrolmentOpen: true });
  await leader.keeper.store();
  await leader.keeper.store();
  t.equal(stored.length, 1);
  t.ok(leader.seen.kept > 0);
  const hex = configured.preSharedKey.toString('hex');
  t.notOk(Buffer.from(stored[0]!.value).includes(hex));
  t.equal(leader.keeper.answer().enrolmentKey, hex);
  const voter = member({ votes: true }, 'voter');
  t.ok(isThat(voter.keeper.keys, configured));
  t.equal(voter.keeper.keys, voter.keeper.keys, 'the same object, for connections that are kept by it');
  const next = member({ configured: other, votes: true }, 'next');
  await next.keeper.store();
  t.equal(stored.length, 2, 'a secret that was changed takes the place of the old one');
  t.ok(isThat(voter.keeper.keys, other));
});

t.test('EnrolmentKeeper stores nothing where it cannot seal, and nothing it does not know', async (t) => {
  const { stored, member } = makeCluster(t);
  const without = member({ configured, votes: false });
  await without.keeper.store();
  const ignorant = member({ votes: true });
  await ignorant.keeper.store();
  t.equal(stored.length, 0);
  t.equal(ignorant.keeper.keys, null);
  t.same([without.seen.kept, ignorant.seen.kept], [0, 0], 'a secret is needed until the cluster has its key');
});

t.test('EnrolmentKeeper remembers what it was told while enrolment is open, and no longer', async (t) => {
  const { member } = makeCluster(t);
  const spare = member({ votes: false });
  const file = enrolmentKeyFile(spare.dataDirectory);
  const hex = configured.preSharedKey.toString('hex');
  spare.keeper.hear(null, true);
  t.equal(spare.keeper.keys, null);
  spare.keeper.hear(hex, true);
  t.ok(isThat(spare.keeper.keys, configured));
  t.ok(isThat(loadEnrolmentKey(spare.dataDirectory, 'edge'), configured));
  t.equal(loadEnrolmentKey(spare.dataDirectory, 'other'), null, 'not that of another cluster');
  const restarted = member({ votes: false });
  t.ok(isThat(restarted.keeper.keys, configured));
  restarted.keeper.hear(hex, false);
  t.notOk(existsSync(file));
  t.ok(isThat(restarted.keeper.keys, configured), 'in memory, for machines that a person approves');
  restarted.keeper.hear(hex, true);
  t.match(readFileSync(file, 'utf8'), hex);
});

t.test('EnrolmentKeeper gives a cluster that begins anew the key that it remembers', async (t) => {
  const { stored, window, member } = makeCluster(t);
  member({ votes: false }).keeper.hear(configured.preSharedKey.toString('hex'), true);
  const survivor = member({ votes: true });
  await survivor.keeper.store();
  t.equal(stored.length, 1);
  t.ok(isThat(member({ votes: true }, 'other').keeper.keys, configured));
  t.ok(existsSync(enrolmentKeyFile(survivor.dataDirectory)));
  window.isOpen = false;
  await survivor.keeper.store();
  t.equal(stored.length, 1);
  t.notOk(existsSync(enrolmentKeyFile(survivor.dataDirectory)), 'closed: it is in the datastore only');
});
