/** The whole build: as a person runs it, again from its lock with nothing of the first one's work, and by `verify`. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t from 'tap';
import { openCache } from './cache/cache.ts';
import { checkout } from './checkout.ts';
import { parseSums } from './disk/sums.ts';
import type { BuildReport } from './report.ts';
import type { FileRecord } from './sbom/provenance.ts';
import { readKeyDirectory } from './signing/key-directory.ts';
import { signSums } from './signing/sign-sums.ts';
import { signerOf } from './signing/signer.ts';

const recipe = path.join(checkout, 'recipes/cloud-x86_64.yaml');
const program = path.join(checkout, 'image/main.ts');
const cache = openCache().directory;
/** Nobody in particular, when there is a way to become that. */
const otherUser = 65534;
const asOther =
  process.getuid?.() === 0
    ? ['setpriv', `--reuid=${otherUser}`, `--regid=${otherUser}`, '--clear-groups', '--']
    : [];

/** Runs `trivet build --json` with a cache of its own, and a place of its own for the person's operator key. */
function build(
  cacheHome: string,
  out: string,
  options: readonly string[],
  before: readonly string[],
  configHome?: string,
): BuildReport {
  const command = [...before, process.execPath, program, 'build', recipe, '--out', out, '--json', ...options];
  const [first = '', ...others] = command;
  const output = execFileSync(first, others, {
    env: {
      ...{ PATH: process.env.PATH, HOME: process.env.HOME, XDG_CACHE_HOME: cacheHome },
      ...(configHome === undefined ? {} : { XDG_CONFIG_HOME: configHome }),
      // Git otherwise says nothing about a checkout of another user.
      ...{ GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'safe.directory', GIT_CONFIG_VALUE_0: '*' },
    },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(output) as BuildReport;
}

/** A cache with what was downloaded, the compressed frames and SQLite's objects, and a place for the image. */
function prepareOther(directory: string): string {
  const other = path.join(directory, 'cache/trivet');
  for (const name of ['packages', 'frames', 'sqlite-objects']) {
    mkdirSync(path.join(other, name), { recursive: true });
    for (const entry of readdirSync(path.join(cache, name)))
      copyIfThere(path.join(cache, name, entry), path.join(other, name, entry));
  }
  mkdirSync(path.join(directory, 'again'));
  if (asOther.length > 0) {
    execFileSync('chown', ['-R', `${otherUser}:${otherUser}`, directory]);
    chmodSync(directory, 0o755);
  }
  return path.dirname(other);
}

/** Another build may drop what nobody needed for long meanwhile. */
function copyIfThere(source: string, target: string): void {
  try {
    cpSync(source, target, { recursive: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** QEMU, sha256sum and bmaptool take every format for the same image, or end with an error. */
function readWithForeignTools({ files }: BuildReport, directory: string): void {
  const at = (name: string): string => path.join(directory, name);
  const formats = [
    ['qcow2', files.qcow2],
    ['vmdk', files.vmdk],
    ['vpc', files.vhd],
  ] as const;
  for (const [format, name] of formats) {
    execFileSync('qemu-img', ['compare', '-f', 'raw', '-F', format, at(files.raw), at(name!)]);
  }
  execFileSync('sha256sum', ['--check', '--strict', '--quiet', 'SHA256SUMS'], { cwd: directory });
  execFileSync('bmaptool', ['--quiet', 'copy', at(files.zst), at('copy')]);
  execFileSync('cmp', [at(files.raw), at('copy')]);
}

t.test(
  'buildImage gives the same bytes from a lock file, offline, made all anew, for another user',
  { timeout: 600_000 },
  async (t) => {
    const formats = ['--format', 'qcow2,vmdk,vhd'];
    // Not below the checkout, where another user may have no way in.
    const directory = mkdtempSync(path.join(tmpdir(), 'trivet-build-'));
    t.teardown(() => rmSync(directory, { recursive: true, force: true }));
    // The first build makes the operator's key there; the other user gets it with everything below.
    const configHome = path.join(directory, 'config');
    const first = build(path.dirname(cache), path.join(t.testdir(), 'first'), formats, [], configHome);
    const firstFile = (name: string): string => path.join(t.testdirName, 'first', name);
    const cacheHome = prepareOther(directory);
    const lock = path.join(directory, 'lock.json');
    writeFileSync(lock, readFileSync(firstFile(first.files.lock)), { mode: 0o644 });
    const before = process.umask(0o077);
    t.teardown(() => process.umask(before));
    const out = path.join(directory, 'again');
    const again = build(cacheHome, out, ['--lock', lock, '--offline', ...formats], asOther, configHome);
    t.same(again.operators, first.operators);
    t.equal(again.operators.length, 1);
    t.same(again.sha256, first.sha256, 'the disk image is the same, in every format, and its block map');
    readWithForeignTools(first, path.join(t.testdirName, 'first'));
    t.equal(again.keys, 'development');
    for (const name of ['SHA256SUMS', 'SHA256SUMS.sig', 'image.pub']) {
      t.ok(readFileSync(path.join(out, name)).equals(readFileSync(firstFile(name))), `and so is ${name}`);
    }
    t.ok(first.sizesBytes.zst < 95e6, 'the download stays below 95 MB');
    const records = JSON.parse(readFileSync(firstFile(first.files.files), 'utf8')) as FileRecord[];
    t.match(
      records.find((record) => record.path === '/usr/lib/systemd/systemd')?.origin,
      { kind: 'debian', package: 'systemd' },
      'every file says where it comes from',
    );
  },
);

t.test('verify --rebuild gives the same image without the private keys', { timeout: 600_000 }, async (t) => {
  const directory = t.testdir();
  const at = (name: string): string => path.join(directory, name);
  execFileSync(process.execPath, [program, 'keys', 'create', '--dir', at('keys')]);
  const built = build(path.dirname(cache), at('out'), ['--keys', at('keys')], []);
  t.equal(built.keys, 'operator');
  // Whoever verifies has a copy of what was published, elsewhere, and only the public key.
  mkdirSync(at('elsewhere'));
  for (const name of readdirSync(at('out')))
    linkSync(path.join(at('out'), name), path.join(at('elsewhere'), name));
  cpSync(path.join(at('keys'), 'image.pub'), at('image.pub'));
  renameSync(at('keys'), at('keys-of-the-maker'));
  const signer = signerOf(await readKeyDirectory(at('keys-of-the-maker'), new Date()));
  rmSync(at('keys-of-the-maker'), { recursive: true });
  const verify = (): { status: number | null; checks: { name: string; ok: boolean; detail: string }[] } => {
    const image = path.join(at('elsewhere'), built.files.raw);
    const words = ['verify', image, '--rebuild', '--public-key', at('image.pub'), '--json'];
    const { status, stdout } = spawnSync(process.execPath, [program, ...words], { encoding: 'utf8' });
    return { status, checks: JSON.parse(stdout).checks };
  };
  const good = verify();
  t.equal(good.status, 0);
  t.match(good.checks.at(-1), { name: 'rebuild', ok: true, detail: built.sha256.raw });
  t.strictSame(
    good.checks.filter(({ ok }) => !ok),
    [],
  );
  // Whoever has the keys says that it was made of other sources: the same image, another secret in the recipe.
  const recipeFile = path.join(at('elsewhere'), built.files.recipe);
  const text = readFileSync(recipeFile, 'utf8');
  rmSync(recipeFile);
  writeFileSync(recipeFile, text.replace(/secret: .*/, 'secret: another-secret-than-it-was'));
  const wrongRecipe = verify();
  t.equal(wrongRecipe.status, 1);
  t.match(
    wrongRecipe.checks.filter(({ ok }) => !ok).map(({ name, detail }) => [name, detail]),
    [
      ['digests', built.files.recipe],
      ['rebuild', 'not begun, because the image itself is not sound'],
    ],
  );
  const sums = path.join(at('elsewhere'), 'SHA256SUMS');
  const names = [...parseSums(readFileSync(sums, 'utf8')).keys()];
  rmSync(sums);
  rmSync(path.join(at('elsewhere'), 'SHA256SUMS.sig'));
  rmSync(path.join(at('elsewhere'), 'image.pub'));
  await signSums(at('elsewhere'), names, {}, signer);
  const lie = verify();
  t.equal(lie.status, 1);
  t.match(
    lie.checks.filter(({ ok }) => !ok).map(({ name, detail }) => [name, detail]),
    [
      [
        'rebuild',
        /^another image comes out: partition root-a differs from its byte \d+ on .*; the file etc\/trivet\/config\.yaml differs from byte \d+ on$/,
      ],
    ],
  );
});
