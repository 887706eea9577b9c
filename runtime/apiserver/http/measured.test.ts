/**
 * What a served API answers against what a real API server of 1.32 answered, over HTTP: discovery, columns of tables, refusals of
 * field selectors. Every difference that is left stands here with its reason, and is printed.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import t, { type Test } from 'tap';
import { serveComponentStatuses } from '../component-statuses/component-statuses.ts';
import { openServer } from './testing/open-server.ts';

t.setTimeout(180_000);

const refusals = measured<Record<string, string>>('measured/field-selectors.json');
const columns = measured<Record<string, readonly unknown[]>>('measured/table-columns.json');
/** Differences that there may be, as they are printed, with the reason. None is left. */
const reasons: ReadonlyMap<string, string> = new Map();

/** The custom resource that the real server had when it was asked. */
const definition = {
  ...{ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' },
  metadata: { name: 'foos.ex.io' },
  spec: {
    ...{ group: 'ex.io', scope: 'Namespaced' },
    names: { plural: 'foos', singular: 'foo', kind: 'Foo', shortNames: ['fo'], categories: ['all'] },
    versions: [
      {
        ...{ name: 'v1', served: true, storage: true },
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
        subresources: {
          status: {},
          scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' },
        },
        additionalPrinterColumns: [
          { name: 'Rep', type: 'integer', jsonPath: '.spec.replicas' },
          { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
        ],
      },
    ],
  },
};

interface DiscoveredResource {
  readonly resource: string;
  readonly responseKind: Readonly<Record<'group' | 'version' | 'kind', string>>;
  readonly scope: 'Namespaced' | 'Cluster';
  readonly singularResource?: string;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly subresources?: readonly {
    readonly subresource: string;
    readonly responseKind: Readonly<Record<'group' | 'version' | 'kind', string>>;
    readonly verbs: readonly string[];
  }[];
}
interface Discovery {
  readonly items: readonly {
    readonly metadata: { readonly name?: string };
    readonly versions: readonly {
      readonly version: string;
      readonly resources: readonly DiscoveredResource[];
    }[];
  }[];
}

function measured<Value>(name: string): Value {
  return JSON.parse(readFileSync(path.join(import.meta.dirname, '../testing', name), 'utf8')) as Value;
}

/** As `WHERE: ours OURS, theirs THEIRS`. */
function differences(where: string, ours: unknown, theirs: unknown): readonly string[] {
  if (!isTree(ours) || !isTree(theirs) || Array.isArray(ours) !== Array.isArray(theirs)) {
    const [a, b] = [JSON.stringify(ours), JSON.stringify(theirs)];
    return a === b ? [] : [`${where}: ours ${a}, theirs ${b}`];
  }
  const keys = new Set([...Object.keys(ours), ...Object.keys(theirs)]);
  return [...keys].flatMap((key) => {
    const slash = where.endsWith(' ') || key.startsWith('/') ? '' : '/';
    return differences(`${where}${slash}${key}`, ours[key], theirs[key]);
  });
}

function isTree(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** None is without a reason, and no reason without a difference. */
function check(t: Test, area: string, found: readonly string[]): void {
  for (const difference of found) t.comment(`${difference} (${reasons.get(difference) ?? 'no reason'})`);
  const expected = [...reasons.keys()].filter((difference) => difference.startsWith(`${area} `));
  t.same(found.toSorted(), expected.toSorted(), `${area}: ${found.length} differences`);
}

async function openMeasured(t: Test) {
  const special = { '/componentstatuses': serveComponentStatuses([]) };
  const server = await openServer(t, { special });
  const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const made = await server.ask('POST', definitions, { body: definition });
  t.equal(made.code, 201, made.text.slice(0, 500));
  for (let tries = 0; (await server.ask('GET', '/apis/ex.io/v1/foos')).code !== 200; tries += 1) {
    if (tries > 600) throw new Error('waited in vain until the custom resource is served');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const read = async (url: string, accept = 'application/json') => {
    const { code, text } = await server.ask('GET', url, { headers: { accept } });
    return { code, body: JSON.parse(text) };
  };
  return { ...server, read };
}

const documents = {
  api: measured<Discovery>('discovery/api.json'),
  apis: measured<Discovery>('discovery/apis.json'),
};

/** Every group-version of the documents, with where its resources are served. */
const groupVersions = Object.values(documents).flatMap(({ items }) =>
  items.flatMap(({ metadata: { name: group = '' }, versions }) =>
    versions.map(({ version, resources }) => {
      const groupVersion = group === '' ? version : `${group}/${version}`;
      return {
        group,
        version,
        groupVersion,
        prefix: group === '' ? `/api/${version}` : `/apis/${groupVersion}`,
        resources,
      };
    }),
  ),
);

const listed = groupVersions.flatMap(({ groupVersion, prefix, resources }) =>
  resources
    .filter(({ verbs }) => verbs.includes('list'))
    .map(({ resource }) => ({
      name: `${groupVersion.includes('/') ? '' : '/'}${groupVersion}/${resource}`,
      url: `${prefix}/${resource}`,
    })),
);

t.test('discovery in one document', async (t) => {
  const { read, faults } = await openMeasured(t);
  for (const [name, theirs] of Object.entries(documents)) {
    for (const version of ['v2', 'v2beta1']) {
      const accept = `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
      const { body } = await read(`/${name}`, accept);
      const renamed = { ...theirs, apiVersion: `apidiscovery.k8s.io/${version}` };
      check(t, `${name} ${version}`, differences(`${name} ${version} `, body, renamed));
    }
  }
  t.same(faults, []);
});

t.test('discovery piece by piece says the same', async (t) => {
  const { read, faults } = await openMeasured(t);
  const { body: groups } = await read('/apis');
  const theirs = documents.apis.items.map(({ metadata: { name = '' }, versions }) => {
    const all = versions.map(({ version }) => ({ groupVersion: `${name}/${version}`, version }));
    return { name, versions: all, preferredVersion: all[0] };
  });
  check(
    t,
    'groups',
    differences('groups ', groups, { kind: 'APIGroupList', apiVersion: 'v1', groups: theirs }),
  );
  for (const { name, ...group } of theirs) {
    const { body } = await read(`/apis/${name}`);
    check(
      t,
      'groups',
      differences(`groups ${name}`, body, { kind: 'APIGroup', apiVersion: 'v1', name, ...group }),
    );
  }
  const found: string[] = [];
  for (const place of groupVersions) {
    const { body } = await read(place.prefix);
    const ours = (body as { resources: readonly Readonly<Record<string, unknown>>[] }).resources;
    t.match(body, { kind: 'APIResourceList', groupVersion: place.groupVersion });
    // A hash of where they are stored is in no aggregated document.
    const stripped = ours.map(({ storageVersionHash: _, ...resource }) => [resource.name, resource]);
    const wanted = place.resources
      .flatMap((resource) => pieces(place, resource))
      .map((one) => [one.name, one]);
    found.push(
      ...differences(
        `pieces ${place.groupVersion}`,
        Object.fromEntries(stripped),
        Object.fromEntries(wanted),
      ),
    );
  }
  check(t, 'pieces', found);
  t.same(faults, []);
});

/** A resource of the aggregated document as plain discovery has it, and its subresources. */
function pieces(
  place: { readonly group: string; readonly version: string },
  {
    resource,
    responseKind,
    scope,
    singularResource = '',
    verbs,
    shortNames,
    categories,
    subresources = [],
  }: DiscoveredResource,
): readonly Readonly<Record<string, unknown>>[] {
  const namespaced = scope === 'Namespaced';
  const own = {
    ...{ name: resource, singularName: singularResource, namespaced },
    ...{ ...foreign(place, responseKind), kind: responseKind.kind, verbs },
    ...(shortNames === undefined ? {} : { shortNames }),
    ...(categories === undefined ? {} : { categories }),
  };
  const others = subresources.map((one) => ({
    ...{ name: `${resource}/${one.subresource}`, singularName: '', namespaced },
    ...{ ...foreign(place, one.responseKind), kind: one.responseKind.kind, verbs: one.verbs },
  }));
  return [own, ...others];
}

/** Group and version of a kind where they are not those of the place. */
function foreign(
  place: { readonly group: string; readonly version: string },
  { group, version }: { readonly group: string; readonly version: string },
): object {
  const isOwn = (group === '' && version === '') || (group === place.group && version === place.version);
  return isOwn ? {} : { group, version };
}

t.test('columns of tables', async (t) => {
  const { read, faults } = await openMeasured(t);
  const ours: Record<string, unknown> = {};
  for (const { name, url } of listed) {
    const { body } = await read(url, 'application/json;as=Table;v=v1;g=meta.k8s.io');
    const { columnDefinitions = [] } = body as { columnDefinitions?: readonly Record<string, unknown>[] };
    ours[name] = columnDefinitions.map(({ description: _, ...column }) => column);
  }
  t.equal(Object.keys(columns).length, 53);
  check(t, 'columns', differences('columns ', ours, columns));
  t.same(faults, []);
});

t.test('refusals of field selectors', async (t) => {
  const { read, faults } = await openMeasured(t);
  const ours: Record<string, string> = {};
  for (const { name, url } of listed) {
    const { code, body } = await read(`${url}?fieldSelector=zz%3D1`);
    const { message } = body as { message: string };
    if (code === 400) ours[name] = message;
  }
  t.equal(Object.keys(refusals).length, 53);
  check(t, 'selectors', differences('selectors ', ours, refusals));
  t.same(faults, []);
});
