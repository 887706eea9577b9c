/** An agent as a process, a server of another API group, and a real kubectl that asks for what is there. */
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t from 'tap';
import { openExtensionServer } from '../apiserver/aggregation/testing/extension-server.ts';
import { makeOperator } from './testing/kubectl.ts';
import { makeNodes, type TestNode, until } from './testing/test-cluster.ts';

t.setTimeout(300_000);

function askThrough(socketPath: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = http.get({ socketPath, path, headers: { host: 'localhost' } }, async (response) => {
      let text = '';
      for await (const piece of response) text += String(piece);
      resolve(text);
    });
    request.once('error', reject);
  });
}

/** What comes back of a word that is said on a connection which has become another protocol's. */
function echoThrough(socketPath: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { host: 'localhost', connection: 'Upgrade', upgrade: 'websocket' };
    const request = http.get({ socketPath, path, headers });
    request.once('error', reject);
    request.once('response', ({ statusCode }) => reject(new Error(`it was answered with ${statusCode}`)));
    request.once('upgrade', (_, socket) => {
      socket.once('data', (piece: Buffer) => {
        socket.destroy();
        resolve(piece.toString());
      });
      socket.write('hello');
    });
  });
}

const group = 'things.example.com';
const apiService = `v1alpha1.${group}`;

t.test(
  'kubectl finds what another server has, asks it and watches it, and is told when it is gone',
  async (t) => {
    const operator = makeOperator(t, t.testdir());
    const operators = [{ name: operator.name, key: operator.key }];
    const [node] = (await makeNodes(t, { size: 1, expect: 1, api: true, more: { operators } })) as [TestNode];
    node.start();
    const kubectl = (...words: string[]) => operator.kubectl(node, words);
    const apply = (...items: object[]) =>
      operator.kubectl(node, ['apply', '-f', '-'], {
        input: JSON.stringify({ kind: 'List', apiVersion: 'v1', items }),
      });

    const local = await until('what is built in has its APIServices', async () => {
      const said = await kubectl('get', 'apiservices', 'v1.', 'v1.apps', 'v2.autoscaling');
      return said.code === 0 ? said.out : null;
    });
    t.match(local, /^v1\.apps +Local +True +\S+$/m);

    const authority = await until('others are told whom to believe', async () => {
      const words = ['-n', 'kube-system', 'configmap', 'extension-apiserver-authentication', '-o', 'json'];
      const said = await kubectl('get', ...words);
      return said.code === 0 ? (JSON.parse(said.out).data as Record<string, string>) : null;
    });
    t.equal(authority['requestheader-allowed-names'], '["front-proxy-client"]');
    t.not(authority['requestheader-client-ca-file'], authority['client-ca-file']);
    const extension = await openExtensionServer(t, {
      ...{ group, serverName: 'things.default.svc' },
      proxyAuthority: authority['requestheader-client-ca-file'] as string,
    });
    const place = { namespace: 'default', name: 'things' };
    const service = { ...place, port: extension.port };
    const made = await apply(
      // Endpoints may not be on the machine itself; a name may.
      {
        kind: 'Service',
        apiVersion: 'v1',
        metadata: place,
        spec: { type: 'ExternalName', externalName: 'localhost' },
      },
      {
        ...{ kind: 'APIService', apiVersion: 'apiregistration.k8s.io/v1', metadata: { name: apiService } },
        spec: {
          ...{ group, version: 'v1alpha1', service, groupPriorityMinimum: 2000, versionPriority: 10 },
          caBundle: Buffer.from(extension.authority).toString('base64'),
        },
      },
    );
    t.equal(made.code, 0, made.err);
    const waited = await kubectl(
      'wait',
      '--for=condition=Available',
      `apiservice/${apiService}`,
      '--timeout=60s',
    );
    t.equal(waited.code, 0, waited.err);
    const listed = await kubectl('get', 'apiservice', apiService);
    t.match(listed.out, /default\/things +True +/);

    const found = await until('its resources are known', async () => {
      const said = await kubectl('api-resources', '--api-group', group, '--no-headers');
      return said.out.includes('widgets') ? said.out : null;
    });
    t.match(found, /^widgets +wd +things\.example\.com\/v1alpha1 +true +Widget$/m);
    const widgets = await kubectl('get', 'wd', '-o', 'name');
    t.match(widgets, { code: 0, out: `widget.${group}/one\nwidget.${group}/two\n` });
    const asked = extension.asked.find(({ headers }) => headers['x-remote-user'] === 'ada');
    t.match(asked, { commonName: 'front-proxy-client', headers: { 'x-remote-group': /system:masters/ } });
    const watch = await operator.follow(node, ['get', 'widgets', '--watch-only', '-o', 'name']);
    await until('kubectl watches', async () => extension.watching() > 0);
    extension.tell('three');
    await until('kubectl is told', async () => watch.said().out.includes(`widget.${group}/three`));
    await watch.end();

    const metrics = await kubectl('get', '--raw', '/metrics');
    t.match(
      metrics.out,
      /^apiserver_request_total\{verb="LIST",dry_run="",group="apiregistration\.k8s\.io",.* [1-9]/m,
    );
    t.match(metrics.out, /^trivet_datastore_is_leader 1$/m);
    t.match(metrics.out, /^workqueue_adds_total\{name="local API services"\} [1-9]/m);
    t.match(
      metrics.out,
      /^apiserver_storage_objects\{resource="apiservices\.apiregistration\.k8s\.io"\} [1-9]/m,
    );

    const components = await kubectl('get', 'componentstatuses');
    t.match(components.err, /v1 ComponentStatus is deprecated in v1\.19\+/);
    t.match(components.out, /^etcd-0 +Healthy +ok *$/m);
    t.match(components.out, /^controller-manager +Healthy +ok *$/m);
    t.match(components.out, /^scheduler +Unhealthy +nobody holds the lease kube-system\/kube-scheduler/m);

    const directory = mkdtempSync(path.join(tmpdir(), 'trivet-proxy-'));
    t.teardown(() => rmSync(directory, { recursive: true }));
    const socketPath = path.join(directory, 'p');
    const proxy = await operator.follow(node, ['proxy', `--unix-socket=${socketPath}`]);
    await until('kubectl proxy listens', async () => proxy.said().out.includes('Starting to serve'));
    for (const [asked, said] of [
      ['/version', /"gitVersion": "v1\.32\.3\+trivet/],
      ['/livez/ping', /^ok$/],
      [`/apis/${group}/v1alpha1/namespaces/default/widgets/one`, /"kind":"Widget"/],
    ] as const) {
      t.match(await askThrough(socketPath, asked), said, asked);
    }
    const echoed = await echoThrough(
      socketPath,
      `/apis/${group}/v1alpha1/namespaces/default/widgets/one/echo`,
    );
    t.equal(echoed, 'hello', 'a WebSocket comes through both of them');
    await proxy.end();

    await extension.close();
    const before = Date.now();
    await kubectl('get', 'widgets');
    await until('it is known to be gone', async () => {
      const words = ['-o', 'jsonpath={.status.conditions[0].reason}'];
      return (await kubectl('get', 'apiservice', apiService, ...words)).out === 'FailedDiscoveryCheck';
    });
    t.comment(`known after ${Date.now() - before} ms`);
    const refused = await kubectl('get', 'widgets');
    t.match(refused, { code: 1, err: /the server is currently unable to handle the request/ });
    t.equal((await kubectl('create', 'namespace', 'shop')).code, 0);
    t.equal((await kubectl('delete', 'namespace', 'shop', '--wait=false')).code, 0);
    const why = 'jsonpath={.status.conditions[?(@.type=="NamespaceDeletionDiscoveryFailure")].message}';
    await until('the namespace says what holds it up', async () => {
      const said = await kubectl('get', 'namespace', 'shop', '-o', why);
      return said.out.includes(`${group}/v1alpha1: stale GroupVersion discovery`);
    });
    t.equal((await kubectl('delete', 'apiservice', apiService)).code, 0);
    const gone = await kubectl('wait', '--for=delete', 'namespace/shop', '--timeout=60s');
    t.equal(gone.code, 0, gone.err);
  },
);
