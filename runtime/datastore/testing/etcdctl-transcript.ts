/** What Debian's etcdctl says to everything a person does with it, at whatever speaks the etcd v3 API. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import { etcdctl, watchWhile } from './etcdctl.ts';

type Say = (words: string, input?: string) => Promise<string>;

/** Adds the transcript's tests to `t`. The store behind must be empty of keys that clients see. */
export async function testEtcdctl(t: Test, endpoint: string): Promise<void> {
  const say: Say = async (words, input) => {
    const output = await etcdctl(endpoint, words.split(' '), input);
    return output.stdout + output.stderr.replaceAll(/^.*"level":"warn".*\n/gm, '');
  };
  const json = async (words: string): Promise<Record<string, unknown>> =>
    JSON.parse(await say(`${words} -w json`));
  await t.test('keys', (t) => testKeys(t as Test, say, json));
  await t.test('transactions', (t) => testTransactions(t as Test, say));
  await t.test('watch', (t) => testWatch(t as Test, say, endpoint));
  await t.test('leases', (t) => testLeases(t as Test, say, json));
  await t.test('compaction', (t) => testCompaction(t as Test, say, json));
  await t.test('cluster and upkeep', (t) => testUpkeep(t as Test, say, json, endpoint));
}

type Json = (words: string) => Promise<Record<string, unknown>>;

async function testKeys(t: Test, say: Say, json: Json): Promise<void> {
  t.equal(await say('get x --prefix'), '');
  t.equal(await say('put greeting hello'), 'OK\n');
  t.equal(await say('get greeting'), 'greeting\nhello\n');
  t.equal(await say('put greeting world --prev-kv'), 'OK\ngreeting\nhello\n');
  t.equal(await say('put other 1'), 'OK\n');
  t.equal(await say('put greet 0'), 'OK\n');
  t.equal(await say('get greet --prefix'), 'greet\n0\ngreeting\nworld\n');
  t.equal(await say('get greet --prefix --keys-only'), 'greet\n\ngreeting\n\n');
  t.equal(await say('get greet other'), 'greet\n0\ngreeting\nworld\n');
  t.equal(await say('get greeting --from-key'), 'greeting\nworld\nother\n1\n');
  t.equal(await say('get --from-key a --limit=1'), 'greet\n0\n');
  t.equal(await say('get g --prefix --order=DESCEND --sort-by=VALUE'), 'greeting\nworld\ngreet\n0\n');
  t.equal(
    await say('get greet --prefix --count-only -w fields').then((out) => /"Count" : (\d+)/.exec(out)?.[1]),
    '2',
  );
  t.equal(await say('get greet --prefix --print-value-only --consistency=s'), '0\nworld\n');
  const answer = await json('get greeting');
  const [item] = answer.kvs as { key: string; value: string; version: number }[];
  t.same([item!.key, item!.value, item!.version], [btoa('greeting'), btoa('world'), 2]);
  const header = answer.header as {
    cluster_id: number;
    member_id: number;
    revision: number;
    raft_term: number;
  };
  t.ok(header.cluster_id > 0 && header.member_id > 0 && header.revision > 0 && header.raft_term > 0);
  t.equal(await say('del greeting --prev-kv'), '1\ngreeting\nworld\n');
  t.equal(await say('del greeting'), '0\n');
  t.equal(await say('del g --prefix'), '1\n');
  t.match(await say('put missing --ignore-value'), /etcdserver: key not found/);
  t.match(await say('put leased x --lease=1234abcd'), /etcdserver: requested lease not found/);
  t.match(await say('get other --rev=999999'), /required revision is a future revision/);
}

async function testTransactions(t: Test, say: Say): Promise<void> {
  await say('put user alice');
  const script = 'value("user") = "alice"\n\nput user bob\nget user\n\nput user nobody\n\n';
  t.equal(await say('txn --interactive=false', script), 'SUCCESS\n\nOK\n\nuser\nbob\n');
  t.equal(await say('txn', script), 'FAILURE\n\nOK\n');
  t.equal(await say('get user --print-value-only'), 'nobody\n');
  const numbers = 'mod("user") > "0"\nver("user") = "3"\ncreate("absent") = "0"\n\ndel user\n\n\n';
  t.equal(await say('txn', numbers), 'SUCCESS\n\n1\n');
  t.match(await say('txn', '\nput a 1\nput a 2\n\n\n'), /duplicate key given in txn request/);
}

async function testWatch(t: Test, say: Say, endpoint: string): Promise<void> {
  const seen = await watchWhile(endpoint, ['w', '--prefix'], 8, async () => {
    // etcdctl does not say when it watches: the first change is made until it is seen by one that starts later.
    await sleep(1_000);
    await say('put w1 a');
    await say('put w2 b');
    await say('del w1');
  });
  t.equal(seen, 'PUT\nw1\na\nPUT\nw2\nb\nDELETE\nw1\n\n');
  const revision = JSON.parse(await say('get w2 -w json')).kvs[0].mod_revision as number;
  const past = await watchWhile(endpoint, ['w2', `--rev=${revision}`], 3, async () => {});
  t.equal(past, 'PUT\nw2\nb\n', 'a watch from a past revision');
  await say('put w2 c');
  const previous = await watchWhile(
    endpoint,
    ['w2', `--rev=${revision + 1}`, '--prev-kv'],
    5,
    async () => {},
  );
  t.equal(previous, 'PUT\nw2\nb\nw2\nc\n');
}

async function testLeases(t: Test, say: Say, json: Json): Promise<void> {
  const granted = await say('lease grant 300');
  const id = /^lease ([0-9a-f]+) granted with TTL\(300s\)\n$/.exec(granted)?.[1];
  t.ok(id, granted);
  t.equal(await say(`put leased x --lease=${id}`), 'OK\n');
  t.equal(await say('lease list'), `found 1 leases\n${id}\n`);
  t.match(
    await say(`lease timetolive ${id} --keys`),
    new RegExp(
      `^lease ${id} granted with TTL\\(300s\\), remaining\\((300|29\\d)s\\), attached keys\\(\\[leased\\]\\)\n$`,
    ),
  );
  t.match(await say(`lease keep-alive --once ${id}`), /keepalived with TTL\(300\)/);
  t.equal(((await json(`lease timetolive ${id}`)) as { 'granted-ttl': number })['granted-ttl'], 300);
  t.equal(await say(`lease revoke ${id}`), `lease ${id} revoked\n`);
  t.equal(await say('get leased'), '');
  t.match(await say(`lease revoke ${id}`), /requested lease not found/);
  t.match(await say(`lease keep-alive --once ${id}`), /expired or revoked|lease not found/i);
  t.match(await say(`lease timetolive ${id}`), /already expired/);
}

async function testCompaction(t: Test, say: Say, json: Json): Promise<void> {
  await say('put c 1');
  await say('put c 2');
  const { revision } = (await json('get c')).header as { revision: number };
  t.equal(await say(`compaction ${revision}`), `compacted revision ${revision}\n`);
  t.match(await say(`compaction ${revision}`), /required revision has been compacted/);
  t.match(await say(`get c --rev=${revision - 1}`), /required revision has been compacted/);
  t.match(
    await say(`watch c --rev=${revision - 1}`),
    /watch is canceled by the server|required revision has been compacted/,
  );
  t.equal(await say('get c'), 'c\n2\n');
}

async function testUpkeep(t: Test, say: Say, json: Json, endpoint: string): Promise<void> {
  t.match(await say('endpoint health'), /is healthy: successfully committed proposal/);
  const [status] = (await json('endpoint status')) as unknown as { Status: Record<string, unknown> }[];
  t.equal((status!.Status.header as { member_id: number }).member_id > 0, true);
  t.ok((status!.Status.dbSize as number) > 0);
  t.match(await say('endpoint status -w table'), /ENDPOINT .* ID .* VERSION .* IS LEADER/);
  t.match(await say('endpoint hashkv'), /, \d+\n$/);
  t.match(await say('member list'), /^[0-9a-f]+, started, |^[0-9a-f]+, unstarted, /);
  t.match(await say('member list -w table'), /ID .* STATUS .* PEER ADDRS/);
  t.equal(await say('alarm list'), '');
  t.equal(await say('alarm disarm'), '');
  t.match(await say('defrag'), /^Finished defragmenting etcd member/);
  t.match(await say('member remove 1234'), /Unimplemented.*members come and go by themselves/);
  t.match(await say('user list'), /Unimplemented.*there are no users here/);
  await say('put marker in-the-copy');
  const directory = mkdtempSync(path.join(tmpdir(), 'trivet-snapshot-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  const file = path.join(directory, 'snapshot.db');
  const saved = await etcdctl(endpoint, ['snapshot', 'save', file]);
  t.equal(saved.code, 0, saved.stderr);
  t.match(saved.stdout, /Snapshot saved at/);
  t.ok(readFileSync(file).includes('in-the-copy'), 'the copy holds what was written');
}
