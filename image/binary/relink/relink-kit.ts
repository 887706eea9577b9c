/**
 * The archive that lets whoever has the executable link it again with another C library, as the licence of that library
 * asks for: everything that the executable is made of but the library, and the two steps that make it.
 */
import { chmod, copyFile, cp, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';
import type { Architecture } from '../../architecture.ts';
import type { Cache } from '../../cache/cache.ts';
import { temporary } from '../../cache/temporary.ts';
import { run } from '../../process/run.ts';
import type { Executable } from '../binary.ts';

export interface RelinkKitOptions {
  readonly architecture: Architecture;
  readonly executable: Executable;
  readonly cache: Cache;
  /** A `.tar.gz`, which every system opens. */
  readonly output: string;
}

/** Writes the archive; the same executable gives the same bytes. It unpacks into one directory of its own name. */
export async function writeRelinkKit(options: RelinkKitOptions): Promise<void> {
  const { architecture, cache, output } = options;
  await using work = await temporary(path.join(cache.directory, 'packaging', `relink-${process.pid}`));
  const name = `trivet-${architecture.name}-relink`;
  await fillKit(path.join(work.directory, name), options);
  await mkdir(path.dirname(output), { recursive: true });
  const unfinished = `${output}.${process.pid}`;
  await run('tar', [
    ...['--create', '--format=gnu', '--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner'],
    ...['--mode=u=rwX,go=rX', '--use-compress-program=gzip -n', '--file', unfinished],
    ...['--directory', work.directory, name],
  ]);
  await rename(unfinished, output);
}

async function fillKit(kit: string, { architecture, executable }: RelinkKitOptions): Promise<void> {
  await cp(executable.objects, path.join(kit, 'objects'), { recursive: true });
  const copies = {
    node: path.join(executable.node, 'bin/node'),
    'application.blob': executable.application,
    'relink.sh': path.join(import.meta.dirname, 'relink.sh'),
  };
  for (const [name, source] of Object.entries(copies)) await copyFile(source, path.join(kit, name));
  await chmod(path.join(kit, 'node'), 0o755);
  await bundleMerge(path.join(kit, 'merge.cjs'));
  const library = executable.notices.components.find(({ license }) => license.startsWith('LGPL'));
  const readme = (await readFile(path.join(import.meta.dirname, 'README.txt'), 'utf8'))
    .replace('COMPILER_PACKAGE', architecture.compilerPackage)
    .replace('LIBRARY_PACKAGE', `${library?.name} ${library?.version}`);
  const texts = {
    README: readme,
    architecture: `${architecture.name}\n`,
    compiler: `${architecture.multiarch}-g++\n`,
    'licenses.txt': executable.notices.text,
  };
  for (const [name, text] of Object.entries(texts)) await writeFile(path.join(kit, name), text);
}

async function bundleMerge(outfile: string): Promise<void> {
  await build({
    // Names of files in comments are relative to it: the same everywhere.
    absWorkingDir: path.resolve(import.meta.dirname, '../../..'),
    entryPoints: [path.join(import.meta.dirname, 'merge-main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    charset: 'utf8',
    logLevel: 'silent',
  });
}
