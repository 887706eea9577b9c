/** Agents as processes on loopback: an operator at another machine asks them, and strangers do. */
import { spawn, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import tls from 'node:tls';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { parse } from 'yaml';
import type { ClusterStatus } from '../admin/protocol.ts';
import { createCertificateAuthority, createSelfSigned } from '../cluster/certificates.ts';
import { KnownClusters } from '../operator/known-clusters.ts';
import { provideOperatorKey } from '../operator/operator-key.ts';
import { alpn } from '../peers/alpn.ts';
import { makeNodes, type TestNode, until } from './testing/test-cluster.ts';

t.setTimeout(300_000);

const mainFile = path.resolve(import.meta.dirname, '../main.ts');

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs `trivet` as a person does, without anything of this machine's own person. */
function trivet(home: string, ...words: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [mainFile, ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: home,
    env: { PATH: process.env.PATH, HOME: home, XDG_CONFIG_HOME: home },
  });
  const texts = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (texts.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (texts.err += chunk.toString()));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, ...texts })));
}

/** A person's directory, with a key that a node's configuration names. */
function makePerson(t: Test, name: string) {
  const home = path.join(t.testdirName, name);
  const { publicKey, privateKey } = provideOperatorKey(path.join(home, 'trivet'));
  return { home, publicKey, privateKey, keys: path.join(home, 'trivet') };
}

function knownIn(home: string): string[] {
  const directory = path.join(home, 'trivet/known-clusters');
  return existsSync(directory) ? readdirSync(directory) : [];
}

/** One connection as an operator's program makes it; what came back before it was closed, in bytes. */
async function knock(
  node: TestNode,
  own: { privateKey: string; certificate: string } | null,
  bytes: Uint8Array,
): Promise<number> {
  const [host = '', port = ''] = node.address.split(':');
  return new Promise((resolve) => {
    let received = 0;
    const socket = tls.connect({
      ...{ host, port: Number(port), ALPNProtocols: [alpn.operator], rejectUnauthorized: false },
      ...(own === null ? {} : { key: own.privateKey, cert: own.certificate }),
    });
    socket.once('secureConnect', () => socket.write(bytes));
    socket.on('data', (chunk: Buffer) => (received += chunk.length));
    socket.on('error', () => {});
    socket.once('close', () => resolve(received));
    setTimeout(() => socket.destroy(), 3_000).unref();
  });
}

t.test(
  'an operator sees a machine that waits, then the cluster, and gets a kubeconfig of its CA',
  async (t) => {
    t.testdir({});
    const { home, publicKey } = makePerson(t, 'home');
    const operators = [{ name: 'ada', key: publicKey }];
    const nodes = await makeNodes(t, { size: 4, more: { operators } });
    const [first, second, third, fourth] = nodes as [TestNode, TestNode, TestNode, TestNode];
    first.start();
    const blank = await until('the machine that waits answers', async () => {
      const answer = await trivet(home, 'status', '--server', first.address);
      return answer.code === 0 ? answer : null;
    });
    t.match(blank.out, /^high-availability: no\n/);
    t.match(blank.out, /this node: .*, blank\n/);
    const { self } = await first.status();
    t.match(self.fingerprint, /^[0-9a-f]{64}$/);
    t.ok(self.fingerprint?.startsWith(self.id), 'the id is its beginning');
    t.match(blank.out, `answered:  key SHA256:${self.fingerprint} (nothing else proves who this is`);
    t.same(knownIn(home), [], 'which is nothing to remember');
    const known = new KnownClusters(path.join(home, 'trivet'));
    const { certificate } = await createCertificateAuthority('old', '0011223344556677');
    const old = { name: 'old', clusterName: 'old', clusterId: '0011223344556677', servers: [first.address] };
    known.save({ ...old, ca: certificate });
    const strange = await trivet(home, 'status', '--server', first.address);
    t.match(strange, {
      code: 0,
      err: /the cluster old was met before\. What answers now is a member of none/,
    });
    rmSync(known.fileOf('old'));
    const none = await trivet(home, 'kubeconfig', '--server', first.address);
    t.match(none, { code: 1, out: '', err: /not a member of a cluster yet/ });

    for (const node of nodes.slice(1)) node.start();
    const waited = await trivet(home, 'status', '--server', first.address, '--wait-ha', '--json');
    t.equal(waited.code, 0);
    t.match(waited.err, /first use: the cluster test is known from now on by its CA, SHA256:[0-9a-f]{64}/);
    const status = JSON.parse(waited.out) as ClusterStatus;
    t.match(status, { highAvailability: true, clusterName: 'test', self: { id: self.id, state: 'member' } });
    t.ok('system' in status, 'with the part of the machine');
    t.same(knownIn(home), ['test.json']);
    await until('the fourth is a member', async () => (await first.status()).nodes.length === 4);

    const file = path.join(home, 'kubeconfig');
    for (const node of [second, fourth]) {
      const made = await trivet(home, 'kubeconfig', '--server', node.address, '--out', file, '--force');
      t.equal(made.code, 0, made.err);
      t.notMatch(made.err, 'first use', 'another node of the cluster is known by its CA');
      t.match(made.err, /It names 4 nodes, each as a context/);
    }
    t.equal(statSync(file).mode & 0o777, 0o600);
    t.match(await trivet(home, 'kubeconfig', '--server', second.address, '--out', file), {
      code: 2,
      err: /exists/,
    });
    checkKubeconfig(t, readFileSync(file, 'utf8'), home);
    // Not even a member of the cluster has to be believed: the node is named by its key.
    const fingerprint = (await third.status()).self.fingerprint ?? '';
    const right = await trivet(
      home,
      'status',
      '--server',
      third.address,
      '--fingerprint',
      `SHA256:${fingerprint}`,
    );
    t.equal(right.code, 0);
    const other = await trivet(home, 'status', '--server', second.address, '--fingerprint', fingerprint);
    t.match(other, { code: 1, out: '', err: /the fingerprint of its key is [0-9a-f]{64}, not / });
    const misnamed = await trivet(home, 'status', '--server', second.address, '--cluster', 'shop');
    t.match(misnamed, { code: 1, err: /of the cluster that is known here as test/ });
  },
);

function checkKubeconfig(t: Test, text: string, directory: string): void {
  const config = parse(text);
  const at = (name: string): string => path.join(directory, name);
  const decode = (field: string): string => Buffer.from(field, 'base64').toString();
  const { cluster } = config.clusters[0];
  const { user } = config.users[0];
  t.match(config, { kind: 'Config', 'current-context': 'test', users: [{ name: 'ada@test' }] });
  t.match(cluster, { server: 'https://127.0.0.1:6443', 'tls-server-name': 'kubernetes' });
  writeFileSync(at('ca.pem'), decode(cluster['certificate-authority-data']));
  writeFileSync(at('client.pem'), decode(user['client-certificate-data']));
  writeFileSync(at('client.key'), decode(user['client-key-data']));
  const words = ['verify', '-purpose', 'sslclient', '-CAfile', at('ca.pem'), at('client.pem')];
  t.match(spawnSync('openssl', words, { encoding: 'utf8' }), { status: 0, stdout: /client\.pem: OK/ });
  const certificate = new X509Certificate(readFileSync(at('client.pem')));
  t.equal(certificate.subject, 'CN=ada\nO=system:masters');
  t.notMatch(certificate.subjectAltName, /node/, 'it speaks for no node');
}

t.test('a key that nobody named is refused, counted and slowed, and the right one is not', async (t) => {
  t.testdir({});
  const operator = makePerson(t, 'home');
  const stranger = makePerson(t, 'stranger');
  const operators = [{ name: 'ada', key: operator.publicKey }];
  const [node, closed] = await makeNodes(t, {
    size: 2,
    moreOf: (index) => (index === 0 ? { operators } : {}),
    expect: 1,
    clusterOf: (index) => ({ name: `test-${index}`, secret: 'a secret for tests, long enough', expect: 1 }),
  });
  node!.start();
  closed!.start();
  await until('it is a member', async () => (await node!.status()).self.state === 'member');
  const refused = await trivet(stranger.home, 'status', '--server', node!.address);
  t.match(refused, {
    code: 1,
    out: '',
    err: /It knows no operator with this key\..*The key that asked is .*SHA256:/,
  });
  t.same(knownIn(stranger.home), []);
  const certificate = await createSelfSigned(stranger.privateKey, 'operator');
  const own = { privateKey: stranger.privateKey, certificate };
  const knocks = await Promise.all(Array.from({ length: 80 }, () => knock(node!, own, Buffer.from('x'))));
  const explained = knocks.filter((received) => received > 0).length;
  t.ok(explained >= 25 && explained < 60, `${explained} of 80 were told why, the others nothing`);
  t.equal(await knock(node!, null, Buffer.from('x')), 0, 'without any key too');
  t.match(
    (await node!.status()).warnings.join(),
    /127\.0\.0\.1 asked 8\d times with a key that is no operator's/,
  );
  const right = await trivet(operator.home, 'status', '--server', node!.address);
  t.equal(right.code, 0, right.err);
  await until('the other one is a member', async () => (await closed!.status()).self.state === 'member');
  const noDoor = await trivet(operator.home, 'status', '--server', closed!.address);
  t.match(noDoor, { code: 1, err: /or a node whose configuration names no operators/ });
});

t.test(
  'what an operator’s program sends is data: garbage changes nothing, and nothing else is answered',
  async (t) => {
    t.testdir({});
    const operator = makePerson(t, 'home');
    const [node] = await makeNodes(t, {
      size: 1,
      expect: 1,
      more: { operators: [{ name: 'ada', key: operator.publicKey }] },
    });
    node!.start();
    await until('it is a member', async () => (await node!.status()).self.state === 'member');
    const own = { ...operator, certificate: await createSelfSigned(operator.privateKey, 'operator') };
    const frame = (text: string): Buffer => {
      const json = Buffer.from(text);
      const head = Buffer.alloc(8);
      head.writeUInt32BE(json.length + 4, 0);
      head.writeUInt32BE(json.length, 4);
      return Buffer.concat([head, json]);
    };
    await until('a key is written', () => node!.put('key', 'value'));
    const everything = (): Promise<unknown> => node!.request('kv.get', { key: '', prefix: true });
    const itemsOf = async (): Promise<unknown> => ((await everything()) as { items: unknown }).items;
    const before = await itemsOf();
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.uint8Array({ maxLength: 2_000 }),
          fc.json().map(frame),
          fc
            .record({ id: fc.nat(), method: fc.string(), params: fc.object() })
            .map((value) => frame(JSON.stringify(value))),
        ),
        async (bytes) => {
          const sent = knock(node!, own, bytes);
          const strange = knock(node!, null, bytes);
          await Promise.race([sent, new Promise((resolve) => setTimeout(resolve, 50))]);
          await Promise.race([strange, new Promise((resolve) => setTimeout(resolve, 50))]);
        },
      ),
      { numRuns: 60 },
    );
    for (const method of ['kv.put', 'node.remove', 'cluster.sealingKey', 'system.reset', 'constructor']) {
      const answer = await knock(node!, own, frame(JSON.stringify({ id: 1, method, params: {} })));
      t.ok(answer > 0 && answer < 200, `${method}: a refusal of ${answer} bytes`);
    }
    t.same(await itemsOf(), before);
    t.match((await node!.status()).nodes, [{ role: 'voter' }], 'and the cluster is what it was');
    t.ok(node!.running);
    t.equal((await trivet(operator.home, 'status', '--server', node!.address)).code, 0);
  },
);

t.test(
  'the CA is pinned: another one is refused with what to do, one that takes its place is followed',
  async (t) => {
    t.testdir({});
    const { home, publicKey } = makePerson(t, 'home');
    const operators = [{ name: 'ada', key: publicKey }];
    const nodes = await makeNodes(t, {
      size: 3,
      more: { operators },
      clusterOf: (index) => ({
        ...{
          name: 'test',
          secret: `a secret for tests, number ${index === 2 ? 2 : 0}`,
          expect: index === 2 ? 1 : 2,
        },
      }),
    });
    for (const node of nodes) node.start();
    await until('both clusters are there', async () => {
      const states = await Promise.all(nodes.map((node) => node.status()));
      return states.every(({ self, leader }) => self.state === 'member' && leader !== null);
    });
    const [first, second, stranger] = nodes as [TestNode, TestNode, TestNode];
    t.equal((await trivet(home, 'status', '--server', first.address)).code, 0);
    const refused = await trivet(home, 'status', '--server', stranger.address);
    t.match(refused, {
      code: 1,
      out: '',
      err: /the cluster test is known by the CA SHA256:.*Somebody may stand between.*remove .*test\.json/,
    });
    const named = await trivet(home, 'status', '--server', stranger.address, '--cluster', 'other-site');
    t.match(named, { code: 0, err: /the cluster other-site is known from now on/ });
    t.same(knownIn(home), ['other-site.json', 'test.json']);
    const pinned = (): string =>
      JSON.parse(readFileSync(path.join(home, 'trivet/known-clusters/test.json'), 'utf8')).ca;
    const old = pinned();

    // Twice, with nobody asking meanwhile: the first CA is forgotten by then.
    for (let change = 0; change < 2; change += 1) {
      await until('a new CA is begun', () => first.request('ca', { action: 'rotate' }));
      await until('it is in force alone', async () => {
        const { waitingFor } = (await second.request('ca', { action: 'status' })) as { waitingFor: unknown };
        return waitingFor === null;
      });
    }
    const followed = await trivet(home, 'status', '--server', second.address);
    t.equal(followed.code, 0, followed.err);
    t.notMatch(followed.err, 'first use');
    t.not(pinned(), old, 'the present one is pinned');
    t.equal((await trivet(home, 'status', '--server', first.address, '--cluster', 'test')).code, 0);
  },
);

t.test('usage', async (t) => {
  const home = t.testdir({});
  t.match(await trivet(home, 'status', '--server', '127.0.0.1:1'), {
    code: 1,
    err: /operator\.key cannot be read/,
  });
  t.match(await trivet(home, 'kubeconfig'), { code: 2, err: /needs --server/ });
  t.match(await trivet(home, 'status', '--cluster', 'x'), { code: 2, err: /--server ADDRESS/ });
  const { keys } = makePerson(t, 'person');
  t.match(await trivet(home, 'status', '--keys', keys, '--server', '127.0.0.1:1'), {
    code: 1,
    err: /cannot be reached/,
  });
  t.match(await trivet(home, 'status', '--keys', keys, '--server', '127.0.0.1:1', '--fingerprint', 'ab'), {
    code: 2,
  });
  t.match(await trivet(home, 'status', '--keys', keys, '--server', '127.0.0.1:1', '--cluster', '../x'), {
    code: 2,
  });
});
