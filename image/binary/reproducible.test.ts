/** The same executable from the same sources elsewhere: another checkout, another cache, everything made anew. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { architectureOf } from '../architecture.ts';
import { openCache } from '../cache/cache.ts';
import { checkout, version } from '../checkout.ts';
import { buildExecutable, type Executable } from './binary.ts';

function digestOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

t.test('buildExecutable makes the same bytes elsewhere', { timeout: 600_000 }, async (t) => {
  const directory = t.testdir({});
  const elsewhere = path.join(directory, 'elsewhere');
  for (const name of ['package.json', 'package-lock.json', 'LICENSE', 'runtime']) {
    cpSync(path.join(checkout, name), path.join(elsewhere, name), { recursive: true });
  }
  // As links to the same files, but under other paths, which is what could show.
  const modules = path.join(elsewhere, 'node_modules');
  execFileSync('cp', ['-al', path.join(checkout, 'node_modules/.'), modules]);
  const build = (from: string, cache: NodeJS.ProcessEnv): Promise<Executable> =>
    buildExecutable({
      ...{ checkout: from, version, cache: openCache(cache) },
      architecture: architectureOf('x86_64'),
    });
  const here = await build(checkout, process.env);
  const there = await build(elsewhere, { XDG_CACHE_HOME: path.join(directory, 'cache') });
  t.not(there.file, here.file);
  for (const name of readdirSync(here.objects)) {
    t.equal(digestOf(path.join(there.objects, name)), digestOf(path.join(here.objects, name)), name);
  }
  t.equal(digestOf(there.file), digestOf(here.file), 'the executable');
});
