/** Agents as processes on loopback: another key for the Secrets while they are read and written. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import type { ApiKeysAnswer } from '../admin/protocol.ts';
import { realClock } from '../datastore/clock.ts';
import { EtcdStore } from '../datastore/etcd/etcd-store.ts';
import { makeOperator } from './testing/kubectl.ts';
import { makeNodes, type TestNode, until, untilHighlyAvailable } from './testing/test-cluster.ts';
import { whoami } from './testing/whoami.ts';

t.setTimeout(600_000);

const run = promisify(execFile);
const mainFile = path.resolve(import.meta.dirname, '../main.ts');

/** The ids of the keys that Secrets of the namespace lie under, by the Secrets' names. */
async function keysInUse(t: Test, node: TestNode): Promise<() => Promise<Record<string, string>>> {
  const surroundings = { clock: realClock, random: Math.random };
  const store = new EtcdStore({ endpoints: [`unix:${node.etcdSocket}`], surroundings });
  t.teardown(() => store.close());
  return async () => {
    const [key, end] = ['/registry/secrets/default/', '/registry/secrets/default0'].map(Buffer.from);
    const { items } = await store.range({ key: key as Buffer, end });
    return Object.fromEntries(
      items.map((item) => [
        Buffer.from(item.key).toString().split('/').at(-1),
        /^k8s:enc:aesgcm:v1:([0-9a-f]{8}):/.exec(Buffer.from(item.value).toString('latin1'))?.[1] ?? 'none',
      ]),
    );
  };
}

async function apiKeys(node: TestNode, action: 'status' | 'rotate'): Promise<ApiKeysAnswer> {
  return (await node.request('api-keys', { action })) as ApiKeysAnswer;
}

/** Asks for a token of an account that does not end. */
const tokenSecret = {
  ...{ apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/service-account-token' },
  metadata: { name: 'kept', annotations: { 'kubernetes.io/service-account.name': 'default' } },
};

/** The name of the key that has signed a token. */
function keyOf(token: string): string {
  return JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid;
}

t.test('a new key takes over when every node knows it, while Secrets are read and written', async (t) => {
  const home = t.testdir();
  const operator = makeOperator(t as Test, path.join(home, 'ada'));
  // A removal brings another CA, which a kubeconfig from before does not name.
  const later = makeOperator(t as Test, path.join(home, 'bea'));
  const { kubectl } = operator;
  const operators = [
    { name: 'ada', key: operator.key },
    { name: 'bea', key: later.key },
  ];
  const nodes = await makeNodes(t as Test, { size: 3, api: true, more: { operators } });
  const [a, b, c] = nodes as [TestNode, TestNode, TestNode];
  for (const node of nodes) node.start();
  await untilHighlyAvailable(nodes);
  await until('there is a namespace to write to', async () => {
    return (await kubectl(a, ['get', 'namespace', 'default'])).code === 0;
  });
  for (const name of ['one', 'two', 'three'])
    await kubectl(a, ['create', 'secret', 'generic', name, '--from-literal=password=hunter2']);
  const inUse = await keysInUse(t as Test, a);
  const before = await apiKeys(a, 'status');
  t.match(before, { earlier: 0, waitingFor: null });
  const under = (id: string) => ({ one: id, two: id, three: id });
  t.match(await inUse(), under(before.secrets));

  const tokenOf = async (node: TestNode, ask: typeof kubectl): Promise<string> =>
    (await ask(node, ['create', 'token', 'default', '--duration=1h'])).out.trim();
  const first = await until('there is an account', async () => (await tokenOf(a, kubectl)) || null);
  const isGood = async (node: TestNode, token: string): Promise<boolean> =>
    (await whoami(node, {}, { authorization: `Bearer ${token}` })).code === 201;
  await kubectl(a, ['create', '-f', '-'], { input: JSON.stringify(tokenSecret) });
  const stored = async (node: TestNode, ask: typeof kubectl): Promise<string> => {
    const { out } = await ask(node, ['get', 'secret', 'kept', '-o', 'jsonpath={.data.token}']);
    return Buffer.from(out, 'base64').toString();
  };
  const kept = await until('its token lies in a Secret', async () => (await stored(a, kubectl)) || null);
  const load = useUnderWay(nodes, kubectl);
  const words = ['api-keys', 'rotate', '--json', '--socket', b.socket];
  const said = JSON.parse((await run(process.execPath, [mainFile, ...words])).stdout) as ApiKeysAnswer;
  t.equal(said.secrets, before.secrets, 'the earlier one encrypts until all know the other');
  t.ok(said.waitingFor !== null);
  const after = await until('it has taken over', async () => {
    const now = await apiKeys(c, 'status');
    return now.waitingFor === null ? now : null;
  });
  t.not(after.secrets, before.secrets);
  t.equal(after.earlier, 1);
  t.ok(await isGood(c, first), 'a token of before is good as long as it was to be');
  const second = await until('another key signs', async () => {
    const made = await tokenOf(b, kubectl);
    return keyOf(made) === keyOf(first) ? null : made;
  });
  t.ok(await isGood(a, second));
  await until('every Secret lies under it', async () =>
    Object.values(await inUse()).every((id) => id === after.secrets),
  );
  const { failures, done } = await load.end();
  t.same(failures, [], `nobody noticed, in ${done} requests`);
  t.not(done, 0);

  const { leader } = await a.status();
  const infos = await Promise.all(nodes.map((node) => node.info()));
  const at = infos.findIndex(({ id }) => id !== leader);
  const [off, on] = [nodes[at] as TestNode, nodes.find((_, n) => n !== at) as TestNode];
  await off.stop('SIGKILL');
  await until('a new key waits for the one that is off', async () => {
    const now = await apiKeys(on, 'status');
    if (now.waitingFor === null) await apiKeys(on, 'rotate');
    return now.waitingFor?.length === 1 && now.waitingFor[0] === infos[at]?.name;
  });
  t.equal((await apiKeys(on, 'status')).secrets, after.secrets);
  await t.rejects(apiKeys(on, 'rotate'), { message: /on its way already/ });
  await on.request('node.remove', { node: infos[at]?.id, force: true });
  const last = await until('a removal brings another key, since who is gone knew the others', async () => {
    const now = await apiKeys(on, 'status');
    return now.waitingFor === null && now.earlier === 3 ? now : null;
  });
  await until('every Secret lies under that', async () =>
    Object.values(await (await keysInUse(t as Test, on))()).every((id) => id === last.secrets),
  );
  for (const node of nodes.filter((_, n) => n !== at)) {
    await until('tokens that who is gone could have signed are good no more', async () => {
      return !(await isGood(node, first)) && !(await isGood(node, second)) && !(await isGood(node, kept));
    });
  }
  const anew = await until('the one in a Secret is another one', async () => {
    const now = await stored(on, later.kubectl);
    return now !== '' && now !== kept ? now : null;
  });
  t.ok(await isGood(on, anew));
  t.ok(await isGood(on, await tokenOf(on, later.kubectl)));
  const read = await later.kubectl(on, ['get', 'secret', 'one', '-o', 'jsonpath={.data.password}']);
  t.match(read, { code: 0, out: 'aHVudGVyMg==' });
});

/** Reads and writes Secrets at every node until it is told to stop. */
function useUnderWay(nodes: readonly TestNode[], kubectl: ReturnType<typeof makeOperator>['kubectl']) {
  const failures: string[] = [];
  let [done, stopped] = [0, false];
  const ended = (async () => {
    for (; !stopped; done += 1) {
      const node = nodes[done % nodes.length] as TestNode;
      const words =
        done % 4 === 3
          ? ['annotate', '--overwrite', 'secret', 'two', `done=${done}`]
          : ['get', 'secrets', '-o', 'name'];
      const { code, out, err } = await kubectl(node, words);
      if (code !== 0 || !out.includes('secret/two')) failures.push(`${words[0]}: ${out}${err}`);
    }
  })();
  const end = async () => {
    stopped = true;
    await ended;
    return { failures, done };
  };
  return { end };
}
