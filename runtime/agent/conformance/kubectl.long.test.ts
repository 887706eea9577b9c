/** Upstream's conformance tests of kubectl that need no running pod, and of what is published about custom resources (test/e2e/kubectl, crd_publish_openapi.go). */
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t, { type Test } from 'tap';
import { until } from '../testing/test-cluster.ts';
import { type Json, openCluster } from './testing/open-cluster.ts';

t.setTimeout(300_000);
const { ask, patch, node, operator, namespace: makeNamespace } = await openCluster(t);
const kubectl = (...words: readonly string[]) => operator.kubectl(node, words);
const typed = (input: Json, ...words: readonly string[]) =>
  operator.kubectl(node, words, { input: typeof input === 'string' ? input : JSON.stringify(input) });

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const foo = {
  ...{ description: 'Foo CRD for Testing', type: 'object' },
  properties: {
    spec: {
      ...{ type: 'object', description: 'Specification of Foo' },
      properties: {
        bars: {
          ...{ description: 'List of Bars and their specs.', type: 'array' },
          items: {
            ...{ type: 'object', required: ['name'] },
            properties: {
              name: { description: 'Name of Bar.', type: 'string' },
              age: { description: 'Age of Bar.', type: 'string' },
              feeling: {
                description: 'Whether Bar is feeling great.',
                type: 'string',
                enum: ['Great', 'Down'],
              },
              bazs: { description: 'List of Bazs.', items: { type: 'string' }, type: 'array' },
            },
          },
        },
      },
    },
    status: { description: 'Status of Foo', type: 'object' },
  },
};
const waldo = {
  description: 'Waldo CRD for Testing',
  type: 'object',
  properties: { spec: { description: 'Specification of Waldo', type: 'object' } },
};
const preserved = { 'x-kubernetes-preserve-unknown-fields': true, type: 'object' };

async function define(t: Test, group: string, name: string, schemas: Readonly<Record<string, Json>>) {
  const names = { plural: `${name}s`, singular: name, kind: `E2e${name}`, listKind: `E2e${name}List` };
  const versions = Object.entries(schemas).map(([name, openAPIV3Schema], index) => ({
    name,
    served: true,
    storage: index === 0,
    schema: { openAPIV3Schema },
  }));
  const body = {
    ...{ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' },
    metadata: { name: `${names.plural}.${group}` },
    spec: { group, scope: 'Namespaced', names, versions },
  };
  const made = await ask('POST', definitions, { body });
  t.equal(made.code, 201, made.text);
  return { path: `${definitions}/${names.plural}.${group}`, kind: names.kind, plural: names.plural };
}

/** The schema of a kind as clients find it, in both documents; null where there is none. */
async function published(group: string, version: string, kind: string): Promise<readonly [Json, Json]> {
  const of = (schemas: Json = {}): Json =>
    Object.values(schemas).find((schema: Json) =>
      schema['x-kubernetes-group-version-kind']?.some(
        (one: Json) => one.group === group && one.version === version && one.kind === kind,
      ),
    ) ?? null;
  const second = await ask('GET', '/openapi/v2');
  const third = await ask('GET', `/openapi/v3/apis/${group}/${version}`);
  return [of(second.object.definitions), of(third.object.components?.schemas)];
}
const isPublished = (group: string, version: string, kind: string, description: string) =>
  until(`${group}/${version} ${kind} is published`, async () => {
    const all = await published(group, version, kind);
    return all.every((schema) => schema?.description === description);
  });
const isGone = (group: string, version: string, kind: string) =>
  until(`${group}/${version} ${kind} is not published any more`, async () =>
    (await published(group, version, kind)).every((schema) => schema === null),
  );

await t.test(
  'schemas are published: of several groups, versions and kinds, renamed and withdrawn',
  async (t) => {
    const [one, two] = ['one.publish.example.com', 'two.publish.example.com'];
    const first = await define(t, one, 'foo', { v1: foo });
    const second = await define(t, two, 'waldo', { v1beta1: waldo });
    const third = await define(t, one, 'other', { v1: waldo, v4: foo });
    await isPublished(one, 'v1', first.kind, foo.description);
    await isPublished(two, 'v1beta1', second.kind, waldo.description);
    await isPublished(one, 'v1', third.kind, waldo.description);
    await isPublished(one, 'v4', third.kind, foo.description);
    const rename = [{ op: 'replace', path: '/spec/versions/1/name', value: 'v5' }];
    t.equal((await patch(third.path, rename, 'application/json-patch+json')).code, 200);
    await isPublished(one, 'v5', third.kind, foo.description);
    await isGone(one, 'v4', third.kind);
    const withdraw = [{ op: 'replace', path: '/spec/versions/1/served', value: false }];
    t.equal((await patch(third.path, withdraw, 'application/json-patch+json')).code, 200);
    await isGone(one, 'v5', third.kind);
    await isPublished(one, 'v1', third.kind, waldo.description);
    t.pass('all is as it was told');
  },
);

await t.test('kubectl holds custom resources against their schema, and explains it', async (t) => {
  const namespace = await makeNamespace('explain');
  const group = 'explain.example.com';
  const kinds = {
    strict: { ...(await define(t, group, 'strict', { v1: foo })) },
    root: await define(t, group, 'root', { v1: { ...preserved, description: 'Root' } }),
    empty: await define(t, group, 'empty', { v1: preserved }),
    nested: await define(t, group, 'nested', {
      v1: {
        type: 'object',
        description: 'preserve-unknown-properties in nested field for Testing',
        properties: { spec: { ...preserved, description: 'Specification of Waldo' } },
      },
    }),
  };
  await isPublished(
    group,
    'v1',
    kinds.nested.kind,
    'preserve-unknown-properties in nested field for Testing',
  );
  await isPublished(group, 'v1', kinds.strict.kind, foo.description);
  const object = (kind: string, more: Json) => ({
    apiVersion: `${group}/v1`,
    kind,
    metadata: { name: 'test', namespace },
    ...more,
  });
  const accepted: readonly (readonly [string, string, Json])[] = [
    [kinds.strict.kind, kinds.strict.plural, { spec: { bars: [{ name: 'test-bar' }] } }],
    [kinds.root.kind, kinds.root.plural, { a: { b: [{ c: 'd' }] } }],
    [kinds.empty.kind, kinds.empty.plural, { a: { b: [{ c: 'd' }] } }],
    [kinds.nested.kind, kinds.nested.plural, { spec: { a: null, b: [{ c: 'd' }] } }],
  ];
  for (const [kind, plural, more] of accepted) {
    for (const how of ['create', 'apply']) {
      const made = await typed(object(kind, more), how, '-f', '-');
      t.equal(made.code, 0, made.err);
      t.equal((await kubectl('delete', `${plural}.${group}`, 'test', '-n', namespace)).code, 0);
    }
  }
  for (const how of ['create', 'apply']) {
    const unknown = await typed(object(kinds.strict.kind, { spec: { foo: true } }), how, '-f', '-');
    t.match(unknown, { code: 1, err: /unknown field "spec\.foo"/ });
    const missing = await typed(
      object(kinds.strict.kind, { spec: { bars: [{ age: '10' }] } }),
      how,
      '-f',
      '-',
    );
    t.match(missing, { code: 1, err: /spec\.bars\[0\]\.name: Required value/ });
    const other = await typed(
      object(kinds.strict.kind, { spec: { bars: [{ name: 'n', feeling: 'NonExistentValue' }] } }),
      how,
      '-f',
      '-',
    );
    t.match(other, { code: 1, err: /Unsupported value: "NonExistentValue"/ });
  }
  for (const [what, says] of [
    [
      'stricts',
      /DESCRIPTION:.*Foo CRD for Testing.*FIELDS:.*apiVersion.*<string>.*APIVersion defines.*spec.*<Object>.*Specification of Foo/s,
    ],
    [
      'stricts.metadata',
      /DESCRIPTION:.*Standard object's metadata.*FIELDS:.*creationTimestamp.*<string>.*CreationTimestamp is a timestamp/s,
    ],
    [
      'stricts.spec',
      /DESCRIPTION:.*Specification of Foo.*FIELDS:.*bars.*<\[\]Object>.*List of Bars and their specs/s,
    ],
    [
      'stricts.spec.bars',
      /(FIELD|RESOURCE):.*bars.*<\[\]Object>.*DESCRIPTION:.*List of Bars and their specs.*FIELDS:.*bazs.*<\[\]string>.*List of Bazs.*name.*<string>.*Name of Bar/s,
    ],
    ['roots', /KIND:.*E2eroot/s],
    ['empties', /./s],
    ['nesteds', /DESCRIPTION:.*preserve-unknown-properties in nested field for Testing/s],
  ] as const) {
    if (what === 'empties') t.match((await kubectl('explain', 'emptys')).out, /DESCRIPTION:\s+<empty>/);
    else t.match((await kubectl('explain', what)).out, says, what);
  }
  t.match(await kubectl('explain', 'stricts.spec.bars2'), { code: 1, err: /field "bars2" does not exist/ });
});

const controller = {
  ...{
    apiVersion: 'v1',
    kind: 'ReplicationController',
    metadata: { name: 'agnhost-primary', labels: { app: 'agnhost', role: 'primary' } },
  },
  spec: {
    ...{ replicas: 1, selector: { app: 'agnhost', role: 'primary' } },
    template: {
      metadata: { labels: { app: 'agnhost', role: 'primary' } },
      spec: {
        containers: [
          {
            name: 'agnhost-primary',
            image: 'registry.example/agnhost:1',
            ports: [{ name: 'agnhost-server', containerPort: 6379 }],
          },
        ],
      },
    },
  },
};

await t.test('versions, and what the cluster has', async (t) => {
  t.match((await kubectl('api-versions')).out, /^v1$/m);
  t.match((await kubectl('cluster-info')).out, /Kubernetes control plane.*is running at/);
  const version = await kubectl('version');
  t.match(version.out, /Client Version:.*Server Version:/s);
});

await t.test('a controller is described, exposed, and its pods changed', async (t) => {
  const namespace = await makeNamespace('kubectl');
  const within = ['-n', namespace];
  t.equal((await typed(controller, 'create', '-f', '-', ...within)).code, 0);
  const described = await kubectl('describe', 'rc', 'agnhost-primary', ...within);
  for (const says of [
    /Name:\s+agnhost-primary/,
    /Namespace:\s+kubectl/,
    /Selector:\s+app=agnhost,role=primary/,
    /Labels:\s+app=agnhost/,
    /role=primary/,
    /Replicas:\s+0 current \/ 1 desired/,
    /Pods Status:/,
    /Pod Template:/,
    /Image:/,
  ])
    t.match(described.out, says);
  t.equal(
    (
      await kubectl(
        'expose',
        'rc',
        'agnhost-primary',
        '--name=rm2',
        '--port=1234',
        '--target-port=6379',
        ...within,
      )
    ).code,
    0,
  );
  t.equal(
    (await kubectl('expose', 'service', 'rm2', '--name=rm3', '--port=2345', '--target-port=6379', ...within))
      .code,
    0,
  );
  for (const [name, port] of [
    ['rm2', 1234],
    ['rm3', 2345],
  ] as const)
    t.match((await ask('GET', `/api/v1/namespaces/${namespace}/services/${name}`)).object.spec, {
      ports: [{ port, targetPort: 6379 }],
      selector: { app: 'agnhost' },
    });
  const service = await kubectl('describe', 'service', 'rm2', ...within);
  for (const says of [
    /Name:\s+rm2/,
    /Type:\s+ClusterIP/,
    /IP:\s+10\./,
    /Port:\s+<unset>\s+1234\/TCP/,
    /Endpoints:/,
    /Session Affinity:\s+None/,
  ])
    t.match(service.out, says);
  const [first] = (await ask('GET', '/api/v1/nodes')).object.items;
  const machine = await kubectl('describe', 'node', first.metadata.name);
  for (const says of [
    /Name:/,
    /Labels:/,
    /Annotations:/,
    /CreationTimestamp:/,
    /Conditions:/,
    /Addresses:/,
    /Capacity:/,
    /Version/,
    /Kubelet Version/,
    /Kube-Proxy Version/,
    /Pods/,
  ])
    t.match(machine.out, says);
  t.match(
    (await kubectl('describe', 'namespace', namespace)).out,
    /Name:\s+kubectl.*Labels:.*Annotations:.*Status:\s+Active/s,
  );
  t.equal(
    (await kubectl('run', 'e2e-pod', '--restart=Never', '--image=registry.example/httpd:1', ...within)).code,
    0,
  );
  const pod = `/api/v1/namespaces/${namespace}/pods/e2e-pod`;
  t.match((await ask('GET', pod)).object.spec, {
    restartPolicy: 'Never',
    containers: [{ image: 'registry.example/httpd:1' }],
  });
  await kubectl('label', 'pods', 'e2e-pod', 'testing-label=testing-label-value', ...within);
  t.match(
    (await kubectl('get', 'pod', 'e2e-pod', '-L', 'testing-label', ...within)).out,
    /testing-label-value/,
  );
  await kubectl('label', 'pods', 'e2e-pod', 'testing-label-', ...within);
  t.notMatch(
    (await kubectl('get', 'pod', 'e2e-pod', '-L', 'testing-label', ...within)).out,
    /testing-label-value/,
  );
  await kubectl('patch', 'pod', 'e2e-pod', '-p', '{"metadata":{"annotations":{"x":"y"}}}', ...within);
  t.match((await ask('GET', pod)).object.metadata.annotations, { x: 'y' });
  const image = '{"spec":{"containers":[{"name":"e2e-pod","image":"registry.example/busybox:1"}]}}';
  const dry = await kubectl('patch', 'pod', 'e2e-pod', '-p', image, '--dry-run=server', ...within);
  t.match(dry, { code: 0, out: /patched/ });
  t.equal((await ask('GET', pod)).object.spec.containers[0].image, 'registry.example/httpd:1');
  const { out } = await kubectl('get', 'pod', 'e2e-pod', '-o', 'json', ...within);
  t.equal((await typed(out.replace('httpd:1', 'busybox:1'), 'replace', '-f', '-', ...within)).code, 0);
  t.equal((await ask('GET', pod)).object.spec.containers[0].image, 'registry.example/busybox:1');
  t.equal((await kubectl('delete', 'pod', 'e2e-pod', ...within)).code, 0);
  const deployment = (image: string) => ({
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'httpd-deployment', namespace } },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: 'httpd' } },
      template: { metadata: { labels: { app: 'httpd' } }, spec: { containers: [{ name: 'httpd', image }] } },
    },
  });
  await typed(deployment('registry.example/httpd:1'), 'create', '-f', '-');
  const difference = await typed(deployment('registry.example/busybox:1'), 'diff', '-f', '-');
  t.match(difference, { code: 1, out: /-.*httpd:1.*\+.*busybox:1/s });
});

await t.test('the proxy, on any port and on a socket', async (t) => {
  const anyPort = await operator.follow(node, ['proxy', '--port=0', '--disable-filter']);
  const port = await until(
    'it has a port',
    async () => /127\.0\.0\.1:(\d+)/.exec(anyPort.said().out)?.[1] ?? null,
  );
  // The path of a socket cannot be long.
  const directory = mkdtempSync(path.join(tmpdir(), 'proxy-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  const socketPath = path.join(directory, 'p.sock');
  const onSocket = await operator.follow(node, ['proxy', `--unix-socket=${socketPath}`]);
  await until('it listens', async () => onSocket.said().out.includes('Starting to serve'));
  const versionsBy = (options: http.RequestOptions) =>
    new Promise<Json>((resolve, reject) => {
      http
        .get({ ...options, path: '/api/' }, (response) => {
          let text = '';
          response.on('data', (piece: Buffer) => (text += piece.toString()));
          response.on('end', () => resolve(JSON.parse(text)));
        })
        .on('error', reject);
    });
  t.same((await versionsBy({ host: '127.0.0.1', port })).versions, ['v1']);
  t.same((await versionsBy({ socketPath })).versions, ['v1']);
  await anyPort.end();
  await onSocket.end();
});
