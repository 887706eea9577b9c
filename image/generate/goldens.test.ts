/** Every object that Kubernetes' own tests hold as JSON, YAML and protobuf, in all directions. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { parse } from 'yaml';
import { readGenerated, typesFile } from '../../runtime/apiserver/schemas/generated-files.ts';
import { decodeObject, encodeAs, encodeObject } from '../../runtime/apiserver/schemas/protobuf/codec.ts';
import type { JsonObject } from '../../runtime/apiserver/schemas/protobuf/json-value.ts';
import { Registry } from '../../runtime/apiserver/schemas/registry.ts';
import { openCache } from '../cache/cache.ts';
import { provideSources } from './sources.ts';

t.setTimeout(180_000);

const registry = new Registry(readGenerated(typesFile).toString('utf8'));
const sources = await provideSources(openCache(), { offline: false });
const testdata = path.join(sources.go, 'k8s.io/api/testdata');

/** Its envelope does not name it, in upstream's tests either. */
const watchEvent = registry.type('io.k8s.apimachinery.pkg.apis.meta.v1.WatchEvent')!;

function decode(bytes: Uint8Array, name: string): JsonObject {
  return decodeObject(registry, bytes, name === 'core.v1.WatchEvent' ? { expected: watchEvent } : {});
}

function encode(object: JsonObject, name: string): Buffer {
  return name === 'core.v1.WatchEvent'
    ? encodeAs(registry, watchEvent, object)
    : encodeObject(registry, object);
}

function namesIn(directory: string): readonly string[] {
  const files = readdirSync(directory).filter((file) => file.endsWith('.pb') && !file.includes('.after_'));
  return files.map((file) => file.replace(/\.pb$/, '')).sort();
}

t.test('every golden object of Kubernetes 1.32 is the same in JSON, YAML and protobuf', async (t) => {
  const directory = path.join(testdata, 'HEAD');
  const names = namesIn(directory);
  t.equal(names.length, 171);
  for (const name of names) {
    const read = (extension: string): Buffer => readFileSync(path.join(directory, `${name}.${extension}`));
    const bytes = read('pb');
    const json = read('json').toString('utf8');
    const object = decode(bytes, name);
    const fromJson = JSON.parse(json) as JsonObject;
    const checks: Readonly<Record<string, boolean>> = {
      'protobuf to JSON, byte for byte': `${JSON.stringify(object, null, 2)}` === json.trimEnd(),
      'protobuf to protobuf': encode(object, name).equals(bytes),
      'JSON to protobuf': encode(fromJson, name).equals(bytes),
      'YAML to protobuf': encode(parse(read('yaml').toString('utf8')) as JsonObject, name).equals(bytes),
    };
    const failed = Object.keys(checks).filter((check) => !checks[check]);
    t.same(failed, [], name);
  }
});

for (const version of ['v1.30.0', 'v1.31.0']) {
  t.test(`objects of ${version} are read as Kubernetes 1.32 reads them`, async (t) => {
    const directory = path.join(testdata, version);
    const present = new Set(readdirSync(directory));
    let compared = 0;
    for (const name of namesIn(directory)) {
      // Kinds that were removed since are not there any more.
      if (!present.has(`${name}.json`) || !namesIn(path.join(testdata, 'HEAD')).includes(name)) continue;
      const after = (extension: string): Buffer => {
        const changed = `${name}.after_roundtrip.${extension}`;
        return readFileSync(path.join(directory, present.has(changed) ? changed : `${name}.${extension}`));
      };
      const object = decode(readFileSync(path.join(directory, `${name}.pb`)), name);
      t.ok(encode(object, name).equals(after('pb')), `${name} in protobuf`);
      t.equal(JSON.stringify(object, null, 2), after('json').toString('utf8').trimEnd(), `${name} in JSON`);
      compared += 1;
    }
    t.ok(compared > 100, `${compared} objects`);
  });
}
