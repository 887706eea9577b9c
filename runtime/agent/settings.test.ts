/** Agents as processes on loopback: what the cluster sets for all of its nodes. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import t from 'tap';
import type { SettingsAnswer } from '../admin/protocol.ts';
import type { ConfigReport } from '../config/explain.ts';
import { makeNodes, type TestNode, until, untilHighlyAvailable } from './testing/test-cluster.ts';

t.setTimeout(600_000);
const main = path.resolve(import.meta.dirname, '../main.ts');

function run(node: TestNode, ...words: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [main, 'config', ...words, '--socket', node.socket],
    { encoding: 'utf8', timeout: 120_000 },
  );
  return { code: status, out: stdout, problem: stderr };
}

async function explained(node: TestNode, key: string) {
  const report = (await node.request('config.show')) as ConfigReport;
  const found = report.values.find(({ path }) => path.join('.') === key);
  return { value: found?.value, source: found?.origin?.source ?? 'default', changed: report.changed };
}

/** Until every node says so; each is asked itself. */
async function untilAll(nodes: readonly TestNode[], key: string, expected: object): Promise<void> {
  const wanted = JSON.stringify(expected);
  for (const node of nodes)
    await until(
      `${key} is ${wanted} everywhere`,
      async () => JSON.stringify(await explained(node, key)) === wanted,
    );
}

t.test(
  'a setting of the cluster holds on all nodes, at once where it can, and after a restart',
  async (t) => {
    // The fourth holds no data, and hears everything from the leader.
    const nodes = await makeNodes(t, { size: 4, more: { roles: { voters: 3, standbys: 0 } } });
    for (const node of nodes) node.start();
    await untilHighlyAvailable(nodes);
    const [first] = nodes as [TestNode, ...TestNode[]];
    const status = await until('there are four', async () => {
      const now = await first.status();
      return now.nodes.length === 4 && now.nodes.some(({ role }) => role === 'spare') ? now : null;
    });
    const spare = (await Promise.all(nodes.map(async (node) => ({ node, id: (await node.info()).id })))).find(
      ({ id }) => status.nodes.find((each) => each.id === id)?.role === 'spare',
    )!.node;
    const follower = nodes.find((node) => node !== spare)!;

    const set = run(spare, 'set', 'cluster.certificateHours', '700');
    t.same(set, { code: 0, out: 'cluster.certificateHours is 700 in the whole cluster now.\n', problem: '' });
    await untilAll(nodes, 'cluster.certificateHours', { value: 700, source: 'cluster', changed: false });

    t.equal(run(follower, 'set', 'roles.standbys', '1').code, 0);
    await until('the spare stands by now', async () =>
      (await first.status()).nodes.every(({ role }) => role !== 'spare'),
    );
    await untilAll(nodes, 'roles.standbys', { value: 1, source: 'cluster', changed: false });
    const { out } = run(follower, '--explain');
    t.match(
      out,
      /roles\.standbys: 1 +# the cluster \(trivet config settings\)\n {2}instead of 0 +# .*config\.json, line \d/,
    );

    const later = run(follower, 'set', 'datastore.keepRevisions', '5000');
    t.match(later, { code: 0, out: /is 5000 in the whole cluster: each node takes it at its next start/ });
    await untilAll(nodes, 'datastore.keepRevisions', { value: 1_000_000, source: 'default', changed: true });
    t.match((await first.status()).warnings, [/its next start takes it/]);
    await untilAll(nodes, 'roles.standbys', { value: 1, source: 'cluster', changed: true });

    for (const node of nodes) await node.stop('SIGKILL');
    first.start();
    await until('it answers', () => first.info());
    const all = [
      ['datastore.keepRevisions', 5_000],
      ['roles.standbys', 1],
      ['cluster.certificateHours', 700],
    ] as const;
    for (const [key, value] of all)
      t.same(await explained(first, key), { value, source: 'cluster', changed: false }, 'without its peers');
    for (const node of nodes.slice(1)) node.start();
    await untilHighlyAvailable(nodes);

    t.match(run(first, 'unset', 'roles.standbys'), { code: 0, out: /is not set in the cluster any more/ });
    await untilAll(nodes, 'roles.standbys', { value: 0, source: 'image', changed: false });
    t.equal(
      run(nodes[3]!, 'settings').out,
      'cluster.certificateHours: 700\ndatastore.keepRevisions: 5000  # taken at the next start of each node\n',
    );
  },
);

t.test('a setting that is no good is refused, and nothing is written', async (t) => {
  const [node] = (await makeNodes(t, { size: 1, expect: 1 })) as [TestNode];
  node.start();
  await until('there is a leader', async () => (await node.status()).leader !== null);
  const settings = async () =>
    ((await node.request('settings', { action: 'list' })) as SettingsAnswer).settings;
  await until('it serves', settings);
  const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
    [['set', 'roles.voters', '4'], 2, /^trivet: roles\.voters: must be odd: .* Nothing was changed\.\n$/],
    [['set', 'roles.vaters', '5'], 2, /did you mean "roles\.voters"\?/],
    [['set', 'node.name', 'other'], 2, /each machine's own/],
    [['set', 'roles.voters'], 2, /Usage: trivet config set KEY VALUE/],
    [['unset', 'roles.voters'], 1, /roles\.voters is not set in the cluster: trivet config settings/],
    [['sett', 'roles.voters', '5'], 2, /There is no "config sett": there is config set, unset, settings/],
  ];
  for (const [words, code, message] of cases) {
    const done = run(node, ...words);
    t.equal(done.code, code, words.join(' '));
    t.match(done.problem, message);
  }
  // Whoever speaks the protocol itself is refused too.
  await t.rejects(node.request('settings', { action: 'set', key: 'roles.voters', value: 4 }), /must be odd/);
  await t.rejects(node.request('settings', { action: 'set', key: 'roles.voters' }), /value/);
  t.same(await settings(), []);
  t.match(run(node, 'settings').out, /^The cluster keeps no settings\. There are: roles\.voters, /);
});
