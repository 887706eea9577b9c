import t from 'tap';
import { builtInGroupVersions, equivalents, findResource } from './built-in.ts';
import type { Resource } from './resource.ts';

const all = builtInGroupVersions.flatMap(({ resources }) => resources);
function find(group: string, version: string, resource: string): Resource {
  const found = findResource(builtInGroupVersions, { group, version, resource });
  if (found === null) throw new Error(`there is no ${group}/${version}/${resource}`);
  return found;
}

t.test('the built-in resources are the default surface of 1.32', async (t) => {
  t.equal(builtInGroupVersions.length, 21);
  t.equal(all.length, 59);
  t.equal(all.flatMap(({ subresources }) => subresources).length, 42);
  t.equal(findResource(builtInGroupVersions, { group: 'apps', version: 'v1', resource: 'pods' }), null);
  t.equal(findResource(builtInGroupVersions, { group: 'apps', version: 'v9', resource: 'x' }), null);
});

t.test('objects lie where a stock API server has them', async (t) => {
  // pkg/kubeapiserver/default_storage_factory_builder.go, test/integration/etcd/data.go
  const odd = new Map([
    ['/nodes', '/registry/minions/'],
    ['/services', '/registry/services/specs/'],
    ['/endpoints', '/registry/services/endpoints/'],
    ['/replicationcontrollers', '/registry/controllers/'],
    ['networking.k8s.io/ingresses', '/registry/ingress/'],
    ['apiregistration.k8s.io/apiservices', '/registry/apiregistration.k8s.io/apiservices/'],
    [
      'apiextensions.k8s.io/customresourcedefinitions',
      '/registry/apiextensions.k8s.io/customresourcedefinitions/',
    ],
  ]);
  for (const { group, resource, storage } of all) {
    if (storage === null) continue;
    const expected = odd.get(`${group}/${resource}`) ?? `/registry/${resource}/`;
    t.equal(storage.prefix, expected, `${group}/${resource}`);
  }
});

t.test('no prefix lies within another one', async (t) => {
  const prefixes = new Set(all.flatMap(({ storage }) => storage?.prefix ?? []));
  for (const a of prefixes) {
    t.same(
      [...prefixes].filter((b) => a !== b && b.startsWith(a)),
      [],
      a,
    );
  }
});

t.test('what is asked and forgotten is not stored', async (t) => {
  t.same(
    all.filter(({ storage }) => storage === null).map(({ resource }) => resource),
    [
      ...['bindings', 'componentstatuses', 'selfsubjectreviews', 'tokenreviews'],
      ...['localsubjectaccessreviews', 'selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
      'subjectaccessreviews',
    ],
  );
});

t.test('equivalents finds the other names of the same objects', async (t) => {
  const core = find('', 'v1', 'events');
  const own = find('events.k8s.io', 'v1', 'events');
  t.same(equivalents(builtInGroupVersions, core), [own]);
  t.same(equivalents(builtInGroupVersions, own), [core]);
  t.same(own.storage, core.storage);
  const v1 = find('autoscaling', 'v1', 'horizontalpodautoscalers');
  t.same(equivalents(builtInGroupVersions, v1), [find('autoscaling', 'v2', 'horizontalpodautoscalers')]);
  t.equal(v1.storage?.kind.version, 'v2');
  t.same(equivalents(builtInGroupVersions, find('', 'v1', 'pods')), []);
  t.same(equivalents(builtInGroupVersions, find('', 'v1', 'bindings')), []);
});
