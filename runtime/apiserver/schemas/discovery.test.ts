/** What is generated against the discovery documents that a real API server of 1.32 gave. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { readGenerated, typesFile } from './generated-files.ts';
import { openApiV3, unpacked } from './openapi.ts';
import { Registry } from './registry.ts';

interface Kind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}
interface Resource {
  readonly resource: string;
  readonly responseKind: Kind;
  readonly scope: 'Namespaced' | 'Cluster';
  readonly verbs: readonly string[];
  readonly subresources?: readonly {
    readonly subresource: string;
    readonly responseKind: Kind;
    readonly verbs: readonly string[];
  }[];
}
interface Discovery {
  readonly items: readonly {
    readonly metadata: { readonly name?: string };
    readonly versions: readonly { readonly version: string; readonly resources: readonly Resource[] }[];
  }[];
}

const registry = new Registry(readGenerated(typesFile).toString('utf8'));

/** One of the documents was taken while a custom resource of this group was there. */
const customGroup = 'ex.io';

const groupVersions = ['api', 'apis']
  .flatMap((name) => {
    const file = path.join(import.meta.dirname, `../testing/discovery/${name}.json`);
    const { items } = JSON.parse(readFileSync(file, 'utf8')) as Discovery;
    return items.flatMap(({ metadata, versions }) =>
      versions.map((version) => ({ group: metadata.name ?? '', ...version })),
    );
  })
  .filter(({ group }) => group !== customGroup);

function prefixOf({ group, version }: { readonly group: string; readonly version: string }): string {
  return group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
}

/** An empty group or version in a document is that of the place it stands in. */
function kindOf(kind: Kind, place: { readonly group: string; readonly version: string }): Kind {
  const isOwn = kind.group === '' && kind.version === '';
  return isOwn ? { ...place, kind: kind.kind } : kind;
}

t.test('the registry knows every kind of the discovery documents', async (t) => {
  t.equal(groupVersions.length, 21);
  const resources = groupVersions.flatMap((place) =>
    place.resources.map((resource) => ({ place, resource })),
  );
  t.equal(resources.length, 59);
  const kinds = resources.flatMap(({ place, resource }) =>
    [resource, ...(resource.subresources ?? [])].map(({ responseKind }) => kindOf(responseKind, place)),
  );
  t.equal(kinds.length, 59 + 42);
  t.same(
    kinds.filter((kind) => registry.kind(kind) === null),
    [],
  );
});

t.test('registry.kind tells kinds of the same name apart, and finds those of every group', async (t) => {
  const event = (group: string): string | undefined =>
    registry.kind({ group, version: 'v1', kind: 'Event' })?.name;
  t.equal(event(''), 'io.k8s.api.core.v1.Event');
  t.equal(event('events.k8s.io'), 'io.k8s.api.events.v1.Event');
  t.equal(event('apps'), undefined);
  const options = registry.kind({ group: 'apps', version: 'v1', kind: 'DeleteOptions' });
  t.equal(options?.name, 'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions');
  t.equal(registry.type('io.k8s.api.core.v1.Nothing'), null);
  t.equal(registry.type('Nothing'), null);
  t.ok(registry.kinds().length > 250);
});

/** What a verb is in a document, by the method and the path behind the resource's. */
const methods: Readonly<Record<string, readonly [string, '' | '/{name}']>> = {
  create: ['post', ''],
  delete: ['delete', '/{name}'],
  deletecollection: ['delete', ''],
  get: ['get', '/{name}'],
  list: ['get', ''],
  patch: ['patch', '/{name}'],
  update: ['put', '/{name}'],
};

t.test('OpenAPI v3 has a path for every resource, and for its verbs alone', async (t) => {
  const documents = new Map(openApiV3().map((document) => [document.name, document]));
  for (const place of groupVersions) {
    const prefix = prefixOf(place);
    const document = documents.get(prefix.slice(1));
    if (document === undefined) {
      t.fail(`there is no document ${prefix}`);
      continue;
    }
    t.match(document.hash, /^[0-9A-F]{128}$/);
    const { paths } = JSON.parse(unpacked(document.gzip()).toString('utf8')) as {
      paths: Record<string, Record<string, unknown>>;
    };
    const found = Object.entries(paths).flatMap(([name, item]) =>
      Object.keys(item)
        .filter((key) => key !== 'parameters')
        .map((method) => `${method} ${name}`),
    );
    const wanted = new Set(place.resources.flatMap((resource) => operationsOf(prefix, resource)));
    const isOther = (operation: string): boolean =>
      // Watches by a path of their own are deprecated, and what is in all namespaces follows from the rest.
      operation.includes('/watch/') || operation === `get ${prefix}/`;
    const allNamespaces = new Set(place.resources.map(({ resource }) => `get ${prefix}/${resource}`));
    t.same(
      [...wanted].filter((operation) => !found.includes(operation)).sort(),
      [],
      `${prefix} lacks nothing`,
    );
    const surplus = found.filter(
      (operation) => !wanted.has(operation) && !isOther(operation) && !allNamespaces.has(operation),
    );
    t.same(
      surplus.filter((operation) => !isProxyOrStream(operation)).sort(),
      [],
      `${prefix} has nothing more`,
    );
  }
});

/** Connecting takes every method; discovery names only some. */
function isProxyOrStream(operation: string): boolean {
  return /\/(proxy|exec|attach|portforward)(\/\{path\})?$/.test(operation);
}

function operationsOf(prefix: string, { resource, scope, verbs, subresources }: Resource): readonly string[] {
  const base =
    scope === 'Namespaced' ? `${prefix}/namespaces/{namespace}/${resource}` : `${prefix}/${resource}`;
  const own = verbs.flatMap((verb) => {
    const method = methods[verb];
    return method === undefined ? [] : [`${method[0]} ${base}${method[1]}`];
  });
  const others = (subresources ?? []).flatMap(({ subresource, verbs: some }) =>
    some.flatMap((verb) => {
      const method = methods[verb];
      return method === undefined ? [] : [`${method[0]} ${base}/{name}/${subresource}`];
    }),
  );
  return [...own, ...others];
}
