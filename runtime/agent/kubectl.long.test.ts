/** What people do with kubectl, while the leader is killed every ten seconds. */
import t from 'tap';
import { makeOperator, type Said } from './testing/kubectl.ts';
import { makeNodes, type TestNode, until, untilHighlyAvailable } from './testing/test-cluster.ts';
import { type Person, play } from './testing/transcript.ts';
import { transcripts } from './transcripts/all.ts';

t.setTimeout(1_200_000);

const everyMilliseconds = 10_000;

t.test('every transcript, while the leader is killed every ten seconds', async (t) => {
  const operator = makeOperator(t, t.testdir());
  const operators = [{ name: operator.name, key: operator.key }];
  const nodes = await makeNodes(t, { size: 3, api: true, more: { operators } });
  for (const node of nodes) node.start();
  await untilHighlyAvailable(nodes);
  for (const node of nodes) {
    const asked = async () => (await operator.kubectl(node, ['get', 'namespace', 'default'])).code === 0;
    await until('the API answers', asked);
  }
  let killed = 0;
  let isOver = false;
  const killing = (async () => {
    while (!isOver) {
      await new Promise((resolve) => setTimeout(resolve, everyMilliseconds));
      const leading = await findLeader(nodes);
      if (leading === null || isOver) continue;
      await leading.stop('SIGKILL');
      killed += 1;
      leading.start();
    }
  })();
  // Through a node that does not lead: what it was asked it brings to its end, whoever leads.
  const findAsked = async (): Promise<TestNode> => {
    const leading = await findLeader(nodes);
    return nodes.find((one) => one.running && one !== leading) ?? (nodes[0] as TestNode);
  };
  const person: Person = {
    kubectl: async (words, typed) => operator.kubectl(await findAsked(), words, typed),
    follow: async (words) => operator.follow(await findAsked(), words),
    write: operator.write,
  };
  for (const [index, transcript] of transcripts.entries()) {
    await play(t, transcript, { person, namespace: `killed-${index}`, isLost });
  }
  isOver = true;
  await killing;
  t.ok(killed > 2, `${killed} leaders were killed meanwhile`);
});

/** The node that kubectl asked went away, or was not back yet. */
function isLost({ code, err }: Said): boolean {
  if (code === 0) return false;
  return /connection refused|was refused|EOF|reset by peer|ServiceUnavailable|does not answer|client connection lost|TLS handshake|Unable to connect|unexpected error when reading response|stream error|the server is currently unable|context deadline|i\/o timeout|Bad Gateway|prevented the request from succeeding/i.test(
    err,
  );
}

async function findLeader(nodes: readonly TestNode[]): Promise<TestNode | null> {
  for (const node of nodes) {
    const status = node.running ? await node.status().catch(() => null) : null;
    if (!status?.leader) continue;
    for (const other of nodes) {
      const id = other.running
        ? await other.status().then(
            ({ self }) => self.id,
            () => null,
          )
        : null;
      if (id === status.leader) return other;
    }
  }
  return null;
}
