/** A server of another API group, as people run one behind a service: HTTPS, clients' certificates, objects, watches. */
import { createPrivateKey, webcrypto } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import type { Test } from 'tap';

export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** Of the client's certificate, where the server's authority for proxies vouches for it. */
  readonly commonName: string;
}

export interface ExtensionServer {
  readonly port: number;
  /** In PEM: whoever trusts it believes that this is the server of the service. */
  readonly authority: string;
  readonly asked: readonly Asked[];
  /** Watches that go on. */
  readonly watching: () => number;
  /** Connections that speak something else. */
  readonly upgraded: () => number;
  /** Tells those who watch. */
  readonly tell: (name: string) => void;
  /** Answers everything with this code; null: as usual. */
  fault: number | null;
  /** Tells all that it has at once. */
  aggregates: boolean;
  readonly close: () => Promise<void>;
}

export interface ExtensionOptions {
  readonly group: string;
  /** `NAME.NAMESPACE.svc` */
  readonly serverName: string;
  /** Of the certificates of proxies, in PEM; asked when it starts. Default: it asks for none. */
  readonly proxyAuthority?: string;
}

const version = 'v1alpha1';
const curve = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** Serves `widgets` of `GROUP/v1alpha1`. */
export async function openExtensionServer(t: Test, options: ExtensionOptions): Promise<ExtensionServer> {
  const { group, serverName, proxyAuthority } = options;
  const { certificate, privateKey } = await makeCertificate(serverName);
  const asked: Asked[] = [];
  const watches = new Set<ServerResponse>();
  const upgraded = new Set<Duplex>();
  const state = { fault: null as number | null, aggregates: true };
  const server = https.createServer({
    ...{ key: privateKey, cert: certificate },
    ...(proxyAuthority === undefined
      ? {}
      : { ca: proxyAuthority, requestCert: true, rejectUnauthorized: true }),
  });
  server.on('request', async (request, response) => {
    let body = '';
    for await (const piece of request) body += String(piece);
    const { method = '', url = '', headers } = request;
    const { subject } = (request.socket as TLSSocket).getPeerCertificate?.() ?? {};
    asked.push({ method, url, headers, body, commonName: String(subject?.CN ?? '') });
    const send = (code: number, object: object): void => {
      response.writeHead(code, { 'content-type': 'application/json', 'x-own': 'yes' });
      response.end(JSON.stringify(object));
    };
    if (state.fault !== null)
      return send(state.fault, { kind: 'Status', apiVersion: 'v1', code: state.fault });
    const { pathname, searchParams } = new URL(url, 'https://own');
    if (searchParams.get('watch') === 'true') return follow(response);
    if (method === 'POST') return send(201, JSON.parse(body) as object);
    const found = documentOf(group, pathname, state.aggregates && (headers.accept ?? '').includes('v=v2;'));
    if (found === null)
      return send(404, {
        kind: 'Status',
        apiVersion: 'v1',
        status: 'Failure',
        code: 404,
        reason: 'NotFound',
        message: 'own words',
      });
    send(200, found);
  });
  // Speaks `echo`: says again what it is told.
  server.on('upgrade', (request, socket: Duplex, head: Buffer): void => {
    const { method = '', url = '', headers } = request;
    asked.push({ method, url, headers, body: '', commonName: '' });
    const protocol = String(headers.upgrade);
    if (protocol === 'nonsense')
      return void socket.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 4\r\n\r\nnone');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\nX-Own: yes\r\n\r\n`,
    );
    if (head.length > 0) socket.unshift(head);
    upgraded.add(socket);
    socket.once('close', () => upgraded.delete(socket));
    socket.on('error', () => {}).pipe(socket);
  });
  const follow = (response: ServerResponse): void => {
    watches.add(response);
    response.once('close', () => watches.delete(response));
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of upgraded) socket.destroy();
      server.closeAllConnections();
    });
  t.teardown(close);
  return Object.assign(state, {
    ...{ port: (server.address() as AddressInfo).port, authority: certificate, asked, close },
    watching: () => watches.size,
    upgraded: () => upgraded.size,
    tell: (name: string) => {
      const object = widget(group, name);
      for (const response of watches) response.write(`${JSON.stringify({ type: 'ADDED', object })}\n`);
    },
  });
}

function documentOf(group: string, path: string, isAggregated: boolean): object | null {
  const groupVersion = `${group}/${version}`;
  if (path === '/apis' && isAggregated) {
    const responseKind = { group: '', version: '', kind: 'Widget' };
    const resource = {
      ...{ resource: 'widgets', responseKind, scope: 'Namespaced', singularResource: 'widget' },
      ...{ verbs: ['get', 'list', 'watch', 'create'], shortNames: ['wd'] },
    };
    const versions = [{ version, resources: [resource], freshness: 'Current' }];
    const items = [{ metadata: { name: group, creationTimestamp: null }, versions }];
    return { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', metadata: {}, items };
  }
  if (path === '/openapi/v3') {
    return {
      paths: { [`apis/${groupVersion}`]: { serverRelativeURL: `/openapi/v3/apis/${groupVersion}?hash=AB` } },
    };
  }
  if (path === '/openapi/v2') {
    const schema = { $ref: '#/definitions/Widget' };
    const paths = [`/apis/${groupVersion}/widgets`, '/version'];
    return {
      swagger: '2.0',
      paths: Object.fromEntries(paths.map((one) => [one, { get: { responses: { 200: { schema } } } }])),
      definitions: { Widget: { type: 'object' }, Unused: { type: 'object' } },
    };
  }
  if (path === `/openapi/v3/apis/${groupVersion}`)
    return { openapi: '3.0.0', info: { title: 'own' }, paths: {} };
  if (path === `/apis/${groupVersion}`) {
    const own = { namespaced: true, kind: 'Widget' };
    const resources = [
      {
        name: 'widgets',
        singularName: 'widget',
        ...own,
        verbs: ['get', 'list', 'watch', 'create'],
        shortNames: ['wd'],
      },
      { name: 'widgets/status', singularName: '', ...own, verbs: ['get'] },
    ];
    return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources };
  }
  const items = [widget(group, 'one'), widget(group, 'two')];
  const metadata = { resourceVersion: '7' };
  if (/\/widgets$/.test(path)) return { kind: 'WidgetList', apiVersion: groupVersion, metadata, items };
  return items.find((item) => path.endsWith(`/widgets/${item.metadata.name}`)) ?? null;
}

function widget(group: string, name: string) {
  const metadata = {
    name,
    namespace: 'default',
    resourceVersion: '7',
    creationTimestamp: '2026-01-01T00:00:00Z',
  };
  return { kind: 'Widget', apiVersion: `${group}/${version}`, metadata, spec: { size: 3 } };
}

/** Signed by its own key, and so its own authority. */
export async function makeCertificate(name: string) {
  const keys = await webcrypto.subtle.generateKey(curve, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...{ serialNumber: '01', name: [{ CN: [name] }], signingAlgorithm: curve, keys },
    ...{ notBefore: new Date('2020-01-01T00:00:00Z'), notAfter: new Date('2050-01-01T00:00:00Z') },
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: name }])],
  });
  const der = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  const privateKey = createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' });
  return {
    certificate: certificate.toString('pem'),
    privateKey: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  };
}
