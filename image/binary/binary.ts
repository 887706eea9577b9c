/**
 * The executable of the device, step by step: Node, SQLite's objects, the link beside Node, the bundles, and the merge
 * of all into one static file. Each step is cached by what goes into it; its own file says what it does.
 */
import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Component, encodeNotices, type Notices, noticesFile } from '../../runtime/licenses/notices.ts';
import { commitOf } from '../../runtime/version.ts';
import type { Architecture } from '../architecture.ts';
import { type Cache, cached, cacheKey } from '../cache/cache.ts';
import { temporary } from '../cache/temporary.ts';
import type { Progress } from '../progress.ts';
import { hostArchitecture } from '../tools/tools.ts';
import { loaderFile, makeApplication } from './application/application.ts';
import { bundleRuntime, type EntryPoints, type Linkage, runtimeEntryPoints } from './bundle.ts';
import { collectNotices } from './licenses/collect.ts';
import { lockedPackage } from './locked-package.ts';
import { type NodePackage, provideNode } from './node-package.ts';
import { packageExecutable } from './package-executable.ts';
import { addSchemas } from './schemas.ts';
import { linkBesideNode } from './static/link.ts';
import { mergeExecutable } from './static/merge.ts';
import { readNodeFacts } from './static/node-facts.ts';
import { compileSqlite } from './static/sqlite-objects.ts';
import { findToolchain } from './static/toolchain.ts';

export interface BinaryOptions {
  readonly checkout: string;
  readonly architecture: Architecture;
  readonly version: string;
  readonly cache: Cache;
  /** Hears of every step. */
  readonly progress?: Progress | undefined;
  /** Another program than the runtime: the example. */
  readonly entryPoints?: EntryPoints | undefined;
}

export interface Executable {
  /** In the cache: to be copied, not changed. */
  readonly file: string;
  readonly nodeVersion: string;
  /** What was linked to Node: object files, generated sources, and `link.sh` with the command. */
  readonly objects: string;
  /** Node as it was before the merge: a directory with `bin/node`. */
  readonly node: string;
  /** The application as Node's blob. */
  readonly application: string;
  /** The licences of everything in it. */
  readonly notices: Notices;
}

export interface Binary extends Executable {
  /** The same program with shared libraries, as pkg makes it; only for comparison. */
  readonly dynamicFile: string;
}

/** The static executable, and the dynamic one that it is compared with. */
export async function buildBinary(options: BinaryOptions): Promise<Binary> {
  const executable = await buildExecutable(options);
  return { ...executable, dynamicFile: await buildDynamic(options) };
}

/** Builds the static executable, or takes from the cache what has not changed. */
export async function buildExecutable(options: BinaryOptions): Promise<Executable> {
  const { checkout, architecture, cache } = options;
  const node = await step(options, 'node', () => provideNode(checkout, cache, architecture));
  const toolchain = await findToolchain(architecture);
  const sqliteObjects = await step(options, 'sqlite', () =>
    compileSqlite({ checkout, cache, architecture, node, toolchain }),
  );
  const facts = readNodeFacts(
    await readFile(path.join(node.directory, 'bin/node')),
    architecture,
    `Node ${node.version} for ${architecture.name}`,
  );
  const linked = await step(options, 'link', () =>
    linkBesideNode({ cache, architecture, facts, toolchain, sqliteObjects }),
  );
  await using bundles = await step(options, 'bundle', () => makeBundles(options, 'static'));
  const notices = await step(options, 'licences', () =>
    collectNotices({
      ...{ checkout, version: options.version, node },
      ...{ bundledFiles: bundles.files, linkedFiles: toolchain.linkedFiles, data: bundles.data },
    }),
  );
  await writeFile(path.join(bundles.directory, noticesFile), encodeNotices(notices));
  const directory = await step(options, 'merge', async () =>
    cached(cache, 'executable', await executableKey(bundles.directory, node, linked.file), async (output) => {
      await using work = await temporary(path.join(cache.directory, 'packaging', String(process.pid)));
      const application = path.join(output, applicationFile);
      await makeApplication({
        hostNode: await hostNode(options),
        bundleDirectory: bundles.directory,
        workDirectory: work.directory,
        output: application,
      });
      const merged = mergeExecutable({
        ...{ architecture, facts },
        linked: await readFile(linked.file),
        application: await readFile(application),
      });
      await writeFile(path.join(output, 'trivet'), merged);
      // The image takes the mode over; it does not depend on the person's umask.
      await chmod(path.join(output, 'trivet'), 0o755);
    }),
  );
  return {
    file: path.join(directory, 'trivet'),
    nodeVersion: node.version,
    objects: linked.objects,
    node: node.directory,
    application: path.join(directory, applicationFile),
    notices,
  };
}

async function buildDynamic(options: BinaryOptions): Promise<string> {
  const { checkout, architecture, cache } = options;
  const node = await provideNode(checkout, cache, architecture);
  await using bundles = await makeBundles(options, 'dynamic');
  const key = cacheKey({
    bundles: await digestsOf(bundles.directory),
    ...{ node: node.integrity, architecture: architecture.name, version: options.version },
    // pkg's own dependencies decide with it.
    packageLock: sha256(await readFile(path.join(checkout, 'package-lock.json'))),
    packager: sha256(await readFile(new URL('./package-executable.ts', import.meta.url))),
  });
  const directory = await step(options, 'pkg', () =>
    cached(cache, 'dynamic-executable', key, async (output) => {
      await using work = await temporary(path.join(cache.directory, 'packaging', String(process.pid)));
      await packageExecutable({
        ...options,
        node,
        bundleDirectory: bundles.directory,
        workDirectory: work.directory,
        output: path.join(output, 'trivet'),
      });
    }),
  );
  return path.join(directory, 'trivet');
}

/** Copies an executable to where a person looks for it; an existing one is replaced even while it runs. */
export async function placeBinary(source: string, file: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const unfinished = `${file}.${process.pid}`;
  await copyFile(source, unfinished);
  await chmod(unfinished, 0o755);
  await rename(unfinished, file);
}

function step<T>(options: BinaryOptions, name: string, work: () => Promise<T>): Promise<T> {
  return options.progress?.stage(`${options.architecture.name} ${name}`, work) ?? work();
}

/** Beside the executable in the cache. */
const applicationFile = 'application.blob';

interface Bundles extends AsyncDisposable {
  readonly directory: string;
  /** What something was taken of. */
  readonly files: readonly string[];
  /** Whose data lies beside them. */
  readonly data: readonly Component[];
}

/** The bundles in a directory that is gone when they have been used. pkg shows its last component in paths. */
async function makeBundles(options: BinaryOptions, linkage: Linkage): Promise<Bundles> {
  const work = await temporary(path.join(options.cache.directory, 'bundling', `${linkage}-${process.pid}`));
  const directory = path.join(work.directory, 'trivet');
  const files = await bundleRuntime({
    ...{ checkout: options.checkout, architecture: options.architecture, version: options.version },
    ...{ linkage, commit: commitOf(options.checkout), outputDirectory: directory },
    entryPoints: options.entryPoints ?? runtimeEntryPoints,
  });
  const { checkout, cache } = options;
  const data = await addSchemas({ checkout, cache, bundleDirectory: directory, bundledFiles: files });
  return { directory, files, data, [Symbol.asyncDispose]: () => work[Symbol.asyncDispose]() };
}

async function executableKey(bundles: string, node: NodePackage, linkedFile: string): Promise<string> {
  return cacheKey({
    files: ['trivet', applicationFile],
    bundles: await digestsOf(bundles),
    node: node.integrity,
    // The name of a cached directory stands for what is in it.
    linked: path.basename(path.dirname(linkedFile)),
    loader: sha256(await readFile(loaderFile)),
    merge: await digestsOf(path.join(import.meta.dirname, 'static')),
    formats: await digestsOf(path.join(import.meta.dirname, '../formats/elf')),
  });
}

/** The Node that makes the blob: of the version that will read it, and for the processor of this machine. */
async function hostNode(options: BinaryOptions): Promise<string> {
  const node = await provideNode(options.checkout, options.cache, hostArchitecture);
  const target = await lockedPackage(options.checkout, options.architecture.nodePackage);
  if (node.version !== target.version) {
    throw new Error(`package.json names two versions of Node: ${node.version} and ${target.version}`);
  }
  return path.join(node.directory, 'bin/node');
}

/** Of the files in a directory, but for what lies in directories of their own. */
async function digestsOf(directory: string): Promise<readonly (readonly [string, string])[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
  return Promise.all(
    names.sort().map(async (name) => [name, sha256(await readFile(path.join(directory, name)))] as const),
  );
}

function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
