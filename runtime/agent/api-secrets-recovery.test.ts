/** Agents as processes on loopback: Secrets outlive a cluster, by a backup and by a recovery, and no backup shows them. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { makeOperator, type Operator } from './testing/kubectl.ts';
import { makeNodes, type TestNode, until, untilHighlyAvailable } from './testing/test-cluster.ts';

t.setTimeout(600_000);

const run = promisify(execFile);
const mainFile = path.resolve(import.meta.dirname, '../main.ts');
const password = 'correct-horse-battery-staple';
const inBase64 = Buffer.from(password).toString('base64');

async function trivet(node: TestNode, ...words: string[]) {
  try {
    const { stdout, stderr } = await run(process.execPath, [mainFile, ...words, '--socket', node.socket]);
    return { code: 0, stdout, stderr };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}

/** People who know a cluster each: that which takes its place has another CA. */
function operatorsOf(t: Test): { before: Operator; after: Operator; more: Record<string, unknown> } {
  const home = t.testdir();
  const [before, after] = ['before', 'after'].map((name) => makeOperator(t, path.join(home, name))) as [
    Operator,
    Operator,
  ];
  const operators = [
    { name: 'ada', key: before.key },
    { name: 'bea', key: after.key },
  ];
  return { before, after, more: { operators } };
}

async function makeSecret({ kubectl }: Operator, node: TestNode): Promise<void> {
  await until('there is a namespace to write to', async () => {
    return (await kubectl(node, ['get', 'namespace', 'default'])).code === 0;
  });
  await kubectl(node, ['create', 'secret', 'generic', 'door', `--from-literal=password=${password}`]);
  await kubectl(node, ['create', 'configmap', 'sign', '--from-literal=k=v']);
}

function readSecret({ kubectl }: Operator, node: TestNode) {
  return kubectl(node, ['get', 'secret', 'door', '-o', 'jsonpath={.data.password}']);
}

t.test('a backup shows no Secret, and a machine with the same enrolment secret restores it', async (t) => {
  const { before, after, more } = operatorsOf(t as Test);
  const [source] = (await makeNodes(t as Test, { size: 1, expect: 1, api: true, more })) as [TestNode];
  source.start();
  await makeSecret(before, source);
  t.match(await readSecret(before, source), { code: 0, out: inBase64 });
  const token = await until('the account is there', async () => {
    const said = await before.kubectl(source, ['create', 'token', 'default']);
    return said.code === 0 ? said.out.trim() : null;
  });
  const file = path.join(source.directory, 'backup');
  const made = await trivet(source, 'backup', file);
  t.match(made, { code: 0, stdout: /whole and checked/ });
  t.notMatch(made.stdout, /warning/);
  t.match(JSON.parse((await trivet(source, 'restore', file, '--check', '--json')).stdout), { secrets: true });
  const bytes = readFileSync(file);
  for (const text of [password, inBase64]) t.notOk(bytes.includes(text), 'it is not in the backup');
  t.ok(bytes.includes('"name":"sign"'), 'what is not secret is');
  await source.stop('SIGKILL');

  const [first] = (await makeNodes(t as Test, { size: 1, api: true, more })) as [TestNode];
  first.start();
  await until('it answers', async () => (await first.status()).self.state === 'blank');
  t.match(await trivet(first, 'restore', file, '--confirm', 'test'), { code: 0 });
  await until('the agent has stopped', async () => !first.running);
  first.start();
  await until('the Secret is read', async () => (await readSecret(after, first)).out === inBase64);
  const asAccount = await after.kubectl(
    first,
    [...['create', '-o', 'jsonpath={.status.user.username}', '-f', '-']],
    { input: tokenReview(token) },
  );
  t.match(
    asAccount,
    { code: 0, out: 'system:serviceaccount:default:default' },
    'tokens of accounts are good, too',
  );
  await first.stop('SIGKILL');
  first.start();
  await until('it is read after a restart', async () => (await readSecret(after, first)).out === inBase64);
});

function tokenReview(token: string): string {
  return JSON.stringify({
    ...{ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } },
  });
}

t.test('with another enrolment secret nothing is restored, or all but the Secrets', async (t) => {
  const { before, after, more } = operatorsOf(t as Test);
  const [source] = (await makeNodes(t as Test, { size: 1, expect: 1, api: true, more })) as [TestNode];
  source.start();
  await makeSecret(before, source);
  const file = path.join(source.directory, 'backup');
  t.match(await trivet(source, 'backup', file), { code: 0 });
  await source.stop('SIGKILL');

  const cluster = { name: 'test', secret: 'another secret, which is long enough', expect: 3 };
  const [first] = (await makeNodes(t as Test, {
    ...{ size: 1, api: true, more, clusterOf: () => cluster },
  })) as [TestNode];
  first.start();
  await until('it answers', async () => (await first.status()).self.state === 'blank');
  const refused = await trivet(first, 'restore', file, '--confirm', 'test');
  t.match(refused, { code: 1, stderr: /Secrets that this machine cannot read.*--without-secrets/s });
  t.ok(first.running);
  t.match(await first.status(), { self: { state: 'blank' } });
  t.match(await trivet(first, 'restore', file, '--confirm', 'test', '--without-secrets'), { code: 0 });
  await until('the agent has stopped', async () => !first.running);
  first.start();
  const { kubectl } = after;
  await until('everything else is there', async () => {
    return (await kubectl(first, ['get', 'configmap', 'sign'])).code === 0;
  });
  t.match(await kubectl(first, ['get', 'secrets', '-n', 'default', '-o', 'name']), { code: 0, out: '' });
  await kubectl(first, ['create', 'secret', 'generic', 'door', `--from-literal=password=${password}`]);
  t.match(await readSecret(after, first), { code: 0, out: inBase64 });
});

t.test('a survivor of a lost quorum goes on with the Secrets, and who joins it reads them', async (t) => {
  const { before, after, more } = operatorsOf(t as Test);
  const nodes = await makeNodes(t as Test, { size: 3, api: true, more });
  const [a, b, c] = nodes as [TestNode, TestNode, TestNode];
  for (const node of nodes) node.start();
  await untilHighlyAvailable(nodes);
  await makeSecret(before, a);
  await Promise.all([b.stop('SIGKILL'), c.stop('SIGKILL')]);
  await until('the leader is gone', async () => (await a.status()).leader === null);
  const plan = await trivet(a, 'recover');
  t.notMatch(plan.stdout, /Secrets/, 'a voter knows their keys');
  t.match(await trivet(a, 'recover', '--confirm', 'test'), { code: 0 });
  await until('the agent has stopped', async () => !a.running);
  a.start();
  await until('it is read', async () => (await readSecret(after, a)).out === inBase64);
  b.start();
  await until('the old member gives up its place', async () => !b.running);
  b.start();
  await until('the one that joins reads it', async () => (await readSecret(after, b)).out === inBase64);
});
