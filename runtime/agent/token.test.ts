/** Agents as processes on loopback: machines that come with a one-time token. */
import { generateKeyPairSync } from 'node:crypto';
import t, { type Test } from 'tap';
import type { TokensAnswer } from '../admin/protocol.ts';
import { EnrolmentLinks } from '../cluster/enrolment.ts';
import { parseEndpoint } from '../peers/address-book.ts';
import { parseToken, tokenKeys } from '../peers/token.ts';
import type { NodeId } from '../raft/types.ts';
import { makeNodes, type TestNode, until, untilHighlyAvailable } from './testing/test-cluster.ts';

t.setTimeout(600_000);

async function tokens(node: TestNode, params: object): Promise<TokensAnswer> {
  return (await node.request('token', { ...params })) as TokensAnswer;
}

async function createToken(node: TestNode, more: object = {}): Promise<string> {
  return (await tokens(node, { action: 'create', ...more })).created!.token;
}

/** Three nodes that share a secret and are a cluster, and others that have the token that each test gives them. */
async function startCluster(t: Test, others: number) {
  const given: (string | undefined)[] = [];
  const nodes = await makeNodes(t, {
    size: 3 + others,
    clusterOf: (i) => (i < 3 ? undefined : { name: 'test', token: given[i - 3] }),
  });
  const cluster = nodes.slice(0, 3);
  for (const node of cluster) node.start();
  await untilHighlyAvailable(cluster);
  await until('tokens can be made', async () => (await tokens(cluster[0]!, { action: 'list' })) !== null);
  return { first: cluster[0]!, cluster, strangers: nodes.slice(3), given };
}

t.test('a machine with a token joins without the secret, and the token is used up', async (t) => {
  const { first, strangers, given } = await startCluster(t, 3);
  const [token, spare] = [await createToken(first), await createToken(first, { role: 'spare' })];
  given.push(token, spare, token);
  for (const node of strangers.slice(0, 2)) node.start();
  await until('both are members', async () => (await first.status()).nodes.length === 5);
  strangers[2]!.start();
  await until('the second use is refused', async () =>
    /was used by node [0-9a-f]{16}/.test((await strangers[2]!.status()).reason ?? ''),
  );
  const [member, worker] = [await strangers[0]!.info(), await strangers[1]!.info()];
  const status = await until('the first stands by', async () => {
    const now = await first.status();
    return now.nodes.some(({ id, role }) => id === member.id && role === 'standby') ? now : null;
  });
  t.equal(status.nodes.find(({ id }) => id === worker.id)?.role, 'spare', 'although a standby is wanted');
  await strangers[1]!.put('key', 'from the spare');
  t.equal(await strangers[0]!.get('key'), 'from the spare');
  // It may ask again with its key, as after a power cut before it had noted the answer.
  t.same(
    (await tokens(first, { action: 'list' })).tokens.map(({ usedBy }) => usedBy).sort(),
    [member.id, worker.id].sort(),
  );
  await strangers[0]!.stop('SIGKILL');
  strangers[0]!.start();
  await until('it is back', async () => (await strangers[0]!.status()).self.state === 'member');
});

t.test('a hundred machines with one token at once become one member', async (t) => {
  const { first, cluster } = await startCluster(t, 0);
  const token = parseToken(await createToken(first))!;
  const endpoints = cluster.map((node) => parseEndpoint(node.address, 0)!);
  const links = Array.from({ length: 100 }, () => new EnrolmentLinks(tokenKeys(token)));
  t.teardown(() => {
    for (const link of links) link.close();
  });
  const hello = {
    id: '0'.repeat(16) as NodeId,
    name: 'probe',
    port: 1,
    clusterId: null,
    blanks: [],
    predecessors: [],
  };
  await until('every member knows the token', async () => {
    for (const endpoint of endpoints) await links[0]!.hello(endpoint, hello);
    return true;
  });
  const outcomes = await Promise.allSettled(
    links.map((link, i) => {
      const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const pem = publicKey.export({ format: 'pem', type: 'spki' }).toString();
      const request = { name: `m${i}`, publicKey: pem, address: ':1', version: '1', serial: null };
      return link.enrol(endpoints[i % 3]!, request);
    }),
  );
  const admitted = outcomes.filter(({ status }) => status === 'fulfilled');
  t.equal(admitted.length, 1);
  const refusals = outcomes.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []));
  t.same(
    refusals.filter((text) => !/was used by node/.test(text)),
    [],
  );
  t.equal((await first.status()).nodes.length, 4);
});

t.test('a token that expired, was revoked or is of another cluster admits nobody and says so', async (t) => {
  const { first, strangers, given } = await startCluster(t, 3);
  const revoked = await createToken(first);
  await tokens(first, { action: 'revoke', id: parseToken(revoked)!.id });
  const foreign = (await createToken(first)).replace(/.$/, (last) => (last === '0' ? '1' : '0'));
  given.push(await createToken(first, { ttlSeconds: 1 }), revoked, foreign);
  await until('the first has expired', async () =>
    (await tokens(first, { action: 'list' })).tokens.some(({ expiresInSeconds }) => expiresInSeconds === 0),
  );
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  for (const node of strangers) node.start();
  const reason = async (node: TestNode): Promise<string> => (await node.status()).reason ?? '';
  await until('expired', async () => /This token has expired/.test(await reason(strangers[0]!)));
  await until('of another', async () =>
    /not the one that this token was made by/.test(await reason(strangers[2]!)),
  );
  t.equal((await strangers[1]!.status()).self.state, 'blank');
  await t.rejects(tokens(first, { action: 'revoke', id: '00000000' }), /There is no token 00000000/);
  t.notMatch(strangers[0]!.output, parseToken(given[0]!)!.secret, 'no secret in the log');
});
