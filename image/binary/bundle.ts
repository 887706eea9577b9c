/**
 * First step of the executable: esbuild turns the runtime into two CommonJS files, the main one and the worker
 * thread's, with better-sqlite3's prebuilt addon beside them.
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';
import type { Architecture } from '../architecture.ts';
import { BuildError } from '../build-error.ts';

export interface BundleOptions {
  readonly checkout: string;
  readonly architecture: Architecture;
  readonly version: string;
  readonly outputDirectory: string;
  /** Another program than the runtime: the example. */
  readonly entryPoints?: Readonly<Record<'trivet' | 'core-thread', string>>;
}

/** The bundles and their sources in the checkout. */
const runtimeEntryPoints = {
  trivet: 'runtime/main.ts',
  'core-thread': 'runtime/agent/core-thread.ts',
} as const;

/**
 * Fills `outputDirectory` with `trivet.cjs`, `core-thread.cjs` and the addon.
 * @returns the files that something was taken of, as absolute paths.
 */
export async function bundleRuntime(options: BundleOptions): Promise<readonly string[]> {
  await mkdir(options.outputDirectory, { recursive: true });
  try {
    const { metafile } = await build({
      metafile: true,
      absWorkingDir: options.checkout,
      entryPoints: { ...(options.entryPoints ?? runtimeEntryPoints) },
      outdir: options.outputDirectory,
      outExtension: { '.js': '.cjs' },
      bundle: true,
      platform: 'node',
      target: 'node24',
      format: 'cjs',
      // Names stay readable in a stack trace from the field; the image compresses them away.
      minifyWhitespace: true,
      minifySyntax: true,
      keepNames: false,
      legalComments: 'none',
      // This entry of better-sqlite3 requires the one addon; its default entry looks for it on the disk.
      alias: { 'better-sqlite3': `better-sqlite3/${options.architecture.sqliteAddon}` },
      loader: { '.node': 'copy' },
      assetNames: '[name]',
      banner: { js: "const trivetImportMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
      define: {
        'import.meta.url': 'trivetImportMetaUrl',
        'import.meta.dirname': '__dirname',
        'import.meta.filename': '__filename',
        TRIVET_PACKAGED: 'true',
        TRIVET_VERSION: JSON.stringify(options.version),
      },
      logLevel: 'silent',
    });
    const outputs = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.entries(inputs));
    const used = outputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([file]) => file);
    return [...new Set(used)].map((file) => path.resolve(options.checkout, file));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BuildError('command-failed', `The runtime could not be bundled. ${reason}`, { cause });
  }
}
