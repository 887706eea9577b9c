/** Discovery against what a real API server of 1.32 answered. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { builtInGroupVersions } from '../resources/built-in.ts';
import { aggregatedDiscovery, etagOf } from './aggregated.ts';
import { apiGroup, apiGroupList, apiResourceList, apiVersions } from './plain.ts';

/** What is theirs and not ours, with the reason. */
const theirsAlone: ReadonlyMap<string, string> = new Map([
  ['ex.io', 'the custom resource of the test that asked the real server'],
]);

interface Document {
  readonly items: readonly { readonly metadata: { readonly name?: string } }[];
}
function measured(name: 'api' | 'apis'): Document {
  const file = path.join(import.meta.dirname, `../testing/discovery/${name}.json`);
  const document = JSON.parse(readFileSync(file, 'utf8')) as Document;
  return {
    ...document,
    items: document.items.filter(({ metadata }) => !theirsAlone.has(metadata.name ?? '')),
  };
}

const core = builtInGroupVersions.filter(({ group }) => group === '');
const others = builtInGroupVersions.filter(({ group }) => group !== '');

t.test('aggregatedDiscovery gives what the real server gives, in its order and with its bytes', async (t) => {
  for (const [name, ours] of [
    ['api', core],
    ['apis', others],
  ] as const) {
    const document = aggregatedDiscovery(ours, 'v2');
    t.same(document, measured(name));
    t.equal(JSON.stringify(document), JSON.stringify(measured(name)), 'fields come in the same order');
  }
  t.equal(aggregatedDiscovery(core, 'v2beta1').apiVersion, 'apidiscovery.k8s.io/v2beta1');
});

t.test('etagOf changes with the document and is quoted', async (t) => {
  const [a, b] = [core, others].map((part) => etagOf(JSON.stringify(aggregatedDiscovery(part, 'v2'))));
  t.match(a, /^"[0-9A-F]{128}"$/);
  t.not(a, b);
});

t.test('plain discovery names groups and versions', async (t) => {
  t.same(apiVersions(builtInGroupVersions, '10.0.0.1:6443'), {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: '10.0.0.1:6443' }],
  });
  const { groups } = apiGroupList(builtInGroupVersions);
  t.same(
    groups.map(({ name }) => name),
    measured('apis').items.map(({ metadata }) => metadata.name),
  );
  t.same(apiGroup(builtInGroupVersions, 'autoscaling'), {
    kind: 'APIGroup',
    apiVersion: 'v1',
    name: 'autoscaling',
    versions: [
      { groupVersion: 'autoscaling/v2', version: 'v2' },
      { groupVersion: 'autoscaling/v1', version: 'v1' },
    ],
    preferredVersion: { groupVersion: 'autoscaling/v2', version: 'v2' },
  });
  t.equal(apiGroup(builtInGroupVersions, ''), null);
  t.equal(apiGroup(builtInGroupVersions, 'nothing'), null);
});

t.test('apiResourceList lists resources and subresources by name', async (t) => {
  for (const groupVersion of builtInGroupVersions) {
    const names = apiResourceList(groupVersion).resources.map(({ name }) => name);
    t.same(names, names.toSorted(), `${groupVersion.group}/${groupVersion.version}`);
  }
  const list = apiResourceList(core[0]!);
  t.notOk('apiVersion' in list, 'the core group has none');
  const find = (name: string): unknown => list.resources.find((item) => item.name === name);
  t.same(find('pods/eviction'), {
    ...{ name: 'pods/eviction', singularName: '', namespaced: true },
    ...{ group: 'policy', version: 'v1', kind: 'Eviction', verbs: ['create'] },
  });
  t.same(find('pods/binding'), {
    ...{ name: 'pods/binding', singularName: '', namespaced: true, kind: 'Binding', verbs: ['create'] },
  });
});

t.test('storageVersionHash is the one of real clusters, also where another version is stored', async (t) => {
  const hashes = new Map(
    builtInGroupVersions.flatMap((groupVersion) => {
      const { groupVersion: name, resources } = apiResourceList(groupVersion);
      return resources.map((resource) => [`${name}/${resource.name}`, resource.storageVersionHash] as const);
    }),
  );
  for (const [name, hash] of [
    ['v1/pods', 'xPOwRZ+Yhw8='],
    ['v1/namespaces', 'Q3oi5N2YM8M='],
    ['apps/v1/deployments', '8aSe+NMegvE='],
    ['v1/events', 'r2yiGXH7wu8='],
    ['events.k8s.io/v1/events', 'r2yiGXH7wu8='],
    ['autoscaling/v1/horizontalpodautoscalers', 'qwQve8ut294='],
    ['autoscaling/v2/horizontalpodautoscalers', 'qwQve8ut294='],
    ['v1/pods/status', undefined],
    ['v1/componentstatuses', undefined],
    ['authentication.k8s.io/v1/tokenreviews', undefined],
  ] as const) {
    t.equal(hashes.get(name), hash, name);
  }
});
