/** Agents as processes, of which some believe in another year: the API goes by what most of them say. */
import t from 'tap';
import { makeOperator } from './testing/kubectl.ts';
import { makeNodes, type TestNode, until, untilHighlyAvailable } from './testing/test-cluster.ts';
import { whoami } from './testing/whoami.ts';

t.setTimeout(300_000);

const yearMilliseconds = 365 * 86_400_000;

t.test('a node in another year serves the API by the time of the others', async (t) => {
  const operator = makeOperator(t, t.testdir());
  const operators = [{ name: operator.name, key: operator.key }];
  // Operators' certificates end in 2055, and tokens in hours.
  const clockShiftOf = (index: number): number => (index === 2 ? 73 * yearMilliseconds : 0);
  const nodes = await makeNodes(t, { size: 3, api: true, more: { operators }, clockShiftOf });
  for (const node of nodes) node.start();
  await untilHighlyAvailable(nodes);
  const [right, , wrong] = nodes as [TestNode, TestNode, TestNode];
  const { kubectl } = operator;
  await until('the node in 2099 takes the certificate of an operator', async () => {
    return (await kubectl(wrong, ['get', 'namespace', 'default'])).code === 0;
  });
  const made = await kubectl(wrong, ['create', 'configmap', 'a']);
  t.equal(made.code, 0, made.err);
  const timed = await kubectl(right, [
    ...['get', 'configmap', 'a', '-o', 'jsonpath={.metadata.creationTimestamp}'],
  ]);
  t.ok(Math.abs(Date.parse(timed.out) - Date.now()) < 600_000, `made at ${timed.out}`);
  for (const [issuer, judge] of [
    [right, wrong],
    [wrong, right],
  ] as const) {
    const token = await until('there is an account to make a token for', async () => {
      const said = await kubectl(issuer, ['create', 'token', 'default', '--duration=1h']);
      return said.code === 0 ? said.out.trim() : null;
    });
    const answer = await whoami(judge, {}, { authorization: `Bearer ${token}` });
    const username = 'system:serviceaccount:default:default';
    t.match(answer, { code: 201, status: { userInfo: { username } } }, 'the other believes the token');
  }
  const { warnings } = await right.status();
  t.match(
    warnings.filter((text) => /clock/.test(text)),
    [/its clock is 266\d\d days ahead of that of most nodes.*time server/],
  );
});
