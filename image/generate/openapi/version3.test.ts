/** What clients read in the OpenAPI v3 documents. */
import t from 'tap';
import { openApiV3, unpacked } from '../../../runtime/apiserver/schemas/openapi.ts';

interface Document {
  readonly components: { readonly schemas: Readonly<Record<string, Record<string, unknown>>> };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Record<string, unknown>>>>>;
}

const documents = new Map(openApiV3().map((document) => [document.name, document]));

function read(name: string): Document {
  return JSON.parse(unpacked(documents.get(name)!.gzip()).toString('utf8')) as Document;
}

t.test('there is a document for each group-version, each group, and what is common', async (t) => {
  const names = [...documents.keys()];
  t.equal(names.filter((name) => /^(api|apis\/[^/]+)\/v\d+$/.test(name)).length, 21);
  for (const name of [
    'api',
    'apis',
    'apis/apps',
    'version',
    '.well-known/openid-configuration',
    'openid/v1/jwks',
  ]) {
    t.ok(names.includes(name), name);
  }
});

t.test('every reference in every document is to a schema of that document', async (t) => {
  for (const name of documents.keys()) {
    const document = read(name);
    const schemas = document.components.schemas ?? {};
    const referred = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, to]) => to!);
    const missing = referred.filter((to) => schemas[to.replace('#/components/schemas/', '')] === undefined);
    t.same([...new Set(missing)], [], name);
  }
});

t.test('kubectl apply finds kind, validation and merge keys', async (t) => {
  const { components, paths } = read('apis/apps/v1');
  const patch = paths['/apis/apps/v1/namespaces/{namespace}/deployments/{name}']!.patch!;
  t.same(patch['x-kubernetes-group-version-kind'], { group: 'apps', kind: 'Deployment', version: 'v1' });
  t.ok((patch.parameters as { name: string }[]).some(({ name }) => name === 'fieldValidation'));
  const body = patch.requestBody as { content: object; required: boolean };
  t.same(Object.keys(body.content), [
    'application/json-patch+json',
    'application/merge-patch+json',
    'application/strategic-merge-patch+json',
    'application/apply-patch+yaml',
  ]);
  t.equal(body.required, true);
  const spec = components.schemas['io.k8s.api.core.v1.PodSpec']! as { properties: Record<string, object> };
  t.match(spec.properties.containers, {
    items: { allOf: [{ $ref: '#/components/schemas/io.k8s.api.core.v1.Container' }], default: {} },
    type: 'array',
    'x-kubernetes-list-map-keys': ['name'],
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-patch-merge-key': 'name',
    'x-kubernetes-patch-strategy': 'merge',
  });
  const port = components.schemas['io.k8s.api.core.v1.ContainerPort']! as {
    properties: Record<string, object>;
  };
  t.match(port.properties.protocol, { default: 'TCP', enum: ['SCTP', 'TCP', 'UDP'], type: 'string' });
  t.match(port.properties.containerPort, { default: 0, format: 'int32', type: 'integer' });
});

t.test('a delete may be asked with the parameter that is new in 1.32', async (t) => {
  const { paths } = read('api/v1');
  const item = paths['/api/v1/namespaces/{namespace}/configmaps/{name}']!;
  const names = (item.delete!.parameters as { name: string }[]).map(({ name }) => name);
  t.same(names, [
    ...['dryRun', 'gracePeriodSeconds', 'ignoreStoreReadErrorWithClusterBreakingPotential'],
    ...['orphanDependents', 'propagationPolicy'],
  ]);
});

t.test('types that are several in JSON say so', async (t) => {
  const { schemas } = read('api/v1').components;
  t.same(schemas['io.k8s.apimachinery.pkg.api.resource.Quantity']!.oneOf, [
    { type: 'string' },
    { type: 'number' },
  ]);
  const port = schemas['io.k8s.apimachinery.pkg.util.intstr.IntOrString']!;
  t.match(port, { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] });
  t.notOk('type' in port);
});
