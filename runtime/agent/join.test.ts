/** Agents as processes on loopback: a machine that a person makes a member, with "trivet join". */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import t, { type Test } from 'tap';
import { connectAdmin } from '../admin/client.ts';
import type { TokensAnswer } from '../admin/protocol.ts';
import { joinFile } from '../config/member-file.ts';
import { parseToken } from '../peers/token.ts';
import { freePorts, makeNodes, type TestNode, until } from './testing/test-cluster.ts';

t.setTimeout(600_000);
const main = path.resolve(import.meta.dirname, '../main.ts');

async function run(words: readonly string[]) {
  const child = spawn(process.execPath, [main, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, problem] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    problem += text;
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, out, problem };
}

const join = (node: TestNode, ...words: string[]) => run(['join', ...words, '--socket', node.socket]);

async function createToken(node: TestNode, more: object = {}): Promise<string> {
  const make = async () => (await node.request('token', { action: 'create', ...more })) as TokensAnswer;
  return (await until('a token is made', make)).created!.token;
}

/** Two clusters of one node each, and machines that have not been told of any: they know no addresses either. */
async function stage(t: Test, blanks: number) {
  const nodes = await makeNodes(t, {
    size: 2 + blanks,
    more: { discovery: { mdns: false, addresses: [] } },
    clusterOf: (i) => {
      const name = ['edge', 'other'][i];
      return name === undefined ? undefined : { name, secret: `a long secret of ${name}`, expect: 1 };
    },
    bootOf: (i) => (i < 2 ? undefined : '# nothing is said here\n'),
  });
  for (const node of nodes) node.start();
  const [member, other, ...machines] = nodes as [TestNode, TestNode, ...TestNode[]];
  for (const node of [member, other])
    await until('there are two clusters', async () => (await node.status()).leader !== null);
  for (const node of machines)
    await until('the machine waits', async () => (await node.status()).self.state === 'waiting');
  return { member, other, machines };
}

const stateOf = async (node: TestNode): Promise<string> => (await node.status()).self.state;

t.test('a machine that waits becomes a member, without a restart, and stays one', async (t) => {
  const { member, machines } = await stage(t, 1);
  const [machine] = machines as [TestNode];
  const token = await createToken(member);
  const { pid } = machine;
  const joined = await join(machine, member.address, '--token', token);
  t.equal(joined.code, 0, joined.problem);
  t.match(joined.out, /The cluster "edge" \([0-9a-f]{16}\) is at 127\.0\.0\.1:\d+: joining it\.\n/);
  t.match(joined.out, /This machine \([0-9a-f]{16}\) is a member now: edge \([0-9a-f]{16}\)\. .*\n$/);
  t.equal(machine.pid, pid, 'the agent went on');
  await until('both are members', async () => (await member.status()).nodes.length === 2);
  await machine.put('key', 'from the new one');
  t.equal(await member.get('key'), 'from the new one');
  await until('the token is forgotten', async () => {
    const { secret } = parseToken(token)!;
    return !readFileSync(joinFile(machine.dataDirectory), 'utf8').includes(secret);
  });
  await machine.stop('SIGKILL');
  machine.start();
  await until('it is back', async () => (await stateOf(machine)) === 'member');
  const again = await join(machine, member.address, '--token', token, '--json');
  t.equal(again.code, 0, again.problem);
  t.match(JSON.parse(again.out), { clusterName: 'edge', already: true });
  const explained = await run(['config', '--explain', '--socket', machine.socket]);
  t.match(explained.out, /cluster\.name: "edge" +# .*join\.yaml, line \d/);
  t.match(explained.out, /discovery\.addresses: \["127\.0\.0\.1:\d+"\] +# .*join\.yaml/);
  t.match((await machine.status()).warnings, []);
  t.notMatch(machine.output, parseToken(token)!.secret, 'no secret in the log');
});

t.test('what cannot join says why and what to do, and stays as it was', async (t) => {
  const { member, other, machines } = await stage(t, 2);
  const [machine, second] = machines as [TestNode, TestNode];
  const [closed] = (await freePorts(1)) as [number];
  const good = await createToken(member);
  const [revoked, expired] = [await createToken(member), await createToken(member, { ttlSeconds: 1 })];
  await member.request('token', { action: 'revoke', id: parseToken(revoked)!.id });
  const change = (at: number): string =>
    good.slice(0, at) + (good[at] === '0' ? '1' : '0') + good.slice(at + 1);
  await until('the token has expired', async () => {
    const { tokens } = (await member.request('token', { action: 'list' })) as TokensAnswer;
    return tokens.find(({ id }) => id === parseToken(expired)!.id)?.expiresInSeconds === 0;
  });
  // Seconds are whole ones in the cluster's clock.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  const cases: readonly (readonly [string, readonly string[], RegExp])[] = [
    [
      'nobody answers',
      [`127.0.0.1:${closed}`, '--token', good, '--timeout', '2'],
      /cannot be reached: .*Is the address right/,
    ],
    [
      'no such name',
      ['nobody.invalid', '--token', good, '--timeout', '2'],
      /nobody\.invalid cannot be looked up/,
    ],
    [
      'revoked',
      [member.address, '--token', revoked],
      /does not know this token: it is of another cluster, was revoked/,
    ],
    ['of another cluster', [other.address, '--token', good], /does not know this token/],
    [
      'expired',
      [member.address, '--token', expired],
      /The cluster "edge" says: This token has expired\. Ask for another/,
    ],
    [
      'another secret',
      [member.address, '--token', change(20)],
      /knows this token with another key: it was mistyped/,
    ],
    ['another CA', [member.address, '--token', change(50)], /has not the CA that this token names/],
  ];
  for (const [name, words, message] of cases) {
    const { code, problem } = await join(machine, ...words);
    t.equal(code, 1, name);
    t.match(problem, message, name);
    t.match(problem, /^trivet: .*Nothing was changed on this machine\.\n$/, name);
    t.equal(await stateOf(machine), 'waiting', name);
    t.notOk(existsSync(joinFile(machine.dataDirectory)), name);
  }
  const port = await join(machine, member.address, '192.0.2.1:0', '--token', good);
  t.match(port, { code: 2, problem: /addresses \(2\.\): must have a port from 1 to 65535/ });
  const joined = await join(machine, `127.0.0.1:${closed}`, member.address, '--token', good);
  t.equal(joined.code, 0, `one of several addresses is enough: ${joined.problem}`);
  const used = await join(second, member.address, '--token', good);
  t.equal(used.code, 1);
  t.match(used.problem, /The cluster "edge" says: This token was used by node [0-9a-f]{16}/);
  const moved = await join(machine, other.address, '--token', await createToken(other));
  t.equal(moved.code, 1);
  t.match(
    moved.problem,
    /is a member of the cluster "edge" \([0-9a-f]{16}\) already.*trivet remove-node .*trivet reset/,
  );
  t.equal((await machine.status()).clusterName, 'edge');
});

t.test('a machine that its configuration has look for a cluster is not turned to another', async (t) => {
  const { member } = await stage(t, 0);
  const [blank] = (await makeNodes(t, { size: 1 })) as [TestNode];
  blank.start();
  await until('it looks', async () => (await stateOf(blank)) === 'blank');
  const { code, problem } = await join(blank, member.address, '--token', await createToken(member));
  t.equal(code, 1);
  t.match(problem, /is told by its configuration to look for the cluster "test".*write cluster\.token there/);
});

t.test('a machine that loses power while it joins goes on by itself', async (t) => {
  const { member, machines } = await stage(t, 1);
  const [machine] = machines as [TestNode];
  const client = await connectAdmin(machine.socket);
  const begun = Promise.withResolvers<void>();
  const params = { addresses: [member.address], token: await createToken(member), timeoutSeconds: 60 };
  const asked = client.request('join', params, {
    timeoutMilliseconds: 90_000,
    onEvent: () => begun.resolve(),
  });
  asked.catch(() => {});
  await begun.promise;
  await until('it is noted', async () => existsSync(joinFile(machine.dataDirectory)));
  await machine.stop('SIGKILL');
  client.close();
  machine.start();
  await until('it is a member', async () => (await stateOf(machine)) === 'member');
  await until('the cluster knows it', async () => (await member.status()).nodes.length === 2);
});

t.test('a machine whose join does not end in time goes on, and can be told anew', async (t) => {
  const { member, other, machines } = await stage(t, 1);
  const [machine] = machines as [TestNode];
  const token = await createToken(member);
  const client = await connectAdmin(machine.socket);
  t.teardown(() => client.close());
  // The cluster stops after it has answered who it is.
  const stopIt = (event: unknown): void => {
    if (/joining it/.test((event as { text: string }).text)) process.kill(member.pid!, 'SIGSTOP');
  };
  const params = { addresses: [member.address], token, timeoutSeconds: 8 };
  const asked = client.request('join', params, { timeoutMilliseconds: 90_000, onEvent: stopIt });
  const error = await asked.then(
    () => null,
    (reason: Error) => reason,
  );
  process.kill(member.pid!, 'SIGCONT');
  if (error === null) t.comment('it was faster than the signal');
  else {
    t.match(error.message, /is not a member of "edge" yet: .*It goes on by itself/);
    const turned = await join(machine, other.address, '--token', await createToken(other));
    t.match(turned, turned.code === 0 ? { out: /is a member now: other/ } : { problem: /already/ });
  }
  await until('it is a member', async () => (await stateOf(machine)) === 'member');
});

t.test('what is typed wrongly is said before anybody is asked', async (t) => {
  const nowhere = ['--socket', '/nowhere'];
  const token = `t1-${'0'.repeat(8)}-${'0'.repeat(32)}-${'0'.repeat(32)}`;
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['--token', token], /Usage: trivet join ADDRESS/],
    [['192.0.2.1'], /join needs --token TOKEN/],
    [['192.0.2.1:a', '--token', token], /"192\.0\.2\.1:a" is no address of a node: it must be HOST/],
    [['192.0.2.1', '--token', 'a secret'], /--token: it must be a token as/],
    [['192.0.2.1', '--token', token, '--timeout', '0'], /--timeout must be a whole number/],
  ];
  for (const [words, message] of cases) {
    const { code, problem } = await run(['join', ...words, ...nowhere]);
    t.equal(code, 2, words.join(' '));
    t.match(problem, message);
    t.notMatch(problem, /a secret/);
  }
  const asked = await run(['join', '192.0.2.1', '--token', token, ...nowhere]);
  t.equal(asked.code, 1);
  t.match(asked.problem, /No agent answers at \/nowhere/);
});
