/** The dynamic executable, as pkg makes it: the same program with the same answers, as far as it can have them. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import t from 'tap';
import { architectureOf } from '../architecture.ts';
import { openCache } from '../cache/cache.ts';
import { checkout, version } from '../checkout.ts';
import { buildBinary } from './binary.ts';
import { example, expectedOfExample } from './testing/example.ts';

t.test('buildBinary also makes the dynamic program, which does the same', { timeout: 300_000 }, async (t) => {
  const { file, dynamicFile } = await buildBinary({
    ...{ checkout, version, entryPoints: example },
    architecture: architectureOf('x86_64'),
    cache: openCache(),
  });
  t.match(execFileSync('file', ['-b', dynamicFile], { encoding: 'utf8' }), /dynamically linked, interpreter/);
  const directory = t.testdir({ static: {}, dynamic: {} });
  const run = (program: string, name: string): object => {
    const own = path.join(directory, name);
    // pkg writes its addon there; without the time zone of this machine both say UTC.
    const env = { PKG_NATIVE_CACHE_PATH: own, TZ: 'UTC' };
    return JSON.parse(execFileSync(program, [own, program], { env, encoding: 'utf8' }));
  };
  t.same(run(file, 'static'), expectedOfExample);
  const { otherAddon, ...others } = run(dynamicFile, 'dynamic') as typeof expectedOfExample;
  t.match(otherAddon, /cannot open shared object file/);
  t.same({ ...others, otherAddon: expectedOfExample.otherAddon }, expectedOfExample);
});
