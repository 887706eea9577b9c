import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { openCache } from '../cache/cache.ts';
import { checkout } from '../checkout.ts';
import { generatedDirectory } from '../generate/generate.ts';
import { acceptComponents } from './licenses/accept.ts';
import { addSchemas } from './schemas.ts';

t.test('addSchemas puts the schemas beside bundles that read them, with their licence', async (t) => {
  const bundleDirectory = t.testdir();
  const reader = path.join(checkout, 'runtime/apiserver/schemas/generated-files.ts');
  const components = await addSchemas({
    checkout,
    cache: openCache(),
    bundleDirectory,
    bundledFiles: [reader],
  });
  const files = readdirSync(bundleDirectory);
  t.ok(files.includes('kubernetes-types.json') && files.includes('openapi-v3.json'));
  t.notOk(files.includes('types') || files.includes('stamp'));
  for (const file of files) {
    const made = readFileSync(path.join(generatedDirectory, file));
    t.ok(readFileSync(path.join(bundleDirectory, file)).equals(made), file);
  }
  t.match(components, [{ name: 'kubernetes-api', version: /^0\.32\./, license: 'Apache-2.0' }]);
  t.match(components[0]!.text, /The Kubernetes Authors[\s\S]*Apache License\s+Version 2\.0, January 2004/);
  t.doesNotThrow(() => acceptComponents(components));
});

t.test('addSchemas leaves other bundles alone', async (t) => {
  const bundleDirectory = t.testdir();
  const bundledFiles = [path.join(checkout, 'runtime/main.ts')];
  t.same(await addSchemas({ checkout, cache: openCache(), bundleDirectory, bundledFiles }), []);
  t.same(readdirSync(bundleDirectory), []);
});
