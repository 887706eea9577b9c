/**
 * Everything that is in the executable, with its licence: what esbuild really put into the bundles, Node, SQLite and its
 * addon, and the compiler's libraries. What is not known stops the build.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type Component, joinNotices, type Notices } from '../../../runtime/licenses/notices.ts';
import { BuildError } from '../../build-error.ts';
import { acceptComponents } from './accept.ts';
import { readDebianPackages } from './debian-packages.ts';
import { readNodeParts } from './node-parts.ts';
import { findPackage, packageDirectoriesOf, readPackage } from './npm-packages.ts';

export interface CollectOptions {
  readonly checkout: string;
  readonly version: string;
  readonly node: { readonly directory: string; readonly version: string };
  /** The files that esbuild took something of, as absolute paths. */
  readonly bundledFiles: readonly string[];
  /** What the linker takes from the machine, as absolute paths. */
  readonly linkedFiles: readonly string[];
  /** Whose data lies beside the bundles. */
  readonly data: readonly Component[];
}

/** Code that gets in by other ways than the bundle. */
const otherPackages: readonly (readonly [name: string, besides: string])[] = [
  ['better-sqlite3', ''],
  // Headers with code, compiled into the addon.
  ['node-addon-api', 'better-sqlite3'],
  // Its helper functions stand at the top of each bundle.
  ['esbuild', ''],
];

/** @throws BuildError `licenses` when something has no text or may not be in there. */
export async function collectNotices(options: CollectOptions): Promise<Notices> {
  const { checkout } = options;
  const others = otherPackages.map(([name, besides]) =>
    findPackage(besides === '' ? checkout : findPackage(checkout, besides), name),
  );
  const directories = new Map<string, string>();
  for (const directory of [...packageDirectoriesOf(options.bundledFiles), ...others]) {
    directories.set(await identityOf(directory), directory);
  }
  const components = [
    await readOwn(options),
    ...(await Promise.all([...directories.values()].map(readPackage))),
    ...readNodeParts(
      await readFile(path.join(options.node.directory, 'LICENSE'), 'utf8'),
      options.node.version,
    ),
    await readSqlite(findPackage(checkout, 'better-sqlite3')),
    ...(await readDebianPackages(options.linkedFiles)),
    ...options.data,
  ];
  acceptComponents(components);
  return joinNotices(components);
}

/** The same package may lie in two directories. */
async function identityOf(directory: string): Promise<string> {
  const manifest = JSON.parse(await readFile(path.join(directory, 'package.json'), 'utf8')) as Component;
  return `${manifest.name} ${manifest.version}`;
}

async function readOwn({ checkout, version }: CollectOptions): Promise<Component> {
  const text = await readFile(path.join(checkout, 'LICENSE'), 'utf8');
  return { name: 'trivet', version, license: 'Apache-2.0', source: 'this project', text };
}

/** SQLite is in the public domain; what stands in place of a licence is the comment at the top of its source. */
async function readSqlite(addonDirectory: string): Promise<Component> {
  const header = await readFile(path.join(addonDirectory, 'deps/sqlite3/sqlite3.h'), 'utf8');
  const version = /^#define SQLITE_VERSION\s+"(.+)"$/m.exec(header)?.[1];
  const comment = /^\/\*\n([\s\S]*?)\n\*{20,}/.exec(header)?.[1];
  if (version === undefined || !comment?.includes('disclaims copyright')) {
    throw new BuildError(
      'licenses',
      "The top of better-sqlite3's deps/sqlite3/sqlite3.h no longer says that SQLite is in the public domain.",
    );
  }
  const text = comment.replace(/^\*\* ?/gm, '');
  return { name: 'sqlite', version, license: 'blessing', source: "better-sqlite3's npm package", text };
}
