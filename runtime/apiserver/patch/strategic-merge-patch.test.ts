import fc from 'fast-check';
import t from 'tap';
import { readGenerated, typesFile } from '../schemas/generated-files.ts';
import { isObject, type JsonObject, type JsonValue } from '../schemas/protobuf/json-value.ts';
import { type ApiType, Registry } from '../schemas/registry.ts';
import { arbitraryObject } from '../schemas/testing/arbitrary-object.ts';
import { applyStrategicMergePatch } from './strategic-merge-patch.ts';

const registry = new Registry(readGenerated(typesFile).toString('utf8'));
const pod = registry.type('io.k8s.api.core.v1.PodSpec')!;
const deployment = registry.kind({ group: 'apps', version: 'v1', kind: 'Deployment' })!;
const metadata = registry.type('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta')!;

const ofPod = (object: JsonObject, patch: unknown): JsonObject =>
  applyStrategicMergePatch(pod, object, patch);
const container = (name: string, image = `${name}:1`): JsonObject => ({ name, image });

t.test('objects are merged, null deletes, and nulls of what was not there go', async (t) => {
  for (const [before, patch, after] of [
    [{ hostname: 'a' }, { subdomain: 'b' }, { hostname: 'a', subdomain: 'b' }],
    [{ hostname: 'a', subdomain: 'b' }, { hostname: null }, { subdomain: 'b' }],
    [{ hostname: 'a' }, { nodeSelector: { $patch: 'delete', a: 'b' } }, { hostname: 'a' }],
    [{}, { hostname: null, nodeSelector: { a: 'b', c: null } }, { nodeSelector: { a: 'b' } }],
    [
      { nodeSelector: { a: 'b', c: 'd' } },
      { nodeSelector: { c: null, e: 'f' } },
      { nodeSelector: { a: 'b', e: 'f' } },
    ],
    [
      { nodeSelector: { a: 'b' } },
      { nodeSelector: { $patch: 'replace', e: 'f' } },
      { nodeSelector: { e: 'f' } },
    ],
    [{ nodeSelector: { a: 'b' } }, { nodeSelector: { $patch: 'delete' } }, { nodeSelector: {} }],
    [{ tolerations: [{ key: 'a' }] }, { tolerations: [{ key: 'b' }] }, { tolerations: [{ key: 'b' }] }],
    [{ hostname: 'a' }, { $patch: 'replace', subdomain: 'b' }, { subdomain: 'b' }],
  ] as [JsonObject, JsonObject, JsonObject][]) {
    const copy = structuredClone(before);
    t.strictSame(ofPod(before, patch), after, JSON.stringify(patch));
    t.strictSame(before, copy, 'the object is left as it is');
  }
});

t.test('lists of objects are merged by their key, also within each other', async (t) => {
  const before = { containers: [{ ...container('a'), env: [{ name: 'X', value: '1' }] }, container('b')] };
  t.strictSame(
    ofPod(before, { containers: [{ name: 'a', image: 'a:2', env: [{ name: 'Y', value: '2' }] }] }),
    {
      containers: [
        {
          name: 'a',
          image: 'a:2',
          env: [
            { name: 'Y', value: '2' },
            { name: 'X', value: '1' },
          ],
        },
        container('b'),
      ],
    },
  );
  t.strictSame(
    ofPod(before, { containers: [{ name: 'c', image: 'c:1', $retainKeys: ['name'], env: null }] }),
    {
      containers: [container('c'), ...before.containers],
    },
  );
  t.strictSame(ofPod(before, { containers: [{ name: 'a', $patch: 'delete' }] }), {
    containers: [container('b')],
  });
  t.strictSame(ofPod(before, { containers: [container('z'), { $patch: 'replace' }] }), {
    containers: [container('z')],
  });
  const ports = {
    containers: [{ name: 'a', ports: [{ containerPort: 80, protocol: 'TCP', name: 'http' }] }],
  };
  t.strictSame(
    ofPod(ports, {
      containers: [
        {
          name: 'a',
          '$setElementOrder/ports': [{ containerPort: 443 }, { containerPort: 80 }],
          ports: [{ containerPort: 443, protocol: 'TCP' }],
        },
      ],
      '$setElementOrder/containers': [{ name: 'a' }],
    }).containers,
    [
      {
        name: 'a',
        ports: [
          { containerPort: 443, protocol: 'TCP' },
          { containerPort: 80, protocol: 'TCP', name: 'http' },
        ],
      },
    ],
  );
});

t.test('a list of scalars is merged by value, and a parallel list deletes from it', async (t) => {
  const before = { finalizers: ['a.io/1', 'a.io/2', 'a.io/3'] };
  const apply = (patch: JsonObject): JsonObject => applyStrategicMergePatch(metadata, before, patch);
  t.strictSame(apply({ finalizers: ['a.io/4', 'a.io/2'] }).finalizers, [
    'a.io/4',
    'a.io/1',
    'a.io/2',
    'a.io/3',
  ]);
  t.strictSame(apply({ '$deleteFromPrimitiveList/finalizers': ['a.io/2', 'x'] }).finalizers, [
    'a.io/1',
    'a.io/3',
  ]);
  t.strictSame(
    apply({
      '$setElementOrder/finalizers': ['a.io/4', 'a.io/1'],
      '$deleteFromPrimitiveList/finalizers': ['a.io/2'],
      finalizers: ['a.io/4'],
    }).finalizers,
    ['a.io/4', 'a.io/1', 'a.io/3'],
  );
});

t.test('$setElementOrder orders, and what only the server has keeps its place', async (t) => {
  const before = { containers: ['a', 'b', 'c', 'd'].map((name) => container(name)) };
  const names = (patch: JsonObject): unknown =>
    (ofPod(before, patch).containers as JsonObject[]).map((item) => item.name);
  const order = (...list: string[]): JsonObject => ({
    '$setElementOrder/containers': list.map((name) => ({ name })),
  });
  t.strictSame(names(order('d', 'a')), ['b', 'c', 'd', 'a']);
  t.strictSame(names(order('b', 'a', 'd')), ['b', 'a', 'c', 'd']);
  t.strictSame(names({ ...order('e', 'a'), containers: [container('e')] }), ['e', 'a', 'b', 'c', 'd']);
  t.strictSame(
    names({ ...order('d', 'b'), containers: [{ name: 'a', $patch: 'delete' }] }),
    ['c', 'd', 'b'],
    'what is deleted need not be in the order',
  );
  t.strictSame(
    names({
      ...order('b', 'e', 'f'),
      containers: [container('e'), container('f'), { name: 'a', $patch: 'delete' }],
    }),
    ['b', 'c', 'd', 'e', 'f'],
    'what is new takes the room of what is deleted',
  );
  t.throws(() => names({ ...order('a', 'b'), containers: [container('b'), container('a')] }), {
    message: /The order in patch list:\n.*\n doesn't match \$setElementOrder list/,
  });
});

t.test('$retainKeys clears the other members of a union', async (t) => {
  const before = { volumes: [{ name: 'v', emptyDir: { medium: 'Memory' } }] };
  t.strictSame(
    ofPod(before, { volumes: [{ name: 'v', $retainKeys: ['name', 'hostPath'], hostPath: { path: '/x' } }] }),
    { volumes: [{ name: 'v', hostPath: { path: '/x' } }] },
  );
  const strategy = (patch: JsonObject): JsonObject =>
    applyStrategicMergePatch(
      deployment,
      { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } } },
      { spec: { strategy: patch } },
    );
  t.strictSame(strategy({ $retainKeys: ['type'], type: 'Recreate' }), {
    spec: { strategy: { type: 'Recreate' } },
  });
  t.throws(() => strategy({ $retainKeys: ['type'], rollingUpdate: {} }), {
    code: 'malformed',
    message: 'invalid patch format of retainKeys',
  });
});

t.test('what does not fit is refused in the words of the real server', async (t) => {
  const before = { containers: [container('a')], nodeSelector: { a: 'b' } };
  for (const [patch, code, message] of [
    [[], 'malformed', 'invalid JSON document'],
    [{ $patch: 'x' }, 'inapplicable', 'unknown patch type: x in map: map[$patch:x]'],
    [
      { containers: [{ image: 'x', args: ['a', null, 1] }] },
      'inapplicable',
      'map: map[args:[a <nil> 1] image:x] does not contain declared merge key: name',
    ],
    [
      { containers: [{ $patch: 'merge', name: 'a' }] },
      'inapplicable',
      'merging lists cannot yet be specified in the patch',
    ],
    [{ containers: ['a'] }, 'inapplicable', /^list element types are not identical/],
    [{ containers: [[]] }, 'inapplicable', 'lists of lists are not supported'],
    [{ '$setElementOrder/containers': {} }, 'inapplicable', /^expected a list/],
    [
      { '$setElementOrder/nothing': [] },
      'inapplicable',
      'unable to find api field in struct PodSpec for the json field "nothing"',
    ],
    [{ '$deleteFromPrimitiveList/': [] }, 'malformed', /^invalid patch format of primitive list/],
    [{ $retainKeys: 1 }, 'malformed', 'invalid patch format of retainKeys'],
  ] as const) {
    t.throws(() => ofPod(before, patch), { name: 'PatchError', code, message }, JSON.stringify(patch));
  }
});

/** Of each merged list one item, with its key: two with the same key would be merged one after the other. */
function withKeys(type: ApiType, object: JsonObject): JsonObject {
  const entries = Object.entries(object).map(([name, value]): [string, JsonValue] => {
    const field = type.fields.find(({ json }) => json === name);
    if (field?.of.kind !== 'message') return [name, value as JsonValue];
    const inner = field.of.type;
    if (field.shape === 'single' && isObject(value)) return [name, withKeys(inner, value)];
    if (!Array.isArray(value)) return [name, value as JsonValue];
    const key = field.patchMergeKey === undefined ? {} : { [field.patchMergeKey]: 'a' };
    return [name, value.slice(0, 1).map((item) => ({ ...withKeys(inner, item as JsonObject), ...key }))];
  });
  return Object.fromEntries(entries);
}

t.test('a patch twice is a patch once, whatever it says', async (t) => {
  const some = arbitraryObject(pod, 2).map((object) => withKeys(pod, object));
  fc.assert(
    fc.property(some, some, (object, patch) => {
      const once = ofPod(object, patch);
      t.strictSame(ofPod(once, patch), once);
    }),
    { numRuns: 200 },
  );
});

t.test('two patches that touch different items commute', async (t) => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  const items = (list: readonly string[]): fc.Arbitrary<JsonObject[]> =>
    fc.subarray([...list]).chain((some) =>
      fc.tuple(
        ...some.map((name) =>
          fc.oneof(
            fc.constantFrom('1', '2').map((tag) => container(name, tag)),
            fc.constant<JsonObject>({ name, $patch: 'delete' }),
          ),
        ),
      ),
    );
  const before = fc.subarray(names).map((some) => some.map((name) => container(name)));
  const sorted = (object: JsonObject): unknown =>
    (object.containers as JsonObject[]).toSorted((a, b) => (String(a.name) < String(b.name) ? -1 : 1));
  fc.assert(
    fc.property(before, items(names.slice(0, 3)), items(names.slice(3)), (containers, left, right) => {
      const [a, b] = [{ containers: left }, { containers: right }];
      const object = { containers };
      t.strictSame(sorted(ofPod(ofPod(object, a), b)), sorted(ofPod(ofPod(object, b), a)));
    }),
  );
});

t.test('a patch cannot reach what every object inherits', async (t) => {
  const patch = JSON.parse('{"nodeSelector":{"__proto__":{"polluted":true}}}') as JsonObject;
  for (const before of [{}, { nodeSelector: { a: 'b' } }]) {
    const after = ofPod(before, patch);
    t.ok(Object.hasOwn(after.nodeSelector as object, '__proto__'));
  }
  t.notOk('polluted' in {});
});
