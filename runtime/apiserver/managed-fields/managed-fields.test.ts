import fc from 'fast-check';
import t from 'tap';
import { readGenerated, typesFile } from '../schemas/generated-files.ts';
import { Decoder } from '../schemas/protobuf/decode.ts';
import type { JsonObject, JsonValue } from '../schemas/protobuf/json-value.ts';
import { type GroupVersionKind, Registry } from '../schemas/registry.ts';
import type { ApiError } from '../status.ts';
import { applyManaged, type ManagedKind, updateManaged, type Writer } from './managed-fields.ts';
import { settableWithout } from './settable.ts';
import { shapeOf } from './shape.ts';

const registry = new Registry(readGenerated(typesFile).toString('utf8'));

function kindOf(of: GroupVersionKind): ManagedKind {
  const type = registry.kind(of)!;
  const apiVersion = of.group === '' ? of.version : `${of.group}/${of.version}`;
  return { shape: shapeOf(type), zero: new Decoder(registry).message(type, Buffer.alloc(0)), apiVersion };
}

const deployments = kindOf({ group: 'apps', version: 'v1', kind: 'Deployment' });
const configMaps = kindOf({ group: '', version: 'v1', kind: 'ConfigMap' });
const services = kindOf({ group: '', version: 'v1', kind: 'Service' });
const custom: ManagedKind = { shape: shapeOf(null), zero: {}, apiVersion: 'ex.io/v1' };

const at = (second: number): string => `2026-01-01T00:00:${String(second).padStart(2, '0')}Z`;
const writer = (manager: string, second = 0, more: Partial<Writer> = {}): Writer => ({
  ...{ manager, subresource: '', time: at(second), ...more },
});
const apply = (
  kind: ManagedKind,
  live: JsonObject | null,
  object: JsonObject,
  manager: string,
  { second = 0, force = false, ...more }: { second?: number; force?: boolean } & Partial<Writer> = {},
): JsonObject => applyManaged(kind, live, object, { ...writer(manager, second, more), force });

type Entry = Readonly<Record<string, JsonValue>>;
const entries = (object: JsonObject): readonly Entry[] =>
  ((object.metadata as JsonObject).managedFields ?? []) as readonly Entry[];
const owned = (object: JsonObject, manager: string): JsonValue | undefined =>
  entries(object).find((entry) => entry.manager === manager)?.fieldsV1;

function configMap(data?: JsonObject, labels?: JsonObject): JsonObject {
  const metadata = { name: 'test', namespace: 'default', ...(labels === undefined ? {} : { labels }) };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, ...(data === undefined ? {} : { data }) };
}

function deployment(spec: JsonObject): JsonObject {
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'default' }, spec };
}

const web = {
  name: 'web',
  image: 'web:1',
  ports: [{ containerPort: 80, protocol: 'TCP' }],
  resources: {},
};

t.test('applyManaged of a new object owns what was applied, but not what names it', async (t) => {
  const object = apply(
    configMaps,
    null,
    configMap({ key: 'some value' }, { 'test-label': 'test' }),
    'kubectl',
  );
  t.strictSame(entries(object), [
    {
      ...{ manager: 'kubectl', operation: 'Apply', apiVersion: 'v1', time: at(0), fieldsType: 'FieldsV1' },
      fieldsV1: { 'f:data': { 'f:key': {} }, 'f:metadata': { 'f:labels': { 'f:test-label': {} } } },
    },
  ]);
  t.match(object, configMap({ key: 'some value' }, { 'test-label': 'test' }));
});

t.test(
  'updateManaged of a new object writes what the real server writes for kubectl create deployment',
  async (t) => {
    const made = {
      ...deployment({
        replicas: 1,
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { creationTimestamp: null, labels: { app: 'web' } },
          spec: { containers: [web], restartPolicy: 'Always', securityContext: {} },
        },
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
      }),
      metadata: { name: 'web', namespace: 'default', creationTimestamp: null, labels: { app: 'web' } },
      status: {},
    };
    const object = updateManaged(deployments, null, made, writer('kubectl-create'));
    t.strictSame(entries(object), [
      {
        ...{ manager: 'kubectl-create', operation: 'Update', apiVersion: 'apps/v1', time: at(0) },
        fieldsType: 'FieldsV1',
        fieldsV1: {
          'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
          'f:spec': {
            'f:replicas': {},
            'f:selector': {},
            'f:strategy': {
              'f:rollingUpdate': { '.': {}, 'f:maxSurge': {}, 'f:maxUnavailable': {} },
              'f:type': {},
            },
            'f:template': {
              'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
              'f:spec': {
                'f:containers': {
                  'k:{"name":"web"}': {
                    '.': {},
                    'f:image': {},
                    'f:name': {},
                    'f:ports': {
                      '.': {},
                      'k:{"containerPort":80,"protocol":"TCP"}': {
                        '.': {},
                        'f:containerPort': {},
                        'f:protocol': {},
                      },
                    },
                    'f:resources': {},
                  },
                },
                'f:restartPolicy': {},
                'f:securityContext': {},
              },
            },
          },
        },
      },
    ]);
  },
);

t.test('a conflict names the owner and the field, and force takes it', async (t) => {
  const live = updateManaged(configMaps, null, configMap({ key: 'a', other: 'b' }), writer('kubectl-edit'));
  const wanted = configMap({ key: 'c' });
  const error = t.throws(() => apply(configMaps, live, wanted, 'kubectl')) as unknown as ApiError;
  t.strictSame(error.toStatus(), {
    ...{ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure' },
    message: 'Apply failed with 1 conflict: conflict with "kubectl-edit" using v1: .data.key',
    reason: 'Conflict',
    details: {
      causes: [
        {
          reason: 'FieldManagerConflict',
          message: 'conflict with "kubectl-edit" using v1',
          field: '.data.key',
        },
      ],
    },
    code: 409,
  });
  t.throws(() => apply(configMaps, live, configMap({ key: 'c', other: 'd' }), 'kubectl'), {
    message:
      'Apply failed with 2 conflicts: conflicts with "kubectl-edit" using v1:\n- .data.key\n- .data.other',
  });
  const forced = apply(configMaps, live, wanted, 'kubectl', { force: true });
  t.strictSame(forced.data, { key: 'c', other: 'b' });
  t.strictSame(owned(forced, 'kubectl'), { 'f:data': { 'f:key': {} } });
  t.strictSame(owned(forced, 'kubectl-edit'), { 'f:data': { '.': {}, 'f:other': {} } });
});

t.test(
  'kubectl takes over what its annotation says that it applied, unless it was changed since',
  async (t) => {
    const name = 'kubectl.kubernetes.io/last-applied-configuration';
    const clientSide = (data: JsonObject, applied: JsonObject): JsonObject => {
      const object = configMap(data);
      const annotations = { [name]: JSON.stringify(configMap(applied)) };
      const made = { ...object, metadata: { ...(object.metadata as JsonObject), annotations } };
      return updateManaged(configMaps, null, made, writer('kubectl-client-side-apply'));
    };
    const live = clientSide({ key: 'a', other: 'b' }, { key: 'a' });
    const after = apply(configMaps, live, configMap({ key: 'c' }), 'kubectl');
    t.strictSame(after.data, { key: 'c', other: 'b' });
    t.strictSame(owned(after, 'kubectl'), { 'f:data': { 'f:key': {} } });
    t.throws(() => apply(configMaps, live, configMap({ key: 'c' }), 'other'), { code: 409 });
    t.throws(() => apply(configMaps, live, configMap({ key: 'c', other: 'd' }), 'kubectl'), {
      message:
        'Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using v1: .data.other',
    });
    const changed = clientSide({ key: 'x' }, { key: 'a' });
    t.throws(() => apply(configMaps, changed, configMap({ key: 'c' }), 'kubectl'), { code: 409 });
    const broken = { ...live, metadata: { ...(live.metadata as JsonObject), annotations: { [name]: '{' } } };
    t.throws(() => apply(configMaps, broken, configMap({ key: 'c' }), 'kubectl'), { code: 409 });
  },
);

t.test('who applies a value that is already there shares it, and either may give it up', async (t) => {
  const one = apply(configMaps, null, configMap({ key: 'a', other: 'b' }), 'one');
  const both = apply(configMaps, one, configMap({ key: 'a' }), 'two', { second: 1 });
  const left = apply(configMaps, both, configMap({ other: 'b' }), 'one', { second: 2 });
  t.strictSame(left.data, { key: 'a', other: 'b' }, 'two still has it');
  t.strictSame(owned(left, 'one'), { 'f:data': { 'f:other': {} } });
  const gone = apply(configMaps, left, configMap(), 'two', { second: 3 });
  t.strictSame(gone.data, { other: 'b' });
  t.equal(owned(gone, 'two'), undefined, 'who owns nothing has no entry');
  t.notOk('data' in apply(configMaps, gone, configMap(), 'one'), 'and what is empty goes');
});

t.test('a field that an updater also owns stays when the applier drops it', async (t) => {
  const applied = apply(deployments, null, deployment({ replicas: 1, paused: true }), 'one');
  const scaled = updateManaged(
    deployments,
    applied,
    { ...applied, spec: { ...(applied.spec as JsonObject), replicas: 3 } },
    writer('autoscaler', 1, { subresource: 'scale' }),
  );
  t.strictSame(owned(scaled, 'one'), { 'f:spec': { 'f:paused': {} } }, 'who changes it owns it alone');
  t.equal(entries(scaled).find(({ manager }) => manager === 'autoscaler')?.subresource, 'scale');
  const after = apply(deployments, scaled, deployment({ paused: true }), 'one', { second: 2 });
  t.equal((after.spec as JsonObject).replicas, 3);
  t.throws(() => apply(deployments, scaled, deployment({ replicas: 2 }), 'one'), {
    message:
      'Apply failed with 1 conflict: conflict with "autoscaler" with subresource "scale" using apps/v1: .spec.replicas',
  });
});

t.test('items of lists have owners by their keys, and keep an order', async (t) => {
  const pod = (...containers: JsonObject[]): JsonObject => deployment({ template: { spec: { containers } } });
  const names = (object: JsonObject): unknown =>
    (
      ((object.spec as JsonObject).template as JsonObject).spec as { containers: JsonObject[] }
    ).containers.map(({ name }) => name);
  const own = apply(deployments, null, pod({ name: 'a', image: 'a' }, { name: 'c', image: 'c' }), 'one');
  const sidecar = apply(deployments, own, pod({ name: 'b', image: 'b' }), 'sidecar');
  t.strictSame(names(sidecar), ['a', 'c', 'b']);
  const reordered = apply(
    deployments,
    sidecar,
    pod({ name: 'c', image: 'c' }, { name: 'a', image: 'a' }),
    'one',
  );
  t.strictSame(names(reordered), ['c', 'b', 'a'], 'the others stay behind what they stood behind');
  t.strictSame(names(apply(deployments, reordered, pod({ name: 'a', image: 'a' }), 'one')), ['b', 'a']);
  t.throws(() => apply(deployments, sidecar, pod({ name: 'b', image: 'x' }), 'one'), {
    message: /: conflict with "sidecar": \.spec\.template\.spec\.containers\[name="b"\]\.image$/,
  });
  const service = (ports: JsonObject[]): JsonObject => ({
    ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec: { ports } },
  });
  const dns = apply(services, null, service([{ port: 53, protocol: 'UDP' }, { port: 53 }]), 'one');
  t.strictSame(
    Object.keys((owned(dns, 'one') as { 'f:spec': JsonObject })['f:spec']['f:ports'] as JsonObject),
    ['k:{"port":53,"protocol":"TCP"}', 'k:{"port":53,"protocol":"UDP"}'],
  );
});

t.test("a struct that its applier drops goes with the defaults in it, which are nobody's", async (t) => {
  const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } };
  const one = apply(deployments, null, deployment({ strategy }), 'one');
  const defaulted = { strategy: { ...strategy, rollingUpdate: { maxSurge: 1, maxUnavailable: '25%' } } };
  const live = { ...one, spec: { ...(one.spec as JsonObject), ...defaulted } };
  const after = apply(deployments, live, deployment({ strategy: { type: 'Recreate' } }), 'one');
  t.strictSame((after.spec as JsonObject).strategy, { type: 'Recreate' });
});

t.test('an item that is owned as a whole has one owner', async (t) => {
  const owner = (uid: string, name: string): JsonObject => ({ apiVersion: 'v1', kind: 'Pod', name, uid });
  const ownedBy = (...ownerReferences: JsonObject[]): JsonObject => ({
    ...configMap(),
    metadata: { name: 'test', ownerReferences },
  });
  const one = apply(configMaps, null, ownedBy(owner('u1', 'a')), 'one');
  t.strictSame(owned(one, 'one'), { 'f:metadata': { 'f:ownerReferences': { 'k:{"uid":"u1"}': {} } } });
  const two = apply(configMaps, one, ownedBy(owner('u2', 'b')), 'two');
  t.strictSame((two.metadata as JsonObject).ownerReferences, [owner('u1', 'a'), owner('u2', 'b')]);
  t.throws(() => apply(configMaps, two, ownedBy(owner('u1', 'c')), 'two'), {
    message: 'Apply failed with 1 conflict: conflict with "one": .metadata.ownerReferences[uid="u1"]',
  });
});

t.test('a value of a set has owners of its own', async (t) => {
  const withFinalizers = (...finalizers: string[]): JsonObject => ({
    ...configMap(),
    metadata: { name: 'test', finalizers },
  });
  const one = apply(configMaps, null, withFinalizers('a.io/x', 'a.io/y'), 'one');
  const two = apply(configMaps, one, withFinalizers('a.io/z'), 'two');
  t.strictSame((two.metadata as JsonObject).finalizers, ['a.io/x', 'a.io/y', 'a.io/z']);
  t.strictSame(owned(two, 'two'), { 'f:metadata': { 'f:finalizers': { 'v:"a.io/z"': {} } } });
  const less = apply(configMaps, two, withFinalizers('a.io/y'), 'one');
  t.strictSame((less.metadata as JsonObject).finalizers, ['a.io/y', 'a.io/z']);
});

t.test(
  'what was there before the first apply is owned, and untracked objects stay so when updated',
  async (t) => {
    const live = configMap({ key: 'a' });
    const updated = updateManaged(configMaps, live, configMap({ key: 'b' }), writer('one'));
    t.strictSame(entries(updated), []);
    t.throws(() => apply(configMaps, live, configMap({ key: 'b' }), 'one'), {
      message: 'Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .data.key',
    });
    const applied = apply(configMaps, live, configMap({ more: 'b' }), 'one');
    t.strictSame(owned(applied, 'before-first-apply'), { 'f:data': { '.': {}, 'f:key': {} } });
  },
);

t.test('times change only when there is news', async (t) => {
  const first = apply(configMaps, null, configMap({ key: 'a' }), 'one', { second: 1 });
  t.strictSame(apply(configMaps, first, configMap({ key: 'a' }), 'one', { second: 2 }), first);
  t.equal(entries(apply(configMaps, first, configMap({ key: 'b' }), 'one', { second: 3 }))[0]?.time, at(3));
  t.strictSame(updateManaged(configMaps, first, first, writer('two', 4)), first);
  const second = updateManaged(configMaps, first, configMap({ key: 'a', more: 'b' }), writer('two', 5));
  t.strictSame(
    entries(second).map(({ manager, time }) => [manager, time]),
    [
      ['one', at(1)],
      ['two', at(5)],
    ],
  );
});

t.test('at most ten updaters have an entry; the oldest become one', async (t) => {
  let object = updateManaged(configMaps, null, configMap({ k0: 'a' }), writer('m0', 0));
  for (let index = 1; index < 14; index += 1) {
    const data = { ...(object.data as JsonObject), [`k${index}`]: 'a' };
    object = updateManaged(configMaps, object, { ...object, data }, writer(`m${index}`, index));
  }
  const names = entries(object).map(({ manager }) => manager);
  t.equal(names.length, 10);
  t.equal(names[0], 'ancient-changes');
  t.strictSame(owned(object, 'ancient-changes'), {
    'f:data': { '.': {}, 'f:k0': {}, 'f:k1': {}, 'f:k2': {}, 'f:k3': {}, 'f:k4': {} },
  });
});

t.test('an update may change managed fields, have them forgotten, or leave them', async (t) => {
  const live = apply(configMaps, null, configMap({ key: 'a' }), 'one');
  const body = (managedFields: JsonValue): JsonObject => ({
    ...configMap({ key: 'a' }),
    metadata: { name: 'test', namespace: 'default', managedFields },
  });
  const update = (managedFields: JsonValue, more: Partial<Writer> = {}): readonly Entry[] =>
    entries(updateManaged(configMaps, live, body(managedFields), writer('two', 1, more)));
  t.strictSame(update([{}]), []);
  t.strictSame(update([]), []);
  t.strictSame(update(null), entries(live));
  t.strictSame(update([{ operation: 'Nonsense' }]), entries(live));
  t.strictSame(
    update([{ ...entries(live)[0], manager: 'renamed' }]).map(({ manager }) => manager),
    ['renamed'],
  );
  t.strictSame(update([{}], { subresource: 'status' }), entries(live), 'a subresource has no say');
});

t.test('what a request cannot set is not owned by it', async (t) => {
  const settable = settableWithout(['status']);
  const object = { ...deployment({ replicas: 1 }), status: { replicas: 7 } };
  const made = apply(deployments, null, object, 'one', { settable });
  t.strictSame(owned(made, 'one'), { 'f:spec': { 'f:replicas': {} } });
  const updated = updateManaged(deployments, null, object, writer('one', 0, { settable }));
  t.strictSame(owned(updated, 'one'), { 'f:spec': { 'f:replicas': {} } });
});

t.test('a kind without a schema: maps by their keys, lists as a whole', async (t) => {
  const thing = (spec: JsonObject): JsonObject => ({
    apiVersion: 'ex.io/v1',
    kind: 'Foo',
    metadata: { name: 'x' },
    spec,
  });
  const one = apply(custom, null, thing({ list: [{ name: 'a' }], map: { a: 1 } }), 'one');
  t.strictSame(owned(one, 'one'), { 'f:spec': { '.': {}, 'f:list': {}, 'f:map': { '.': {}, 'f:a': {} } } });
  const two = apply(custom, one, thing({ map: { b: 2 } }), 'two');
  t.strictSame(two.spec, { list: [{ name: 'a' }], map: { a: 1, b: 2 } });
  t.throws(() => apply(custom, two, thing({ list: [] }), 'two'), {
    message: /conflict with "one": \.spec\.list$/,
  });
  t.strictSame(apply(custom, two, thing({}), 'one').spec, { map: { b: 2 } });
});

t.test('what cannot be applied is refused', async (t) => {
  const pod = (container: JsonObject): JsonObject =>
    deployment({ template: { spec: { containers: [container] } } });
  for (const [object, code, message] of [
    [{ ...configMap(), metadata: { managedFields: [{}] } }, 400, 'metadata.managedFields must be nil'],
    [
      { ...configMap(), apiVersion: 'v2' },
      400,
      'Incorrect version specified in apply patch. Specified patch version: v2, expected: v1',
    ],
    [
      { ...configMap(), spec: {} },
      500,
      'failed to create typed patch object (default/test; v1, Kind=ConfigMap): .spec: field not declared in schema',
    ],
    [{ ...configMap(), data: ['a'] }, 500, /: \.data: expected map, got \[a\]$/],
  ] as const) {
    t.throws(() => apply(configMaps, null, object as JsonObject, 'one'), { code, message });
  }
  for (const [object, message] of [
    [
      pod({ image: 'a' }),
      /containers: element 0: .* omits key field "name" \(and doesn't have default value\)$/,
    ],
    [
      pod({ name: 'a', env: [{ name: 'X' }, { name: 'X' }] }),
      /\.env: duplicate entries for key \[name="X"\]$/,
    ],
    [pod({ name: 'a', image: {} }), /\.image: expected scalar, got map\[\]$/],
    [deployment({ template: { spec: { containers: [1] } } }), /may not have non-map elements$/],
    [deployment({ template: { spec: { containers: {} } } }), /expected list, got map\[\]$/],
  ] as const) {
    t.throws(() => apply(deployments, null, object, 'one'), { code: 500, message });
  }
});

const names = fc.subarray(['a', 'b', 'c', '__proto__']);
const data = names.chain((some) =>
  fc.tuple(...some.map((name) => fc.constantFrom('1', '2').map((value) => [name, value] as const))),
);
const some = fc
  .record({
    data: data.map((pairs) => Object.fromEntries(pairs)),
    labels: fc.option(data, { nil: undefined }),
  })
  .map((parts) => configMap(parts.data, parts.labels && Object.fromEntries(parts.labels)));

t.test('to apply twice changes nothing, and who applies less loses what they dropped', async (t) => {
  fc.assert(
    fc.property(some, some, (first, second) => {
      const one = apply(configMaps, null, first, 'one');
      t.strictSame(apply(configMaps, one, first, 'one', { second: 9 }), one);
      const two = apply(configMaps, one, second, 'one');
      t.same(two.data ?? {}, second.data);
      t.same((two.metadata as JsonObject).labels ?? {}, (second.metadata as JsonObject).labels ?? {});
    }),
  );
});

t.test(
  'whoever writes: each field of the object has an owner, and none owns what is not there',
  async (t) => {
    const write = fc.record({
      manager: fc.constantFrom('one', 'two', 'three'),
      isApply: fc.boolean(),
      object: some,
    });
    fc.assert(
      fc.property(fc.array(write, { minLength: 1, maxLength: 6 }), (writes) => {
        let live: JsonObject | null = null;
        for (const { manager, isApply, object } of writes) {
          live = isApply
            ? apply(configMaps, live, object, manager, { force: true })
            : updateManaged(configMaps, live, object, writer(manager));
        }
        // Once nobody owns anything, no account is kept until the next apply.
        if (entries(live!).length === 0) return;
        const present = Object.keys((live!.data ?? {}) as JsonObject).map((name) => `f:${name}`);
        const claimed = entries(live!).flatMap(({ fieldsV1 }) =>
          Object.keys(((fieldsV1 as JsonObject)['f:data'] ?? {}) as JsonObject).filter(
            (name) => name !== '.',
          ),
        );
        t.same([...new Set(claimed)].sort(), present.sort());
      }),
    );
  },
);
