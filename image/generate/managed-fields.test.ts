/** Server-side apply of every golden object that Kubernetes' own tests hold. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { applyManaged, type ManagedKind } from '../../runtime/apiserver/managed-fields/managed-fields.ts';
import { shapeOf } from '../../runtime/apiserver/managed-fields/shape.ts';
import { readGenerated, typesFile } from '../../runtime/apiserver/schemas/generated-files.ts';
import { Decoder } from '../../runtime/apiserver/schemas/protobuf/decode.ts';
import {
  isObject,
  type JsonObject,
  type JsonValue,
} from '../../runtime/apiserver/schemas/protobuf/json-value.ts';
import { Registry } from '../../runtime/apiserver/schemas/registry.ts';
import { openCache } from '../cache/cache.ts';
import { provideSources } from './sources.ts';

t.setTimeout(180_000);

const registry = new Registry(readGenerated(typesFile).toString('utf8'));
const sources = await provideSources(openCache(), { offline: false });
const directory = path.join(sources.go, 'k8s.io/api/testdata/HEAD');

interface Golden {
  readonly kind: ManagedKind;
  /** Without the managed fields of somebody else. */
  readonly object: JsonObject;
}

function readGolden(file: string): Golden | null {
  const read = JSON.parse(readFileSync(path.join(directory, file), 'utf8')) as JsonObject;
  if (!isObject(read.metadata) || read.metadata.name === undefined) return null;
  const { managedFields: _, ...metadata } = read.metadata;
  const apiVersion = String(read.apiVersion);
  const [version, group = ''] = apiVersion.split('/').reverse() as [string, string?];
  const type = registry.kind({ group, version, kind: String(read.kind) });
  if (type === null) return null;
  const zero = new Decoder(registry).message(type, Buffer.alloc(0));
  return { kind: { shape: shapeOf(type), zero, apiVersion }, object: { ...read, metadata } };
}

const goldens = readdirSync(directory)
  .filter((file) => file.endsWith('.json') && !file.includes('.after_'))
  .flatMap((file) => readGolden(file) ?? []);

const time = '2026-01-01T00:00:00Z';
const later = '2026-01-02T00:00:00Z';
const apply = (kind: ManagedKind, live: JsonObject | null, object: JsonObject, at = time): JsonObject =>
  applyManaged(kind, live, object, { manager: 'one', subresource: '', time: at, force: false });

function withoutManagedFields(object: JsonObject): JsonObject {
  const { managedFields: _, ...metadata } = object.metadata as JsonObject;
  return { ...object, metadata };
}

t.test('a golden object is applied as it is, and a second time changes nothing', async (t) => {
  t.ok(goldens.length > 100, `${goldens.length} objects`);
  for (const { kind, object } of goldens) {
    const name = `${kind.apiVersion} ${String(object.kind)}`;
    const applied = apply(kind, null, object);
    t.same(withoutManagedFields(applied), object, name);
    t.strictSame(apply(kind, applied, object, later), applied, `${name} again`);
  }
});

t.test('who applies only the name afterwards loses all else', async (t) => {
  for (const { kind, object } of goldens) {
    const { name, namespace } = object.metadata as JsonObject;
    const bare: JsonObject = {
      apiVersion: object.apiVersion!,
      kind: object.kind!,
      metadata: { name, namespace },
    };
    const applied = apply(kind, apply(kind, null, object), bare, later);
    const left = leaves(applied).filter((leaf) => !leaf.startsWith('metadata.') && leaf.includes('.'));
    t.same(left, [], `${kind.apiVersion} ${String(object.kind)}`);
    t.notOk('managedFields' in (applied.metadata as JsonObject), 'and owns nothing');
  }
});

/** Paths of all that is neither empty nor null. */
function leaves(value: JsonValue | undefined, prefix = ''): readonly string[] {
  if (value === null || value === undefined) return [];
  if (typeof value !== 'object') return [prefix];
  return Object.entries(value).flatMap(([name, item]) =>
    leaves(item as JsonValue, prefix === '' ? name : `${prefix}.${name}`),
  );
}
