/** What people do with kubectl, against a leader and a follower. */
import t, { type Test } from 'tap';
import { makeOperator } from './testing/kubectl.ts';
import { makeNodes, type TestNode, until, untilHighlyAvailable } from './testing/test-cluster.ts';
import { type Person, play } from './testing/transcript.ts';
import { transcripts } from './transcripts/all.ts';

t.setTimeout(600_000);

t.test('every transcript, on the leader and on a follower', async (t) => {
  const operator = makeOperator(t, t.testdir());
  const operators = [{ name: operator.name, key: operator.key }];
  const nodes = await makeNodes(t, { size: 3, api: true, more: { operators } });
  for (const node of nodes) node.start();
  const { leader } = await untilHighlyAvailable(nodes);
  const ids = await Promise.all(nodes.map(async (node) => (await node.status()).self.id));
  const leading = nodes[ids.indexOf(leader ?? '')] as TestNode;
  const follower = nodes.find((node) => node !== leading) as TestNode;
  await until('the API answers', async () => (await operator.kubectl(follower, ['version'])).code === 0);
  // Both at once: they are in namespaces of their own.
  t.jobs = 2;
  const places = [
    ['leader', leading],
    ['follower', follower],
  ] as const;
  await Promise.all(
    places.map(([place, node]) =>
      t.test(`on the ${place}`, { buffered: true }, async (t) => {
        const person: Person = {
          kubectl: (words, typed) => operator.kubectl(node, words, typed),
          follow: (words) => operator.follow(node, words),
          write: operator.write,
        };
        for (const [index, transcript] of transcripts.entries()) {
          await play(t as Test, transcript, { person, namespace: `${place}-${index}` });
        }
      }),
    ),
  );
});
