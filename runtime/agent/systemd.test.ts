/** What the agent tells systemd. The tool that carries it is replaced by one that writes down what it was given. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { makeNodes, type TestNode, until } from './testing/test-cluster.ts';

t.setTimeout(120_000);

const standIn = path.join(import.meta.dirname, 'testing/bin');

t.test('the agent tells systemd that it is ready, how it is, and that it is alive', async (t) => {
  const record = path.join(t.testdir({}), 'record');
  const environment = {
    NOTIFY_SOCKET: '/run/not-used',
    WATCHDOG_USEC: '900000',
    NOTIFY_RECORD: record,
    PATH: `${standIn}:${process.env.PATH}`,
  };
  const [node] = (await makeNodes(t, { size: 1, expect: 1, environment })) as [TestNode];
  node.start();
  const said = (pattern: RegExp): Promise<true> =>
    until(`it said ${pattern}`, async () => existsSync(record) && pattern.test(readFileSync(record, 'utf8')));
  await said(/^--ready --pid=\d+$/m);
  await said(/^WATCHDOG=1$/m);
  await said(/^--pid=\d+ --status=leader of test, 1 of 1 nodes heard of$/m);
  await node.stop('SIGTERM');
  t.pass();
});
