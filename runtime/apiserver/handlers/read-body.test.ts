import fc from 'fast-check';
import t from 'tap';
import { isNestedDeeper } from '../objects/nesting.ts';
import type { Encoding } from '../request/accept.ts';
import { encodeObject } from '../schemas/protobuf/codec.ts';
import type { ApiType } from '../schemas/registry.ts';
import { unknownFields } from '../schemas/unknown-fields.ts';
import { ApiError } from '../status.ts';
import { type FieldValidation, readBody, readFieldValidation } from './read-body.ts';
import { configMap, registry } from './testing/open-kind.ts';

const type = registry.kind({ group: '', version: 'v1', kind: 'ConfigMap' }) as ApiType;
const bodyKind = {
  type,
  unknownFields: (object: unknown) => unknownFields(type, object),
  unsaid: { kind: 'ConfigMap', apiVersion: 'v1' },
};

function read(body: string | Uint8Array, encoding: Encoding = 'json', validation: FieldValidation = 'Warn') {
  return readBody(registry, bodyKind, Buffer.from(body as string), encoding, validation);
}

t.test('readBody reads each encoding', async (t) => {
  t.same(read(JSON.stringify(configMap)).object, configMap);
  t.same(read(JSON.stringify(configMap), 'yaml').object, configMap);
  const yaml = 'kind: ConfigMap\napiVersion: v1\nmetadata: { name: a }\ndata:\n  k: v\n';
  t.same(read(yaml, 'yaml').object, configMap);
  t.match(read(encodeObject(registry, configMap), 'protobuf').object, configMap);
  t.same(read('{"kind":"ConfigMap","metadata":null}').object.metadata, {});
  t.match(read('{"metadata":{"generation":9007199254740993}}').object, {
    metadata: { generation: 9007199254740993n },
  });
});

t.test('readBody takes a body that does not say what it is for what the request is about', async (t) => {
  const body = Buffer.from('{"metadata":{"name":"a"},"data":{}}');
  const unsaid = (encoding: Encoding, kind: typeof bodyKind | null) =>
    readBody(registry, kind ?? { ...bodyKind, unsaid: null }, body, encoding, 'Strict').object;
  t.match(unsaid('json', bodyKind), { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'a' } });
  t.match(unsaid('yaml', bodyKind), { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'a' } });
  t.notOk('kind' in unsaid('json', null), 'custom resources have to say it');
  t.match(read('{"kind":"Secret"}').object, { kind: 'Secret', apiVersion: 'v1' }, 'what it says, stands');
});

t.test('readBody says which fields are none, or stand twice', async (t) => {
  const odd =
    '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a","nam":1},"data":{"k":"1","k":"2"},"dat":{}}';
  const faults = ['unknown field "metadata.nam"', 'unknown field "dat"', 'duplicate field "data.k"'];
  t.same(read(odd).warnings, faults);
  t.same(read(odd, 'json', 'Ignore').warnings, []);
  t.throws(() => read(odd, 'json', 'Strict'), {
    code: 400,
    message: `ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: ${faults.join(', ')}`,
  });
  t.same(read(JSON.stringify(configMap), 'json', 'Strict').warnings, []);
  t.equal(readFieldValidation(''), 'Warn');
  t.equal(readFieldValidation('Strict'), 'Strict');
  t.throws(() => readFieldValidation('strict'), { code: 422, message: /supported values/ });
});

t.test('readBody refuses what is none', async (t) => {
  for (const [body, encoding, message] of [
    ['', 'json', /not JSON/],
    ['{"a":', 'json', /not JSON/],
    ['[]', 'json', /not a JSON object/],
    ['"x"', 'json', /not a JSON object/],
    ['{"metadata":[]}', 'json', /metadata of the body/],
    [Buffer.from([0x7b, 0xff, 0x7d]), 'json', /not UTF-8/],
    ['['.repeat(100_000), 'json', /nested more than 500/],
    [`${'{"a":'.repeat(501)}1${'}'.repeat(501)}`, 'json', /nested more than 500/],
    ['a: b: c', 'yaml', /not YAML: /],
    [
      `a: &a [x, x]\n${Array.from({ length: 30 }, (_, n) => `b${n}: &b${n} [*${n ? `b${n - 1}` : 'a'}, *${n ? `b${n - 1}` : 'a'}]`).join('\n')}`,
      'yaml',
      /not YAML: .*alias/,
    ],
    ['k8s\0garbage', 'protobuf', /not an object in protobuf/],
    ['', 'protobuf', /not an object in protobuf/],
  ] as const) {
    t.throws(
      () => read(body, encoding),
      { name: 'ApiError', code: 400, message },
      String(body).slice(0, 30).replaceAll('\0', ' '),
    );
  }
});

t.test('isNestedDeeper counts what nests, and not what strings hold', async (t) => {
  t.equal(isNestedDeeper(Buffer.from('{"a":[{}]}'), 3), false);
  t.equal(isNestedDeeper(Buffer.from('{"a":[{}]}'), 2), true);
  t.equal(isNestedDeeper(Buffer.from('["[[[[\\"[[[","{{{"]'), 1), false);
  t.equal(isNestedDeeper(Buffer.from(`[${'[],'.repeat(1000)}[]]`), 2), false);
});

t.test('readBody reads or refuses, whatever it gets', async () => {
  const piece = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    '"',
    ':',
    ',',
    'a',
    ' ',
    '\n',
    '-',
    '1',
    'metadata',
    '&a',
    '*a',
    '\\',
  );
  const text = fc.array(piece, { maxLength: 30 }).map((pieces) => Buffer.from(pieces.join('')));
  const body = fc.oneof(text, fc.uint8Array({ maxLength: 60 }));
  fc.assert(
    fc.property(body, fc.constantFrom('json', 'yaml', 'protobuf'), (bytes, encoding) => {
      try {
        readBody(registry, bodyKind, bytes, encoding as Encoding, 'Warn');
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
      }
    }),
    { numRuns: 1000 },
  );
});

t.test('readBody says by line which keys stand twice in YAML, of which the last counts', async (t) => {
  const twice = 'kind: ConfigMap\napiVersion: v1\ndata:\n  k: "1"\n  k: "2"\n  j: "3"\nkind: ConfigMap\n';
  const { object, warnings } = read(twice, 'yaml');
  t.match(object.data, { k: '2', j: '3' });
  const keys = ['line 5: key "k" already set in map', 'line 7: key "kind" already set in map'];
  t.same(warnings, [`yaml: unmarshal errors: ${keys.join(' ')}`], 'in one line');
  t.same(read(twice, 'yaml', 'Ignore').warnings, []);
  t.throws(() => read(twice, 'yaml', 'Strict'), {
    code: 400,
    message: `ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: yaml: unmarshal errors:\n  ${keys.join('\n  ')}`,
  });
  const json = '{"kind":"ConfigMap","apiVersion":"v1",\n"data":{"k":"1","k":"2"}}';
  t.match(read(json, 'yaml').warnings, [/line 2: key "k" already set in map/], 'also where it is JSON');
});
