/** Agents as processes on loopback: when the enrolment secret admits machines, and when a person has to. */
import t from 'tap';
import type { EnrolmentAnswer } from '../admin/protocol.ts';
import { makeNodes, type TestNode, until, untilHighlyAvailable } from './testing/test-cluster.ts';

t.setTimeout(600_000);

const cluster = { name: 'test', secret: 'a secret for tests, long enough', expect: 3 };

async function desk(node: TestNode, action: string, more: object = {}): Promise<EnrolmentAnswer> {
  return (await node.request('nodes.enrolment', { action, ...more })) as EnrolmentAnswer;
}

async function isMember(node: TestNode): Promise<boolean> {
  return (await node.status()).self.state === 'member';
}

/** Starts the first three, and waits until they are a cluster. */
async function startThree(nodes: readonly TestNode[]): Promise<void> {
  for (const node of nodes.slice(0, 3)) node.start();
  await untilHighlyAvailable(nodes);
}

t.test('the secret admits as many machines as it may, and a person the others', async (t) => {
  const nodes = await makeNodes(t, { size: 6, more: { cluster: { ...cluster, enrolment: { nodes: 4 } } } });
  await startThree(nodes);
  const late = nodes.slice(3);
  for (const node of late) node.start();
  const waiting = await until('one came in and two wait', async () => {
    const { applicants } = await desk(nodes[0]!, 'list');
    return applicants.length === 2 && (await nodes[0]!.status()).nodes.length === 4 ? applicants : null;
  });
  const outside = await until('the one that came in knows it', async () => {
    const others: TestNode[] = [];
    for (const node of late) if (!(await isMember(node))) others.push(node);
    return others.length === 2 ? others : null;
  });
  const status = await outside[0]!.status();
  t.match(status.reason, /admits 4 machines .* and 4 have come\. .*trivet nodes approve [0-9a-f]{16}/);
  t.equal((await nodes[0]!.status()).warnings.filter((text) => /wants to join/.test(text)).length, 2);
  await t.rejects(
    desk(nodes[0]!, 'approve', { node: 'nobody' }),
    /No machine waits that is "nobody"\. Waiting: /,
  );
  const [approved, refused] = waiting.map(({ id }) => id) as [string, string];
  await desk(nodes[0]!, 'approve', { node: approved });
  await until('the approved one is a member', async () =>
    (await nodes[0]!.status()).nodes.some(({ id, online }) => id === approved && online),
  );
  t.match(await desk(nodes[0]!, 'list'), { applicants: [{ id: refused }], admitted: 4 });
  const opened = await desk(nodes[0]!, 'open');
  t.equal(opened.closed, null);
  await until('the last one came in by itself', async () => {
    const { nodes: members } = await nodes[0]!.status();
    return members.length === 6 && members.every(({ online }) => online);
  });
  t.match(await desk(nodes[0]!, 'list'), { applicants: [], admitted: 1 });
  t.match((await desk(nodes[0]!, 'close')).closed, /enrolment was closed/);
});

t.test('the secret admits nobody after its time, by the clock of the cluster', async (t) => {
  const hours = 4 / 3600;
  const nodes = await makeNodes(t, { size: 4, more: { cluster: { ...cluster, enrolment: { hours } } } });
  await startThree(nodes);
  await until('the time is over', async () => (await desk(nodes[0]!, 'list')).closed !== null);
  // What was counted is not lost with those who counted.
  for (const node of nodes.slice(0, 3)) await node.stop('SIGTERM');
  for (const node of nodes) node.start();
  await until('the late one waits', async () =>
    /for [\d.]+ hours .* which are over/.test((await nodes[3]!.status()).reason ?? ''),
  );
  t.notOk(await isMember(nodes[3]!));
});

t.test('after a removal the secret admits nobody until a person says so', async (t) => {
  const nodes = await makeNodes(t, { size: 5 });
  for (const node of nodes.slice(0, 4)) node.start();
  await untilHighlyAvailable(nodes);
  await until('the fourth is a member', async () => (await nodes[0]!.status()).nodes.length === 4);
  await nodes[0]!.request('node.remove', { node: (await nodes[3]!.info()).id });
  nodes[4]!.start();
  await until('the new one waits', async () =>
    /a node was removed since/i.test((await nodes[4]!.status()).reason ?? ''),
  );
  await desk(nodes[0]!, 'open');
  await until('it is a member', () => isMember(nodes[4]!));
});
