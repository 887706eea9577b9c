import fc from 'fast-check';
import t from 'tap';
import { type RequestInfo, type ResourceRequest, readRequest } from './request-info.ts';

function read(method: string, url: string): RequestInfo | null {
  const { pathname, searchParams } = new URL(url, 'https://server');
  return readRequest(method, pathname, searchParams);
}

/** verb group/version resource/subresource/rest namespace name */
function brief(method: string, url: string): string {
  const info = read(method, url) as ResourceRequest;
  const resource = [info.resource, info.subresource, info.rest].filter((word) => word !== '').join('/');
  return `${info.verb} ${info.group}/${info.version} ${resource} [${info.namespace}] [${info.name}]`;
}

t.test('readRequest says what a request asks for', async (t) => {
  for (const [method, url, wanted] of [
    ['GET', '/api/v1/pods', 'list /v1 pods [] []'],
    ['GET', '/api/v1/namespaces/a/pods', 'list /v1 pods [a] []'],
    ['GET', '/api/v1/namespaces/a/pods?watch=true', 'watch /v1 pods [a] []'],
    ['GET', '/api/v1/namespaces/a/pods?watch=1', 'watch /v1 pods [a] []'],
    ['GET', '/api/v1/namespaces/a/pods?watch=false', 'list /v1 pods [a] []'],
    ['GET', '/api/v1/watch/namespaces/a/pods', 'watch /v1 pods [a] []'],
    ['GET', '/api/v1/watch/namespaces/a/pods/b', 'watch /v1 pods [a] [b]'],
    ['GET', '/api/v1/namespaces/a/pods/b', 'get /v1 pods [a] [b]'],
    ['HEAD', '/api/v1/namespaces/a/pods/b', 'get /v1 pods [a] [b]'],
    ['GET', '/api/v1/namespaces/a/pods/b/log?follow=true', 'get /v1 pods/log [a] [b]'],
    ['POST', '/api/v1/namespaces/a/pods/b/exec', 'create /v1 pods/exec [a] [b]'],
    ['GET', '/api/v1/namespaces/a/services/b/proxy/x/y', 'get /v1 services/proxy/x/y [a] [b]'],
    ['GET', '/api/v1/namespaces', 'list /v1 namespaces [] []'],
    ['GET', '/api/v1/namespaces/a', 'get /v1 namespaces [a] [a]'],
    ['PUT', '/api/v1/namespaces/a/finalize', 'update /v1 namespaces/finalize [a] [a]'],
    ['PATCH', '/api/v1/namespaces/a/status', 'patch /v1 namespaces/status [a] [a]'],
    ['DELETE', '/api/v1/namespaces/a/pods', 'deletecollection /v1 pods [a] []'],
    ['DELETE', '/apis/apps/v1/namespaces/a/deployments/b', 'delete apps/v1 deployments [a] [b]'],
    ['GET', '/apis/apps/v1/namespaces/a/deployments/b/scale', 'get apps/v1 deployments/scale [a] [b]'],
    ['GET', '/api/v1/pods?fieldSelector=metadata.name%3Db', 'list /v1 pods [] [b]'],
    ['GET', '/api/v1/pods?fieldSelector=spec.nodeName%3Dx,metadata.name%3D%3Db', 'list /v1 pods [] [b]'],
    ['GET', '/api/v1/pods?fieldSelector=metadata.name!%3Db', 'list /v1 pods [] []'],
    [
      'GET',
      '/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode',
      'get rbac.authorization.k8s.io/v1 clusterroles [] [system:node]',
    ],
  ] as const) {
    t.equal(brief(method, url), wanted, `${method} ${url}`);
  }
});

t.test('readRequest tells paths without a resource', async (t) => {
  for (const url of [
    '/',
    '/version',
    '/api',
    '/api/v1',
    '/apis',
    '/apis/apps',
    '/apis/apps/v1',
    '/healthz/ping',
  ]) {
    t.match(read('GET', url), { kind: 'nonResource', verb: 'get', path: url });
  }
  t.match(read('OPTIONS', '/api/v1/pods'), { kind: 'nonResource', verb: 'options' });
  t.equal(read('GET', '/api/v1/pods/%zz'), null);
});

t.test('readRequest takes any path', async () => {
  const piece = fc.constantFrom('api', 'apis', 'v1', 'namespaces', 'watch', 'pods', '', '%2F', '%', 'x');
  fc.assert(
    fc.property(
      fc.constantFrom('GET', 'POST', 'DELETE', 'TRACE', ''),
      fc.array(piece, { maxLength: 9 }),
      fc.string(),
      (method, pieces, query) => {
        readRequest(method, `/${pieces.join('/')}`, new URLSearchParams(query));
      },
    ),
  );
});
