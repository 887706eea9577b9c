/** What kinds fill in, on every golden object that Kubernetes' own tests hold. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import type { ApiObject } from '../../runtime/apiserver/objects/object-bytes.ts';
import { builtInGroupVersions } from '../../runtime/apiserver/resources/built-in.ts';
import { readGenerated, typesFile } from '../../runtime/apiserver/schemas/generated-files.ts';
import { decodeObject, encodeObject } from '../../runtime/apiserver/schemas/protobuf/codec.ts';
import type { JsonObject } from '../../runtime/apiserver/schemas/protobuf/json-value.ts';
import { Registry } from '../../runtime/apiserver/schemas/registry.ts';
import { strategyOf } from '../../runtime/resources/strategies.ts';
import { openCache } from '../cache/cache.ts';
import { provideSources } from './sources.ts';

t.setTimeout(180_000);

const registry = new Registry(readGenerated(typesFile).toString('utf8'));
const sources = await provideSources(openCache(), { offline: false });
const directory = path.join(sources.go, 'k8s.io/api/testdata/HEAD');
const files = new Set(readdirSync(directory));
const stored = builtInGroupVersions
  .flatMap(({ resources }) => resources)
  .filter(({ storage }) => storage !== null);

function written(object: JsonObject): JsonObject {
  return decodeObject(registry, encodeObject(registry, object)) as JsonObject;
}

t.test('a golden object is filled in once and for all, and checked to the end', async (t) => {
  let count = 0;
  for (const resource of stored) {
    const { group, version, kind } = resource;
    const file = `${group === '' ? 'core' : group}.${version}.${kind}.json`;
    if (!files.has(file)) continue;
    count += 1;
    const strategy = strategyOf(resource);
    const golden = JSON.parse(readFileSync(path.join(directory, file), 'utf8')) as JsonObject;
    const fillIn = (object: JsonObject): JsonObject =>
      written((strategy.fillIn?.(object as ApiObject) ?? object) as JsonObject);
    const filled = fillIn(golden);
    t.same(fillIn(filled), filled, file);
    const object = (strategy.prepareCreate?.(filled as ApiObject) ?? filled) as ApiObject;
    // What they hold is made up: they are refused, in sentences.
    for (const { field, message } of strategy.check?.(object) ?? []) t.ok(field !== '' && message !== '');
    t.ok(strategy.warn?.(object, null) ?? true);
  }
  t.ok(count > 40, `${count} kinds`);
});
