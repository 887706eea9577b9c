import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { makeNodes, type TestNode, until, untilHighlyAvailable } from './testing/test-cluster.ts';

const run = promisify(execFile);
const mainFile = path.resolve(import.meta.dirname, '../main.ts');

/** Runs the command line against a node; resolves also when it fails. */
async function trivet(
  node: TestNode,
  ...words: string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  try {
    const { stdout, stderr } = await run(process.execPath, [mainFile, ...words, '--socket', node.socket]);
    return { code: 0, stdout, stderr };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}

t.test(
  'a survivor of a lost quorum goes on alone when it is told to, and the others join it when they come back',
  async (t) => {
    const [a, b, c] = await makeNodes(t, { size: 3 });
    if (!a || !b || !c) throw new Error('three nodes were asked for');
    const nodes = [a, b, c];
    for (const node of nodes) node.start();
    await untilHighlyAvailable(nodes);
    for (let n = 0; n < 20; n += 1) await a.put(`key-${n}`, `value-${n}`);
    const backup = path.join(a.directory, 'backup');
    t.match(await trivet(b, 'backup', backup), { code: 0, stdout: /whole and checked/ });
    t.match(await trivet(b, 'backup', backup), { code: 1, stderr: /exists already/ });
    t.match(
      await trivet(b, 'recover'),
      { code: 1, stderr: /nothing to recover/ },
      'not while there is a leader',
    );
    t.match(await trivet(b, 'restore', backup, '--confirm', 'test'), {
      code: 1,
      stderr: /member of the cluster/,
    });

    await Promise.all([b.stop('SIGKILL'), c.stop('SIGKILL')]);
    await until('the leader is gone', async () => (await a.status()).leader === null);
    const partial = await trivet(a, 'backup', path.join(a.directory, 'partial'), '--json');
    t.match(JSON.parse(partial.stdout), { quorum: false }, 'a backup without a quorum says so');
    const plan = await trivet(a, 'recover');
    t.match(plan, { code: 1, stdout: /are lost for good/, stderr: /Nothing was done/ });
    t.match(await trivet(a, 'recover', '--confirm', 'other'), { code: 1, stderr: /--confirm test/ });
    t.ok(a.running);
    const before = await a.status();
    t.match(await trivet(a, 'recover', '--confirm', 'test'), { code: 0, stdout: /begins a new cluster/ });
    await until('the agent has stopped', async () => !a.running);
    a.start();
    const alone = await until('it leads alone', async () => {
      const status = await a.status();
      return status.leader === status.self.id ? status : null;
    });
    t.not(alone.clusterId, before.clusterId);
    t.same(
      alone.nodes.map((node) => node.name),
      [before.self.name],
    );
    for (let n = 0; n < 20; n += 1) t.equal(await a.get(`key-${n}`), `value-${n}`);
    await a.put('after', 'recovery');
    t.ok(readdirSync(a.dataDirectory).includes('replaced-1'), 'what was there is kept');

    // One after the other: together they would be a majority of the old cluster, whose leader goes on with it.
    for (const old of [b, c]) {
      old.start();
      await until('the old member gives up its place', async () => !old.running);
      t.match(old.output, /joins the recovered cluster as a new node/);
      t.ok(existsSync(path.join(old.dataDirectory, 'replaced-1/state.db')), 'its data is kept');
      old.start();
    }
    const healed = await untilHighlyAvailable(nodes);
    t.equal(healed.clusterId, alone.clusterId);
    t.equal(await c.get('after'), 'recovery');
  },
);

t.test('a backup is restored into a new cluster, damaged ones are refused', async (t) => {
  const [source] = await makeNodes(t, { size: 1, expect: 1 });
  const fresh = await makeNodes(t, { size: 3 });
  const [first] = fresh;
  if (!source || !first) throw new Error('no nodes');
  source.start();
  await until('it leads', async () => (await source.status()).leader !== null);
  for (let n = 0; n < 10; n += 1) await source.put(`key-${n}`, `value-${n}`);
  const file = path.join(source.directory, 'backup');
  t.match(await trivet(source, 'backup', file), { code: 0 });

  first.start();
  await until('it answers', async () => (await first.status()).self.state === 'blank');
  const bytes = readFileSync(file);
  const damaged = path.join(source.directory, 'damaged');
  writeFileSync(
    damaged,
    Buffer.concat([bytes.subarray(0, 5000), Buffer.from([bytes[5000]! ^ 1]), bytes.subarray(5001)]),
  );
  t.match(await trivet(first, 'restore', damaged, '--confirm', 'test'), { code: 1, stderr: /damaged/ });
  t.match(await trivet(first, 'restore', file), { code: 1, stderr: /--confirm test/ });
  t.match(await trivet(first, 'restore', file, '--check'), { code: 0, stdout: /whole and checked/ });
  t.ok(first.running);
  t.match(await trivet(first, 'restore', file, '--confirm', 'test'), { code: 0 });
  await until('the agent has stopped', async () => !first.running);
  for (const node of fresh) node.start();
  const status = await untilHighlyAvailable(fresh);
  t.not(status.clusterId, (await source.status()).clusterId);
  t.equal(status.nodes.length, 3, 'nobody of the old cluster is a member');
  for (const node of fresh) t.equal(await node.get('key-7'), 'value-7');
  t.ok(status.revision > 1_000_000_000, 'no client takes a new revision for one it knew');
});
