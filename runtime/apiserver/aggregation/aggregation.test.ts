import { generateKeyPairSync } from 'node:crypto';
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import t, { type Test } from 'tap';
import {
  createCertificateAuthority,
  createProxyIdentity,
  issueOperatorCertificate,
} from '../../cluster/certificates.ts';
import { allowMasters } from '../authorization/authorizer.ts';
import { noAdmission } from '../handlers/admission.ts';
import { openServer, until } from '../http/testing/open-server.ts';
import { builtInGroupVersions } from '../resources/built-in.ts';
import { checkService } from './check-service.ts';
import { type Aggregation, openAggregation } from './open-aggregation.ts';
import type { RemoteService } from './remote-services.ts';
import type { ProxyIdentity } from './service-caller.ts';
import { openExtensionServer } from './testing/extension-server.ts';

const group = 'things.example.com';
const root = `/apis/${group}/v1alpha1`;
const below = `${root}/namespaces/default/widgets`;
const user = {
  name: 'jané',
  uid: 'u-1',
  groups: ['system:masters', 'devs'],
  extra: { 'example.com/a': ['x', 'y'] },
};

interface Opening {
  /** In place of that of the proxies. */
  readonly identity?: ProxyIdentity;
  readonly insecure?: boolean;
  readonly authority?: string;
}

/** A server, one of another group, and the APIService between them. */
async function open(t: Test, { identity, insecure = false, authority }: Opening = {}) {
  const own = await createProxyIdentity('0011223344556677', 'front-proxy-client');
  const extension = await openExtensionServer(t, {
    ...{ group, serverName: 'things.default.svc', proxyAuthority: own.authority },
  });
  const parts: { aggregation?: Aggregation } = {};
  const unreachable: string[] = [];
  const opened = await openServer(
    t,
    {
      access: {
        authenticate: async ({ headers: { authorization } }) => ({
          ...{ kind: 'user', audiences: [] },
          user: authorization === 'stranger' ? { ...user, groups: [] } : user,
        }),
        authorizer: async () => allowMasters,
        admission: () => noAdmission,
      },
    },
    (store) => {
      parts.aggregation = openAggregation({
        ...{ store, identity: () => identity ?? own, onUnreachable: (name) => unreachable.push(name) },
        resolve: async () => ({ host: '127.0.0.1', port: extension.port }),
        isBuiltIn: (group, version) =>
          builtInGroupVersions.some((one) => one.group === group && one.version === version),
      });
      return { aggregation: parts.aggregation };
    },
  );
  const aggregation = parts.aggregation as Aggregation;
  t.teardown(() => aggregation.close());
  const trust = insecure
    ? { insecureSkipTLSVerify: true }
    : { caBundle: Buffer.from(authority ?? extension.authority).toString('base64') };
  const service = { namespace: 'default', name: 'things', port: 443 };
  const spec = {
    group,
    version: 'v1alpha1',
    service,
    groupPriorityMinimum: 2000,
    versionPriority: 10,
    ...trust,
  };
  const metadata = { name: `v1alpha1.${group}` };
  const body = { kind: 'APIService', apiVersion: 'apiregistration.k8s.io/v1', metadata, spec };
  const services = '/apis/apiregistration.k8s.io/v1/apiservices';
  const made = await opened.ask('POST', services, { body });
  t.equal(made.code, 201, made.text);
  const available = async (status: 'True' | 'False'): Promise<void> => {
    const condition = { type: 'Available', status, reason: 'Test', message: '' };
    const path = `${services}/${metadata.name}`;
    const { text } = await opened.ask('GET', path);
    const object = { ...JSON.parse(text), status: { conditions: [condition] } };
    const { code } = await opened.ask('PUT', `${path}/status`, { body: object });
    t.equal(code, 200);
    await until(`it is known to be ${status}`, () => {
      const service = aggregation.versions()[0]?.service;
      return service?.isAvailable === (status === 'True');
    });
  };
  await until('the APIService is known', () => aggregation.versions().length === 1);
  return { ...opened, extension, aggregation, available, services, unreachable };
}

t.test(
  'a request of another group goes to its server, with who asks and nothing that the client says of it',
  async (t) => {
    const { ask, extension, available } = await open(t);
    await available('True');
    const headers = {
      ...{ 'x-remote-user': 'root', 'x-remote-group': 'system:masters', 'X-Remote-Extra-Scopes': 'all' },
      ...{ authorization: 'mine', 'x-forwarded-for': '192.0.2.9', 'x-own-question': 'a', cookie: 'c=1' },
      ...{ connection: 'x-hop', 'x-hop': 'b', 'x-remote-uid': 'u-0', accept: 'application/json' },
    };
    const listed = await ask('GET', `${below}?labelSelector=a%3Db`, { headers });
    t.match(JSON.parse(listed.text), { kind: 'WidgetList', items: [{ metadata: { name: 'one' } }, {}] });
    t.match(listed, { code: 200, headers: { 'x-own': 'yes', 'audit-id': /.+/ } });
    const seen = extension.asked.find(({ url }) => url === `${below}?labelSelector=a%3Db`);
    t.equal(seen?.commonName, 'front-proxy-client');
    t.equal(seen?.headers['audit-id'], listed.headers['audit-id'], 'both write of the same request');
    t.match(seen?.headers, {
      ...{
        'x-remote-user': Buffer.from('jané').toString('latin1'),
        'x-remote-uid': 'u-1',
        'x-remote-group': 'system:masters, devs',
      },
      ...{ 'x-remote-extra-example.com%2fa': 'x, y', 'x-own-question': 'a', host: 'things.default.svc' },
    });
    for (const name of ['authorization', 'x-remote-extra-scopes', 'x-hop', 'cookie', 'impersonate-user']) {
      t.notOk(name in (seen?.headers ?? {}), name);
    }
    t.not(seen?.headers['x-forwarded-for'], '192.0.2.9');
  },
);

t.test('bodies go to the other server, errors come from it, over either version of HTTP', async (t) => {
  const { ask, extension, available, connect2 } = await open(t);
  await available('True');
  const body = { kind: 'Widget', metadata: { name: 'three' }, data: 'x'.repeat(300_000) };
  const made = await ask('POST', below, { body, headers: { 'content-type': 'application/json' } });
  t.equal(made.code, 201);
  t.same(JSON.parse(made.text), body);
  const missing = await ask('GET', `${below}/none`);
  t.match(JSON.parse(missing.text), { code: 404, message: 'own words' });
  const session = connect2();
  const text = await new Promise<string>((resolve, reject) => {
    const stream = session.request({ ':method': 'POST', ':path': below, 'content-type': 'application/json' });
    let received = '';
    stream.on('data', (piece: Buffer) => (received += piece.toString()));
    stream.once('error', reject);
    stream.once('end', () => resolve(received));
    stream.end(JSON.stringify(body));
  });
  t.same(JSON.parse(text), body);
  t.equal(extension.asked.filter(({ method }) => method === 'POST').length, 2);
});

t.test('a watch is told as it goes, and ends there when the client leaves', async (t) => {
  const { open: start, extension, available } = await open(t);
  await available('True');
  const watch = start('GET', `${below}?watch=true`);
  let told = '';
  watch.once('response', (response) => response.on('data', (piece: Buffer) => (told += piece.toString())));
  watch.on('error', () => {});
  watch.end();
  await until('it watches', () => extension.watching() === 1);
  extension.tell('four');
  await until('it is told', () => told.includes('"four"'));
  extension.tell('five');
  await until('it is told again', () => told.includes('"five"'));
  watch.destroy();
  await until('nobody watches', () => extension.watching() === 0);
});

/** Resolves with the connection, or with the answer of who stays with HTTP. */
function upgrade(
  request: ClientRequest,
): Promise<{ head: IncomingMessage; socket: Duplex | null; text: string }> {
  return new Promise((resolve, reject) => {
    request.once('error', reject);
    request.once('upgrade', (head, socket) => resolve({ head, socket, text: '' }));
    request.once('response', (head) => {
      let text = '';
      head.on('data', (piece: Buffer) => (text += piece.toString()));
      head.once('end', () => resolve({ head, socket: null, text }));
    });
    request.end();
  });
}

t.test('a connection becomes one of another protocol, and ends on both sides', async (t) => {
  const { open: start, extension, available } = await open(t);
  await available('True');
  const mine = 'base64url.bearer.authorization.k8s.io.bWluZQ';
  for (const protocol of ['websocket', 'SPDY/3.1']) {
    const headers = {
      ...{ connection: 'Upgrade', upgrade: protocol, 'sec-websocket-protocol': `${mine}, v5.channel.k8s.io` },
      ...{ authorization: 'mine', 'x-remote-user': 'root' },
    };
    const { head, socket } = await upgrade(start('POST', `${below}/one/echo?a=b`, headers));
    t.match(head, { statusCode: 101, headers: { upgrade: protocol, 'x-own': 'yes', 'audit-id': /.+/ } });
    let told = '';
    socket?.on('data', (piece: Buffer) => (told += piece.toString()));
    socket?.write('x'.repeat(300_000));
    await until('all of it came back', () => told.length === 300_000);
    t.equal(extension.upgraded(), 1);
    socket?.destroy();
    await until('the other server knows that it is over', () => extension.upgraded() === 0);
    const seen = extension.asked.at(-1);
    t.match(seen, {
      url: `${below}/one/echo?a=b`,
      headers: { 'x-remote-group': 'system:masters, devs', 'sec-websocket-protocol': 'v5.channel.k8s.io' },
    });
    t.notOk('authorization' in (seen?.headers ?? {}));
    t.not(seen?.headers['x-remote-user'], 'root');
  }
});

t.test('an upgrade that is refused, here or there, is an answer like any other', async (t) => {
  const { open: start, extension, available, ask } = await open(t);
  await available('True');
  const refused = await upgrade(start('GET', `${below}/one`, { connection: 'Upgrade', upgrade: 'nonsense' }));
  t.match(refused, { head: { statusCode: 400 }, text: 'none' });
  const asked = extension.asked.length;
  const stranger = { connection: 'Upgrade', upgrade: 'websocket', authorization: 'stranger' };
  const forbidden = await upgrade(start('GET', `${below}/one`, stranger));
  t.match(forbidden.head, { statusCode: 403 });
  t.equal(extension.asked.length, asked);
  for (const path of ['/apis/apps/v1/deployments', '/api/v1/pods', '/version']) {
    const own = await upgrade(start('GET', path, { connection: 'Upgrade', upgrade: 'websocket' }));
    t.match(own.head, { statusCode: 200 }, `${path} is answered as it was asked`);
  }
  const body = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'a', namespace: 'default' } };
  const headers = { connection: 'Upgrade', upgrade: 'h2c', 'content-type': 'application/json' };
  t.equal((await ask('POST', '/api/v1/namespaces/default/configmaps', { body, headers })).code, 201);
  const elsewhere = extension.asked.length;
  await extension.close();
  const late = await upgrade(start('GET', `${below}/one`, { connection: 'Upgrade', upgrade: 'websocket' }));
  t.match(late, { head: { statusCode: 503 }, text: /^error trying to reach service: .*ECONNREFUSED/ });
  t.equal(extension.asked.length, elsewhere);
});

t.test('who may not is refused here, and the other server hears nothing of it', async (t) => {
  const { ask, extension, available } = await open(t);
  await available('True');
  const before = extension.asked.filter(({ url }) => url.startsWith(below)).length;
  const refused = await ask('GET', below, { headers: { authorization: 'stranger' } });
  t.match(JSON.parse(refused.text), {
    code: 403,
    message: /cannot list resource "widgets" in API group "things/,
  });
  t.equal(extension.asked.filter(({ url }) => url.startsWith(below)).length, before);
});

t.test('a path that the other server could read otherwise is not handed on', async (t) => {
  const { ask, extension, available } = await open(t);
  await available('True');
  for (const more of ['/one%2Fstatus', '/one/../two', '/one/%2e%2e/two', '//one', '/a%5Cb']) {
    const answer = await ask('GET', `${below}${more}`);
    t.match(answer, { code: 400, text: /a slash within a segment/ }, more);
  }
  t.notOk(extension.asked.some(({ url }) => url.startsWith(below)));
  t.equal((await ask('GET', `${below}/one`)).code, 200);
});

t.test('what is not available is answered at once, and what cannot be reached with the reason', async (t) => {
  const { ask, extension, available, unreachable } = await open(t);
  const early = await ask('GET', below);
  t.match(early, { code: 503, text: 'service unavailable\n' });
  await available('True');
  await extension.close();
  const late = await ask('GET', below);
  t.match(late, { code: 503, text: /^error trying to reach service: .*ECONNREFUSED/ });
  t.same(unreachable, [`v1alpha1.${group}`]);
});

t.test('a server that is not the one that was meant gets no request', async (t) => {
  const other = await createCertificateAuthority('other', '0011223344556677');
  const { ask, extension, available, aggregation } = await open(t, { authority: other.certificate });
  await available('True');
  const answer = await ask('GET', below);
  t.match(answer, { code: 503, text: /^error trying to reach service: .*(self-signed|unable to verify)/ });
  t.same(extension.asked, []);
  const [service] = aggregation.versions().map(({ service }) => service) as [RemoteService];
  t.match(
    await checkService(aggregation.caller, service),
    /^failing or missing response from https:\/\/things\.default\.svc:443\/apis\/things\.example\.com\/v1alpha1: /,
  );
});

t.test('insecureSkipTLSVerify believes any server', async (t) => {
  const { ask, available } = await open(t, { insecure: true });
  await available('True');
  t.equal((await ask('GET', below)).code, 200);
});

t.test('an operator certificate of the cluster is no proxy to the other server', async (t) => {
  const authority = await createCertificateAuthority('c', '0011223344556677');
  const keys = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const publicKey = keys.publicKey.toString('base64');
  const operator = { clusterId: '0011223344556677', name: 'front-proxy-client', publicKey };
  const certificate = await issueOperatorCertificate(authority, operator, 0);
  const { ask, extension, available } = await open(t, {
    identity: { certificate, privateKey: keys.privateKey },
  });
  await available('True');
  t.equal((await ask('GET', below)).code, 503, 'although it has the name that counts');
  t.same(extension.asked, []);
});

const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

t.test(
  'discovery tells of the other server, at its place, and remembers it while it is silent',
  async (t) => {
    const { ask, extension, aggregation, available, faults } = await open(t);
    await available('True');
    const whole = async () =>
      JSON.parse((await ask('GET', '/apis', { headers: { accept: aggregated } })).text);
    await until('it is known what there is', () => aggregation.versions()[0]?.freshness === 'Current');
    const found = (await whole()).items.find(
      ({ metadata }: { metadata: { name: string } }) => metadata.name === group,
    );
    const current = {
      version: 'v1alpha1',
      freshness: 'Current',
      resources: [{ resource: 'widgets', shortNames: ['wd'] }],
    };
    t.match(found, { versions: [current] });
    const plain = JSON.parse((await ask('GET', '/apis')).text);
    const groups: readonly string[] = plain.groups.map(({ name }: { readonly name: string }) => name);
    t.equal(groups.at(-1), group, 'behind all that are built in');
    t.equal(groups[0], 'apiregistration.k8s.io');
    const one = JSON.parse((await ask('GET', `/apis/${group}`)).text);
    t.match(one, { kind: 'APIGroup', preferredVersion: { groupVersion: `${group}/v1alpha1` } });
    t.match(JSON.parse((await ask('GET', root)).text), {
      kind: 'APIResourceList',
      resources: [{ name: 'widgets' }, {}],
    });
    const index = JSON.parse((await ask('GET', '/openapi/v3')).text);
    const { serverRelativeURL } = index.paths[`apis/${group}/v1alpha1`];
    t.match(JSON.parse((await ask('GET', serverRelativeURL)).text), { info: { title: 'own' } });
    const swagger = JSON.parse((await ask('GET', '/openapi/v2')).text);
    t.match(swagger.paths[`/apis/${group}/v1alpha1/widgets`], { get: {} });
    t.match(swagger.definitions.Widget, { type: 'object' });
    t.ok('/api/v1/namespaces/{namespace}/pods' in swagger.paths, 'beside all that is its own');
    t.notOk('Unused' in swagger.definitions);
    extension.fault = 500;
    await available('False');
    await until('it is stale', () => aggregation.versions()[0]?.freshness === 'Stale');
    const later = (await whole()).items.find(
      ({ metadata }: { metadata: { name: string } }) => metadata.name === group,
    );
    t.match(later, { versions: [{ ...current, freshness: 'Stale' }] });
    t.same(faults, []);
  },
);

t.test('a server that does not tell all at once is asked piece by piece', async (t) => {
  const { extension, aggregation, available } = await open(t);
  extension.aggregates = false;
  await available('True');
  await until('it is known what there is', () => aggregation.versions()[0]?.freshness === 'Current');
  t.match(aggregation.versions()[0]?.resources, [
    {
      ...{ resource: 'widgets', scope: 'Namespaced', singularResource: 'widget', shortNames: ['wd'] },
      responseKind: { group, version: 'v1alpha1', kind: 'Widget' },
      subresources: [{ subresource: 'status', verbs: ['get'] }],
    },
  ]);
});

t.test('checkService passes what answers, and says what the code was of what does not', async (t) => {
  const { extension, aggregation } = await open(t);
  const [service] = aggregation.versions().map(({ service }) => service) as [RemoteService];
  t.equal(await checkService(aggregation.caller, service), null);
  t.match(extension.asked.find(({ url }) => url === root)?.headers, {
    'x-remote-user': 'system:kube-aggregator',
  });
  extension.fault = 418;
  const url = `https://things.default.svc:443${root}`;
  t.equal(
    await checkService(aggregation.caller, service),
    `failing or missing response from ${url}: bad status from ${url}: 418`,
  );
});

t.test('an APIService cannot take what is built in away from this server', async (t) => {
  const { ask, services, extension, available } = await open(t);
  await available('True');
  const service = { namespace: 'default', name: 'things', port: 443 };
  const spec = {
    group: 'apps',
    version: 'v1',
    service,
    groupPriorityMinimum: 2000,
    versionPriority: 10,
    insecureSkipTLSVerify: true,
  };
  const body = {
    kind: 'APIService',
    apiVersion: 'apiregistration.k8s.io/v1',
    metadata: { name: 'v1.apps' },
    spec,
  };
  t.equal((await ask('POST', services, { body })).code, 201);
  t.match(JSON.parse((await ask('GET', '/apis/apps/v1/deployments')).text), { kind: 'DeploymentList' });
  t.notOk(extension.asked.some(({ url }) => url.startsWith('/apis/apps')));
});

t.test('without an APIService nothing is handed on any more', async (t) => {
  const { ask, services, aggregation, available } = await open(t);
  await available('True');
  await ask('DELETE', `${services}/v1alpha1.${group}`);
  await until('it is gone', () => aggregation.versions().length === 0);
  t.equal((await ask('GET', below)).code, 404);
  t.equal((await ask('GET', `/apis/${group}`)).code, 404);
});
