/** Agents as processes on loopback, and a real kubectl that asks each of them. */
import { webcrypto } from 'node:crypto';
import path from 'node:path';
import 'reflect-metadata';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import t, { type Test } from 'tap';
import { makeOperator, type Said } from './testing/kubectl.ts';
import { makeNodes, type TestNode, until, untilHighlyAvailable } from './testing/test-cluster.ts';

t.setTimeout(300_000);

t.test('kubectl works against every node, and goes on with another when one is lost', async (t) => {
  const operator = makeOperator(t, t.testdir());
  const operators = [{ name: operator.name, key: operator.key }];
  const nodes = await makeNodes(t, { size: 3, api: true, more: { operators } });
  for (const node of nodes) node.start();
  const { leader } = await untilHighlyAvailable(nodes);
  const infos = await Promise.all(nodes.map(async (node) => ({ node, id: (await node.status()).self.id })));
  const leading = infos.find(({ id }) => id === leader)?.node as TestNode;
  const [second, third] = nodes.filter((node) => node !== leading) as [TestNode, TestNode];
  const { kubectl } = operator;

  for (const node of nodes) {
    const version = await kubectl(node, ['version', '-o', 'json']);
    t.equal(version.code, 0, version.err);
    t.match(JSON.parse(version.out), {
      clientVersion: { gitVersion: 'v1.32.3' },
      serverVersion: { major: '1', minor: '32', gitVersion: /^v1\.32\.3\+trivet\./ },
    });
  }
  const listed = await until('every node is there as one', async () => {
    const said = await kubectl(second, ['get', 'nodes', '-o', 'jsonpath={.items[*].metadata.name}']);
    return said.out.split(' ').length === 3 ? said.out.split(' ') : null;
  });
  const { nodes: known } = await second.status();
  t.same(listed, known.map(({ name }) => name).toSorted(), 'by its name in the cluster');
  const namespace = await kubectl(second, ['create', 'namespace', 'shop']);
  t.match(namespace, { code: 0, out: 'namespace/shop created\n' });
  const watch = await operator.follow(third, ['get', 'configmaps', '-n', 'shop', '--watch', '-o', 'name']);
  const created = await kubectl(second, ['create', 'configmap', 'a', '-n', 'shop', '--from-literal=k=v']);
  t.match(created, { code: 0, out: 'configmap/a created\n' });
  for (const node of nodes) {
    const read = await kubectl(node, ['get', 'configmap', 'a', '-n', 'shop', '-o', 'jsonpath={.data.k}']);
    t.match(read, { code: 0, out: 'v' }, 'what one has confirmed, all show');
  }
  await until('the watch on the third has told it', async () => watch.said().out.includes('configmap/a'));

  await leading.stop('SIGKILL');
  const later = await until('a survivor takes a write', async () => {
    const said = await kubectl(third, ['create', 'configmap', 'b', '-n', 'shop', '--from-literal=k=w']);
    return said.code === 0 || said.err.includes('AlreadyExists') ? said : null;
  });
  t.ok(later);
  const left = await kubectl(second, ['get', 'configmaps', '-n', 'shop', '-o', 'name']);
  t.match(left, { code: 0, out: 'configmap/a\nconfigmap/b\n' });
  await until('the same watch goes on', async () => watch.said().out.includes('configmap/b'));
});

t.test('a node that holds no data serves it all the same', async (t) => {
  const operator = makeOperator(t, t.testdir());
  const operators = [{ name: operator.name, key: operator.key }];
  const roles = { voters: 1, standbys: 0 };
  const nodes = await makeNodes(t, { size: 2, expect: 2, api: true, more: { operators, roles } });
  for (const node of nodes) node.start();
  const { nodes: known } = await until('both are members, one of them a spare', async () => {
    const status = await (nodes[0] as TestNode).status();
    return status.nodes.some(({ role }) => role === 'spare') ? status : null;
  });
  const spareId = known.find(({ role }) => role === 'spare')?.id;
  const ids = await Promise.all(nodes.map(async (node) => (await node.status()).self.id));
  const spare = nodes[ids.indexOf(spareId ?? '')] as TestNode;
  await until('there is a namespace to write to', async () => {
    return (await operator.kubectl(spare, ['get', 'namespace', 'default'])).code === 0;
  });
  const made = await operator.kubectl(spare, ['create', 'configmap', 'a', '--from-literal=k=v']);
  t.match(made, { code: 0, out: 'configmap/a created\n' });
  const read = await operator.kubectl(spare, ['get', 'configmap', 'a', '-o', 'jsonpath={.data.k}']);
  t.match(read, { code: 0, out: 'v' });
  await t.test('and has certificates signed by others', (t) =>
    asksForCertificate(t, (words, input = '') => operator.kubectl(spare, words, { input })),
  );
});

type Kubectl = (words: readonly string[], input?: string) => Promise<Said>;

/** A person's key is signed by the cluster when an operator approves, and nobody becomes an administrator by it. */
async function asksForCertificate(t: Test, kubectl: Kubectl): Promise<void> {
  const certificateOf = (name: string) =>
    until(`the certificate of ${name}`, async () => {
      const said = await kubectl(['get', 'csr', name, '-o', 'jsonpath={.status.certificate}']);
      return said.out === '' ? null : Buffer.from(said.out, 'base64').toString();
    });
  const jane = await makeKey('CN=jane, O=developers');
  const sent = await kubectl(['create', '-f', '-'], JSON.stringify(certificateRequest('jane', jane.request)));
  t.match(sent, { code: 0, out: /jane created/ });
  t.match(await kubectl(['certificate', 'approve', 'jane']), { code: 0, out: /jane approved/ });
  const config = JSON.parse((await kubectl(['config', 'view', '--raw', '--minify', '-o', 'json'])).out);
  config.users[0].user = {
    'client-key-data': Buffer.from(jane.privateKey).toString('base64'),
    'client-certificate-data': Buffer.from(await certificateOf('jane')).toString('base64'),
  };
  const directory = t.testdir({ kubeconfig: JSON.stringify(config) });
  const asJane = ['--kubeconfig', path.join(directory, 'kubeconfig')];
  const whoami = await kubectl(['auth', 'whoami', '-o', 'json', ...asJane]);
  t.match(JSON.parse(whoami.out || '{}'), {
    status: { userInfo: { username: 'jane', groups: ['developers', 'system:authenticated'] } },
  });
  t.match(await kubectl(['get', 'secrets', '-A', ...asJane]), { code: 1, err: /User "jane" cannot list/ });

  const bad = await makeKey('CN=eve');
  const eve = certificateRequest('eve', bad.request, ['client auth', 'cert sign']);
  t.match(await kubectl(['create', '-f', '-'], JSON.stringify(eve)), { code: 0 });
  t.match(await kubectl(['certificate', 'approve', 'eve']), { code: 0 });
  const failed = '{.status.conditions[?(@.type=="Failed")].message}';
  await until('it is refused', async () =>
    (await kubectl(['get', 'csr', 'eve', '-o', `jsonpath=${failed}`])).out.includes('cert sign'),
  );
}

async function makeKey(name: string): Promise<{ readonly privateKey: string; readonly request: string }> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const made = await Pkcs10CertificateRequestGenerator.create({ name, keys, signingAlgorithm: algorithm });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const privateKey = `-----BEGIN PRIVATE KEY-----\n${pkcs8.toString('base64')}\n-----END PRIVATE KEY-----\n`;
  return { privateKey, request: Buffer.from(made.toString('pem')).toString('base64') };
}

function certificateRequest(name: string, request: string, usages = ['client auth']): object {
  return {
    ...{ apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata: { name } },
    spec: { request, usages, signerName: 'kubernetes.io/kube-apiserver-client', expirationSeconds: 3600 },
  };
}
