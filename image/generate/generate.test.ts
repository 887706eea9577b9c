import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { openCache } from '../cache/cache.ts';
import { generate, generatedDirectory } from './generate.ts';
import { provideSources } from './sources.ts';

t.setTimeout(180_000);

const cache = openCache();

function filesIn(directory: string): readonly string[] {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(directory, path.join(entry.parentPath, entry.name)))
    .sort();
}

t.test(
  'generate makes the same files again, without the network, and then finds nothing to do',
  async (t) => {
    await provideSources(cache, { offline: false });
    const directory = t.testdir();
    // A cache that has the sources and nothing that was made of them.
    mkdirSync(path.join(directory, 'trivet'));
    for (const stage of ['kubernetes-sources', 'packages']) {
      symlinkSync(path.join(cache.directory, stage), path.join(directory, 'trivet', stage));
    }
    const options = {
      cache: openCache({ XDG_CACHE_HOME: directory }),
      offline: true,
      directory: path.join(directory, 'generated'),
    };
    t.equal(await generate(options), true);
    const files = filesIn(generatedDirectory);
    t.ok(files.length > 100, `${files.length} files`);
    t.same(filesIn(options.directory), files);
    for (const file of files) {
      const isSame = readFileSync(path.join(options.directory, file)).equals(
        readFileSync(path.join(generatedDirectory, file)),
      );
      t.ok(isSame, file);
    }
    t.equal(await generate(options), false);
    // What is left of an older step is replaced, by however many at once.
    writeFileSync(path.join(options.directory, 'stamp'), 'old');
    writeFileSync(path.join(options.directory, 'stale'), '');
    await Promise.all([generate(options), generate(options)]);
    t.same(filesIn(options.directory), files);
    t.same(readdirSync(directory).sort(), ['generated', 'trivet']);
  },
);

t.test('generate says what is missing when it may not fetch', async (t) => {
  const directory = t.testdir();
  const options = {
    cache: openCache({ XDG_CACHE_HOME: directory }),
    offline: true,
    directory: path.join(directory, 'generated'),
  };
  await t.rejects(generate(options), {
    code: 'offline',
    message: /lacks 6 of 6 packages, and --offline forbids fetching them: .*golang-k8s-api-dev 0\.32\.3-1/,
  });
  t.notOk(existsSync(options.directory));
});

t.test('npm run generate refuses options that it does not know', async (t) => {
  const result = spawnSync(process.execPath, [path.join(import.meta.dirname, 'main.ts'), '--of'], {
    encoding: 'utf8',
  });
  t.equal(result.status, 2);
  t.match(result.stderr, /^generate: "--of" means nothing here; there are --offline and --quiet\.$/m);
});
