import fc from 'fast-check';
import t from 'tap';
import { readGenerated, typesFile } from '../generated-files.ts';
import { Registry } from '../registry.ts';
import { arbitraryObject } from '../testing/arbitrary-object.ts';
import { decodeObject, encodeAs, encodeObject } from './codec.ts';
import { CodecError } from './codec-error.ts';
import type { JsonObject } from './json-value.ts';

t.setTimeout(180_000);

const registry = new Registry(readGenerated(typesFile).toString('utf8'));
const kinds = [
  ...['v1/Pod', 'v1/Node', 'v1/Secret', 'v1/Service', 'v1/Event', 'apps/v1/Deployment', 'batch/v1/CronJob'],
  ...['networking.k8s.io/v1/Ingress', 'policy/v1/PodDisruptionBudget', 'coordination.k8s.io/v1/Lease'],
  ...['authentication.k8s.io/v1/TokenReview', 'apiregistration.k8s.io/v1/APIService'],
  ...['apiextensions.k8s.io/v1/CustomResourceDefinition', 'v1/Status', 'apps/v1/ControllerRevision'],
].map((name) => {
  const [, apiVersion = '', kind = ''] = /^(.*)\/(\w+)$/.exec(name)!;
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  return { apiVersion, kind, type: registry.kind({ group: group!, version: version!, kind })! };
});

t.test('an object of any kind is the same after it was protobuf, as Go would have written it', async (t) => {
  for (const { apiVersion, kind, type } of kinds) {
    const objects = arbitraryObject(type, 4).map((object) => ({ kind, apiVersion, ...object }));
    fc.assert(
      fc.property(objects, (object) => {
        const bytes = encodeObject(registry, object);
        const read = decodeObject(registry, bytes);
        t.ok(encodeObject(registry, read).equals(bytes), kind);
        t.same(withoutEmpty(read), withoutEmpty(object), kind);
      }),
      { numRuns: 40 },
    );
  }
});

/** Go adds empty values where it has no pointers, and leaves some out; what is filled has to be the same. */
function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutEmpty(item) ?? null);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, withoutEmpty(item)] as const);
  const filled = entries.filter(
    ([, item]) => ![undefined, null, '', 0, '0', '0s', false].includes(item as null),
  );
  const some = filled.filter(
    ([, item]) => typeof item !== 'object' || Object.keys(item as object).length > 0,
  );
  return some.length === 0 ? undefined : Object.fromEntries(some.sort(([a], [b]) => (a < b ? -1 : 1)));
}

t.test('bytes of any kind are an object or a CodecError', async (t) => {
  const decodable = (bytes: Uint8Array): boolean => {
    try {
      decodeObject(registry, bytes);
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
    }
    return true;
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), decodable), { numRuns: 500 });
  for (const { apiVersion, kind, type } of kinds) {
    // The right envelope around anything, and an object with some bytes changed.
    const empty = encodeAs(registry, type, {}, { apiVersion, kind });
    const around = fc.uint8Array({ maxLength: 200 }).map((bytes) => withMessage(empty, bytes));
    fc.assert(fc.property(around, decodable), { numRuns: 100 });
    const whole = fc.sample(arbitraryObject(type, 4), { numRuns: 1, seed: 7 })[0]!;
    const good = encodeObject(registry, { apiVersion, kind, ...whole });
    const changed = fc
      .array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
      .map((changes) => {
        const bytes = Buffer.from(good);
        for (const [at, byte] of changes) bytes[at] = byte;
        return bytes;
      });
    fc.assert(fc.property(changed, decodable), { numRuns: 200 });
  }
  t.pass();
});

/** An envelope with a second message, which is the one that counts. */
function withMessage(envelope: Uint8Array, message: Uint8Array): Buffer {
  return Buffer.concat([
    envelope,
    Buffer.from([0x12, (message.length & 0x7f) | 0x80, message.length >> 7]),
    message,
  ]);
}

t.test('decodeObject bounds depth and number of values', async (t) => {
  const schema = registry.kind({
    group: 'apiextensions.k8s.io',
    version: 'v1',
    kind: 'CustomResourceDefinition',
  })!;
  let nested: JsonObject = {};
  for (let depth = 0; depth < 60; depth += 1) nested = { not: nested };
  const version = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: nested } };
  const deep = encodeAs(registry, schema, { spec: { versions: [version] } });
  const limits = { deepest: 50, mostValues: 1000 };
  t.throws(() => decodeObject(registry, deep, { limits, expected: schema }), { code: 'tooLarge' });
  t.doesNotThrow(() => decodeObject(registry, deep, { expected: schema }));
  let endless: JsonObject = {};
  for (let depth = 0; depth < 300; depth += 1) endless = { not: endless };
  const props = registry.type('io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps')!;
  t.throws(() => encodeAs(registry, props, endless), { code: 'tooLarge' });

  const pods = registry.kind({ group: '', version: 'v1', kind: 'PodList' })!;
  const many = encodeAs(registry, pods, { items: Array.from({ length: 50 }, () => ({})) });
  t.throws(() => decodeObject(registry, many, { limits, expected: pods }), {
    code: 'tooLarge',
    message: /1000 values/,
  });
});

t.test('decodeObject says what is wrong', async (t) => {
  const wrong = (bytes: Uint8Array): unknown => {
    try {
      return decodeObject(registry, bytes);
    } catch (error) {
      return (error as Error).message;
    }
  };
  t.match(wrong(Buffer.from('{"kind":"Pod"}')), /does not begin with "k8s" and a zero byte/);
  t.match(wrong(Buffer.from('k8s\0')), /no kind "" in ""/);
  t.match(wrong(Buffer.from('k8s\0\x0a\x0b\x0a\x02v1\x12\x05Thing')), /no kind "Thing" in "v1"/);
  t.match(wrong(Buffer.from('k8s\0\x12\x7f')), /ends in the middle of a field/);
  const pod = encodeObject(registry, { kind: 'Pod', apiVersion: 'v1' });
  t.match(wrong(withMessage(pod, Buffer.from([0x08, 0x01]))), /field metadata is written in the way 0/);
});

t.test('encodeObject names the field that does not fit', async (t) => {
  const pod = (spec: JsonObject): (() => unknown) => {
    return () => encodeObject(registry, { kind: 'Pod', apiVersion: 'v1', spec });
  };
  t.throws(pod({ containers: [{ name: 'a' }, { name: 1 }] }), {
    code: 'wrongType',
    message: 'spec.containers[1].name: It is a value of type number; it has to be text.',
  });
  t.throws(pod({ containers: {} }), { message: /^spec\.containers: / });
  t.throws(pod({ nodeSelector: { zone: false } }), { message: /^spec\.nodeSelector\.zone: / });
  t.throws(pod({ priority: 2 ** 31 }), { message: /^spec\.priority: .*from -2147483648 to 2147483647/ });
  t.throws(pod({ activeDeadlineSeconds: 1.5 }), { message: /^spec\.activeDeadlineSeconds: / });
  t.throws(pod({ tolerations: [{ tolerationSeconds: 'x' }] }), {
    message: /^spec\.tolerations\[0\]\.tolerationSeconds: /,
  });
  t.throws(() => encodeObject(registry, { kind: 'Foo', apiVersion: 'ex.io/v1' }), { code: 'unknownKind' });
  t.throws(() => encodeObject(registry, {}), { code: 'unknownKind' });
});

t.test('fields that a type does not know are left out, and no inherited ones are taken', async (t) => {
  const plain = encodeObject(registry, { kind: 'ConfigMap', apiVersion: 'v1', data: { a: 'b' } });
  t.ok(
    encodeObject(registry, { kind: 'ConfigMap', apiVersion: 'v1', data: { a: 'b' }, more: 1 }).equals(plain),
  );
  const odd = JSON.parse(
    '{"kind":"ConfigMap","apiVersion":"v1","data":{"__proto__":"x","constructor":"y"}}',
  ) as JsonObject;
  const read = decodeObject(registry, encodeObject(registry, odd));
  t.equal(JSON.stringify(read.data), '{"__proto__":"x","constructor":"y"}');
});

t.test('whole numbers beyond 2⁵³ are kept', async (t) => {
  const generation = 9_007_199_254_740_993n;
  const pod = { kind: 'Pod', apiVersion: 'v1', metadata: { generation } };
  const read = decodeObject(registry, encodeObject(registry, pod));
  t.equal((read.metadata as JsonObject).generation, generation);
});

t.test('an object that is embedded as protobuf is read by its envelope', async (t) => {
  const event = registry.type('io.k8s.apimachinery.pkg.apis.meta.v1.WatchEvent')!;
  const inner = encodeObject(registry, { kind: 'ConfigMap', apiVersion: 'v1', data: { a: 'b' } });
  const raw = Buffer.concat([Buffer.from([0x0a, inner.length]), inner]);
  const message = Buffer.concat([Buffer.from([0x12, raw.length]), raw]);
  const read = decodeObject(registry, withMessage(encodeAs(registry, event, {}), message), {
    expected: event,
  });
  t.match(read.object, { kind: 'ConfigMap', apiVersion: 'v1', data: { a: 'b' } });
});
