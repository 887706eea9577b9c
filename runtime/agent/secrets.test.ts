/** Agents as processes on loopback whose secret stands on the boot partition: once they are members it is nowhere any more. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import type { TokensAnswer } from '../admin/protocol.ts';
import type { ConfigReport } from '../config/explain.ts';
import { enrolmentKeyFile } from '../config/member-file.ts';
import { makeNodes, type TestNode, until, untilHighlyAvailable } from './testing/test-cluster.ts';

t.setTimeout(600_000);

const secret = 'a secret that must not stay';

/** Files of a machine that hold the text, its consensus log and state among them. */
function filesWith(node: TestNode, text: string): string[] {
  return readdirSync(node.directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => readFileSync(file).includes(text));
}

async function isMember(node: TestNode): Promise<boolean> {
  return (await node.status()).self.state === 'member';
}

const block = (more: string): string => `# mine\ncluster:\n  name: test\n  ${more}\nnode: {}\n`;

t.test(
  'a secret is taken from a machine that is a member, and the cluster admits others by it',
  async (t) => {
    const nodes = await makeNodes(t, {
      size: 6,
      bootOf: (i) =>
        i === 3 ? JSON.stringify({ cluster: { name: 'test', secret } }) : block(`secret: ${secret}`),
    });
    const founders = nodes.slice(0, 3);
    for (const node of founders) node.start();
    await until('a blank machine keeps a copy', async () => filesWith(founders[0]!, secret).length === 2);
    await untilHighlyAvailable(nodes);
    const isForgotten = (node: TestNode) => async (): Promise<boolean> =>
      filesWith(node, secret).length === 0;
    for (const node of founders) await until('the secret is forgotten', isForgotten(node));
    t.match(
      readFileSync(founders[0]!.bootFile, 'utf8'),
      /^# mine\ncluster:\n {2}name: test\n {2}# taken out by trivet/,
    );

    for (const node of founders) await node.stop('SIGKILL');
    for (const node of founders) node.start();
    await untilHighlyAvailable(nodes);
    const report = (await founders[0]!.request('config.show')) as ConfigReport;
    t.equal(report.changed, false);
    t.same(
      report.sources.map(({ serves, problem }) => [serves, problem]),
      [
        ['now', null],
        ['now', null],
      ],
    );

    // The fifth asks a standby too, which cannot open what voters can.
    for (const [i, node] of [nodes[3]!, nodes[4]!].entries()) {
      node.start();
      await until('it is a member', () => isMember(node));
      await until('it has forgotten the secret', isForgotten(node));
      await until(
        'it has a role',
        async () =>
          (await founders[0]!.status()).nodes.filter(({ role }) => role === 'standby').length === i + 1,
      );
    }
    t.same((await founders[0]!.status()).warnings, []);

    const victim = founders[2]!;
    await victim.stop('SIGKILL');
    writeFileSync(path.join(victim.dataDirectory, 'identity/key.pem'), 'not a key');
    victim.start();
    t.equal(await victim.ended(), 1);
    victim.start();
    await until('who lost its place takes another', () => isMember(victim));

    await founders[0]!.request('nodes.enrolment', { action: 'close' });
    for (const node of nodes.slice(0, 5))
      await until('it has forgotten the key', async () => !existsSync(enrolmentKeyFile(node.dataDirectory)));

    const made = (await founders[1]!.request('token', { action: 'create' })) as TokensAnswer;
    const { token } = made.created!;
    const late = nodes[5]!;
    writeFileSync(late.bootFile, block(`token: ${token}`));
    late.start();
    await until('it came by its token', () => isMember(late));
    await until('the token is forgotten', async () => filesWith(late, token).length === 0);
    await late.stop('SIGTERM');
    late.start();
    await until('it is back', async () => (await late.put('key', 'value')) > 0);

    // As after a factory reset: it has to be told anew.
    await late.stop('SIGTERM');
    rmSync(late.dataDirectory, { recursive: true });
    late.start();
    const status = await until('it waits', async () => {
      const now = await late.status();
      return now.self.state === 'waiting' ? now : null;
    });
    t.match(
      status.reason,
      /must say "cluster: \{ name: NAME, secret: SECRET \}" \(now: .*trivet\.yaml, line 2: cluster\.secret: is missing/,
    );
  },
);

t.test('a secret that cannot be taken away stays where it is, but is not copied', async (t) => {
  const [node] = await makeNodes(t, { size: 1, expect: 1 });
  const platform = block(`secret: ${secret}`);
  // As an earlier version has left it.
  const kept = path.join(node!.dataDirectory, 'platform-config.yaml');
  node!.start();
  await until('it is a member', () => isMember(node!));
  await node!.stop('SIGTERM');
  writeFileSync(kept, platform);
  node!.start();
  await until('it is a member', () => isMember(node!));
  t.match(readFileSync(kept, 'utf8'), /name: test\n {2}# taken out by trivet +\n/);
});
