/**
 * The same program, packaged without the static link: pkg joins Node and the bundles into one file, which needs the
 * shared libraries of its system, and writes its addon to the disk. The static executable is measured against it.
 */
import { chmod, copyFile, link, mkdir, open, readdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Architecture } from '../architecture.ts';
import { BuildError } from '../build-error.ts';
import { buildEnvironment, run } from '../process/run.ts';
import type { NodePackage } from './node-package.ts';

export interface PackageOptions {
  readonly checkout: string;
  readonly architecture: Architecture;
  readonly node: NodePackage;
  readonly version: string;
  /** Holds `trivet.cjs` and what belongs beside it; its last component shows in the executable's own paths. */
  readonly bundleDirectory: string;
  /** A directory of this build alone. */
  readonly workDirectory: string;
  readonly output: string;
}

/** Where pkg works; the path ends up inside the executable, so it is the same for everybody. */
const pkgTemporaryDirectory = '/tmp';
const pkgTemporaryName = /^\/tmp\/pkg-sea-([A-Za-z0-9]{6})\/sea-main\.js/;

export async function packageExecutable(options: PackageOptions): Promise<void> {
  const home = path.join(options.workDirectory, 'home');
  await offerNode(home, options);
  await writeManifest(options);
  const require = createRequire(path.join(options.checkout, 'package.json'));
  const pkgManifest = require.resolve('@yao-pkg/pkg/package.json');
  const pkg = path.join(path.dirname(pkgManifest), 'lib-es5/bin.js');
  await run(
    process.execPath,
    [
      ...[
        pkg,
        '--sea',
        '-t',
        `node${options.node.version}-${options.architecture.pkgTarget}`,
        '-o',
        options.output,
      ],
      path.join(options.bundleDirectory, 'package.json'),
    ],
    { env: buildEnvironment({ HOME: home, TMPDIR: pkgTemporaryDirectory }), shownAs: 'pkg' },
  );
  await fixTemporaryName(options.output);
  await chmod(options.output, 0o755);
}

/** Puts Node where pkg looks for one it has downloaded and unpacked before; the `.ok` files say so. */
async function offerNode(home: string, options: PackageOptions): Promise<void> {
  const name = `node-v${options.node.version}-${options.architecture.pkgTarget}`;
  const downloads = path.join(home, '.pkg-cache/sea');
  const binary = path.join(downloads, name, 'bin/node');
  await mkdir(path.dirname(binary), { recursive: true });
  const source = path.join(options.node.directory, 'bin/node');
  // A hard link saves 120 MB of copying where cache and checkout share a file system.
  await link(source, binary).catch(() => copyFile(source, binary));
  for (const mark of [`${name}.tar.gz`, `${name}.tar.gz.ok`, `${name}/bin/node.ok`]) {
    await writeFile(path.join(downloads, mark), '');
  }
}

async function writeManifest(options: PackageOptions): Promise<void> {
  const manifest = {
    name: 'trivet',
    version: options.version,
    bin: 'trivet.cjs',
    pkg: { assets: await bundlesBeside(options.bundleDirectory) },
  };
  await writeFile(
    path.join(options.bundleDirectory, 'package.json'),
    `${JSON.stringify(manifest, null, 2)}\n`,
  );
}

/** Named one by one: pkg follows only what it understands of them. */
async function bundlesBeside(directory: string): Promise<readonly string[]> {
  return (await readdir(directory))
    .filter((name) => /\.(cjs|node)$/.test(name) && name !== 'trivet.cjs')
    .sort();
}

/**
 * Node notes the path of the start file in the blob, and pkg makes it in a directory with a random name. The name is
 * overwritten in place, so that one input gives one executable.
 */
async function fixTemporaryName(executable: string): Promise<void> {
  const content = await readFile(executable);
  const start = Buffer.from(`${pkgTemporaryDirectory}/pkg-sea-`);
  let found = 0;
  await using file = await open(executable, 'r+');
  for (let at = content.indexOf(start); at >= 0; at = content.indexOf(start, at + 1)) {
    if (!pkgTemporaryName.test(content.toString('latin1', at, at + 64))) continue;
    await file.write(Buffer.from('000000'), 0, 6, at + start.length);
    found += 1;
  }
  if (found !== 1) {
    throw new BuildError(
      'damaged-input',
      `The executable names pkg's temporary directory ${found} times instead of once; this version of pkg works differently.`,
    );
  }
}
