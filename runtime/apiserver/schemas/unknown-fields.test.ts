import t from 'tap';
import { readGenerated, typesFile } from './generated-files.ts';
import { type ApiType, Registry } from './registry.ts';
import { unknownFields } from './unknown-fields.ts';

const registry = new Registry(readGenerated(typesFile).toString());
const deployment = registry.kind({ group: 'apps', version: 'v1', kind: 'Deployment' }) as ApiType;
const pod = registry.kind({ group: '', version: 'v1', kind: 'Pod' }) as ApiType;

t.test('unknownFields names what the type does not have', async (t) => {
  const container = {
    name: 'c',
    image: 'i',
    ports: [{ containerPort: 80, portt: 1 }],
    resources: { limits: { 'a.b/c': '1' } },
  };
  const object = {
    kind: 'Deployment',
    apiVersion: 'apps/v1',
    metadata: { name: 'd', labels: { any: 'thing' }, labelz: {} },
    spec: { replica: 1, template: { spec: { containers: [container, { name: 'e', image: 'i', foo: [] }] } } },
    statuz: {},
  };
  t.same(unknownFields(deployment, object), [
    'metadata.labelz',
    'spec.replica',
    'spec.template.spec.containers[0].ports[0].portt',
    'spec.template.spec.containers[1].foo',
    'statuz',
  ]);
});

t.test(
  'unknownFields knows fields that stand inline, and leaves values of no known shape alone',
  async (t) => {
    const volume = { name: 'v', hostPath: { path: '/' }, emptyDirr: {} };
    t.same(unknownFields(pod, { spec: { volumes: [volume] } }), ['spec.volumes[0].emptyDirr']);
    t.same(unknownFields(pod, { metadata: { managedFields: [{ fieldsV1: { 'f:any': {} } }] } }), []);
    for (const odd of [
      null,
      1,
      'x',
      [],
      { spec: 'x' },
      { spec: { containers: 5 } },
      { spec: { containers: [null, 7] } },
    ]) {
      t.same(unknownFields(pod, odd), []);
    }
    t.same(unknownFields(pod, { spec: { containers: [{ kind: 'x' }] } }), ['spec.containers[0].kind']);
    t.same(unknownFields(pod, JSON.parse('{"toString":1,"__proto__":{"x":1}}')), ['toString', '__proto__']);
  },
);

t.test('unknownFields lists no more than anybody reads', async (t) => {
  const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`x${n}`, 1]));
  t.equal(unknownFields(pod, { spec: { containers: [many, many] }, ...many }).length, 100);
});
