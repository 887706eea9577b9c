import t from 'tap';
import { type RequestInfo, readRequest } from '../request/request-info.ts';
import { attributesOf, forbiddenRequest } from './attributes.ts';
import { makeUser } from './testing/objects.ts';

const jane = makeUser('jane');

function read(method: string, target: string): ReturnType<typeof attributesOf> {
  const url = new URL(target, 'https://x');
  const info = readRequest(method, url.pathname, url.searchParams) as RequestInfo;
  return attributesOf(jane, info, url.searchParams);
}

t.test('attributesOf says what a request asks for', async (t) => {
  t.same(read('GET', '/api/v1/namespaces/d/pods?fieldSelector=spec.nodeName%3Dn1'), {
    ...{ kind: 'resource', user: jane, verb: 'list', group: '', version: 'v1', resource: 'pods' },
    ...{ subresource: '', namespace: 'd', name: '' },
    fields: [{ field: 'spec.nodeName', equal: true, value: 'n1' }],
  });
  t.match(read('GET', '/api/v1/pods?fieldSelector=nonsense'), { fields: [] });
  t.match(read('POST', '/apis/apps/v1/namespaces/d/deployments?fieldSelector=a%3Db'), {
    verb: 'create',
    fields: [],
  });
  t.same(read('GET', '/healthz'), { kind: 'nonResource', user: jane, verb: 'get', path: '/healthz' });
});

t.test('forbiddenRequest speaks as the real server', async (t) => {
  for (const [method, target, message] of [
    [
      'GET',
      '/api/v1/namespaces/d/pods',
      'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "d"',
    ],
    [
      'GET',
      '/api/v1/namespaces/d/pods/a/log',
      'pods "a" is forbidden: User "jane" cannot get resource "pods/log" in API group "" in the namespace "d"',
    ],
    [
      'DELETE',
      '/apis/apps/v1/namespaces/d/deployments/a',
      'deployments.apps "a" is forbidden: User "jane" cannot delete resource "deployments" in API group "apps" in the namespace "d"',
    ],
    [
      'GET',
      '/api/v1/nodes',
      'nodes is forbidden: User "jane" cannot list resource "nodes" in API group "" at the cluster scope',
    ],
    ['GET', '/metrics', 'forbidden: User "jane" cannot get path "/metrics"'],
    ['GET', '/a<b>&', 'forbidden: User "jane" cannot get path "/a%3Cb%3E&amp;"'],
  ] as const) {
    const error = forbiddenRequest(read(method, target), '');
    t.equal(error.message, message);
    t.equal(error.code, 403);
  }
  const reason = 'RBAC: clusterrole.rbac.authorization.k8s.io "x" not found';
  const error = forbiddenRequest(read('GET', '/apis/apps/v1/namespaces/d/deployments/a'), reason);
  t.ok(error.message.endsWith(`in the namespace "d": ${reason}`));
  t.same(error.details, { name: 'a', group: 'apps', kind: 'deployments' });
});
