/**
 * SQLite and better-sqlite3 as object files, compiled from the sources in the npm package with the settings that it
 * gives itself, instead of the shared library that it brings.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Architecture } from '../../architecture.ts';
import { BuildError } from '../../build-error.ts';
import { type Cache, cached, cacheKey } from '../../cache/cache.ts';
import { buildEnvironment, run } from '../../process/run.ts';
import { lockedPackage } from '../locked-package.ts';
import type { NodePackage } from '../node-package.ts';
import type { Toolchain } from './toolchain.ts';

export interface SqliteOptions {
  readonly checkout: string;
  readonly cache: Cache;
  readonly architecture: Architecture;
  readonly node: NodePackage;
  readonly toolchain: Toolchain;
}

/** As upstream, but for what only a shared library needs. Sections of their own, so that the linker can leave out. */
const shared = ['-O3', '-DNDEBUG', '-fno-pie', '-fno-plt', '-ffunction-sections', '-fdata-sections'];
const cFlags = [...shared, '-std=c99', '-w', '-D_GNU_SOURCE'];
const cxxFlags = [
  ...[...shared, '-std=c++20', '-w', '-fno-exceptions', '-fno-rtti', '-fvisibility=hidden'],
  ...['-DNAPI_VERSION=10', '-DNAPI_DISABLE_CPP_EXCEPTIONS', '-DNODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS'],
];

/** A directory with `sqlite3.o` and `better_sqlite3.o`. */
export async function compileSqlite(options: SqliteOptions): Promise<string> {
  const { checkout, toolchain } = options;
  const modules = path.join(checkout, 'node_modules');
  const source = path.join(modules, 'better-sqlite3');
  const defines = parseDefines(await readFile(path.join(source, 'deps/defines.gypi'), 'utf8')).map(
    (define) => `-D${define}`,
  );
  const key = cacheKey({
    sources: await Promise.all(
      ['better-sqlite3', 'node-addon-api'].map((name) => lockedPackage(checkout, name)),
    ),
    headers: options.node.integrity,
    ...{ cFlags, cxxFlags, defines, toolchain: toolchain.identity },
    architecture: options.architecture.name,
  });
  return cached(options.cache, 'sqlite-objects', key, async (directory) => {
    const compile = (program: string, file: string, flags: readonly string[]): Promise<unknown> =>
      // No path of this machine gets into an object.
      run(
        program,
        [...flags, `-ffile-prefix-map=${modules}=.`, '-c', path.join(source, file), '-o', objectName(file)],
        { cwd: directory, env: buildEnvironment() },
      );
    const headers = [
      path.join(options.node.directory, 'include/node'),
      path.join(modules, 'node-addon-api'),
      ...['deps/sqlite3', 'src'].map((name) => path.join(source, name)),
    ];
    await Promise.all([
      compile(toolchain.c, 'deps/sqlite3/sqlite3.c', [...cFlags, ...defines]),
      compile(toolchain.cxx, 'src/better_sqlite3.cpp', [...cxxFlags, ...headers.map((name) => `-I${name}`)]),
    ]);
  });
}

function objectName(file: string): string {
  return `${path.parse(file).name}.o`;
}

/** The definitions of a gypi file, which is a Python literal: only their list is wanted of it. */
export function parseDefines(text: string): readonly string[] {
  const list = /'defines'\s*:\s*\[([^\]]*)\]/.exec(text)?.[1];
  const defines = [...(list ?? '').matchAll(/'([^']*)'/g)].map((match) => match[1] ?? '');
  if (!defines.some((define) => define.startsWith('SQLITE_ENABLE_FTS5'))) {
    throw new BuildError(
      'damaged-input',
      "better-sqlite3's deps/defines.gypi is not as expected: it has no list of definitions with SQLITE_ENABLE_FTS5. Look at parseDefines in image/binary/static/sqlite-objects.ts.",
    );
  }
  return defines;
}
