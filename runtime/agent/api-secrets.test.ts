/** Agents as processes on loopback: Secrets lie encrypted on every disk, and are read at every node. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import t, { type Test } from 'tap';
import { realClock } from '../datastore/clock.ts';
import { EtcdStore } from '../datastore/etcd/etcd-store.ts';
import { makeOperator } from './testing/kubectl.ts';
import { makeNodes, type TestNode, until, untilHighlyAvailable } from './testing/test-cluster.ts';

t.setTimeout(300_000);

const password = 'correct-horse-battery-staple';
const inBase64 = Buffer.from(password).toString('base64');
const key = (name: string): Uint8Array => Buffer.from(`/registry/secrets/default/${name}`);

/** The store without the encryption, as etcd's clients see it. */
function rawStore(t: Test, node: TestNode): EtcdStore {
  const surroundings = { clock: realClock, random: Math.random };
  const store = new EtcdStore({ endpoints: [`unix:${node.etcdSocket}`], surroundings });
  t.teardown(() => store.close());
  return store;
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}

/** The files that hold a text. */
function holding(nodes: readonly TestNode[], text: string): string[] {
  return nodes.flatMap((node) =>
    filesBelow(node.dataDirectory).filter((file) => readFileSync(file).includes(text)),
  );
}

t.test('a Secret lies encrypted on every disk, and every node reads it, also after a restart', async (t) => {
  const operator = makeOperator(t as Test, t.testdir());
  const operators = [{ name: operator.name, key: operator.key }];
  const nodes = await makeNodes(t as Test, { size: 3, api: true, more: { operators } });
  for (const node of nodes) node.start();
  await untilHighlyAvailable(nodes);
  const [first] = nodes as [TestNode];
  const { kubectl } = operator;
  const read = (node: TestNode, name: string) =>
    kubectl(node, ['get', 'secret', name, '-o', 'jsonpath={.data.password}']);

  await until('there is a namespace to write to', async () => {
    return (await kubectl(first, ['get', 'namespace', 'default'])).code === 0;
  });
  const made = await kubectl(first, [
    ...['create', 'secret', 'generic', 'door', `--from-literal=password=${password}`],
  ]);
  t.match(made, { code: 0, out: 'secret/door created\n' });
  await kubectl(first, ['create', 'configmap', 'sign', `--from-literal=k=beside-${password}`]);
  for (const node of nodes) t.match(await read(node, 'door'), { code: 0, out: inBase64 });
  const raw = rawStore(t as Test, first);
  const { items } = await raw.range({ key: key('door') });
  t.match(Buffer.from(items[0]?.value ?? '').toString('latin1'), /^k8s:enc:aesgcm:v1:[0-9a-f]{8}:/);

  const moved = key('moved');
  await raw.transact({
    success: [{ operation: 'put', key: moved, value: items[0]?.value ?? Buffer.of() }],
  });
  t.match(
    await read(first, 'moved'),
    { code: 1, err: /InternalError.*unable to transform key "\/registry\/secrets\/default\/moved"/s },
    'a value is good at its own place only',
  );
  await raw.transact({ success: [{ operation: 'delete', key: moved }] });
  const old = {
    ...{ kind: 'Secret', apiVersion: 'v1', type: 'Opaque', data: { password: 'b2xk' } },
    metadata: { name: 'old', namespace: 'default', uid: '0f6f2c5e-0000-4000-8000-000000000001' },
  };
  const value = Buffer.from(JSON.stringify(old));
  await raw.transact({ success: [{ operation: 'put', key: key('old'), value }] });
  t.match(await read(first, 'old'), { code: 0, out: 'b2xk' }, 'one from before is read');

  for (const node of nodes) await node.stop('SIGKILL');
  t.not(holding(nodes, `beside-${password}`).length, 0, 'a text that is not encrypted is found');
  const found = [password, inBase64].flatMap((text) =>
    holding(nodes, text).filter((file) => !holdsOnlySign(file, text)),
  );
  t.same(found, [], 'the Secret is not');

  for (const node of nodes) node.start();
  await untilHighlyAvailable(nodes);
  for (const node of nodes)
    await until('it is read again', async () => (await read(node, 'door')).out === inBase64);
  await until('what was there before there was encryption is encrypted', async () => {
    const { items: now } = await raw.range({ key: key('old') });
    return Buffer.from(now[0]?.value ?? '')
      .toString('latin1')
      .startsWith('k8s:enc:');
  });
  t.match(await read(first, 'old'), { code: 0, out: 'b2xk' });
});

/** Whether every place where the text stands in a file is the ConfigMap's. */
function holdsOnlySign(file: string, text: string): boolean {
  const bytes = readFileSync(file);
  for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + 1)) {
    if (bytes.subarray(at - 7, at).toString() !== 'beside-') return false;
  }
  return true;
}
