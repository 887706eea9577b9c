/**
 * First step of the executable: esbuild turns the runtime into a few CommonJS files, one for each part that is loaded
 * by itself, so that the commands of a person do not load the agent.
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { build, type Plugin } from 'esbuild';
import type { Architecture } from '../architecture.ts';
import { BuildError } from '../build-error.ts';

/** `static`: SQLite is a part of the executable itself; `dynamic`: its addon lies beside the bundles. */
export type Linkage = 'static' | 'dynamic';

export interface BundleOptions {
  readonly checkout: string;
  readonly architecture: Architecture;
  readonly linkage: Linkage;
  readonly version: string;
  readonly commit: string;
  readonly outputDirectory: string;
  /** Another program than the runtime: the example. */
  readonly entryPoints?: EntryPoints;
}

/** Sources in the checkout by the bundle's name. `trivet` is where the program starts. */
export type EntryPoints = Readonly<{ trivet: string } & Record<string, string>>;

/** Libraries that are needed rarely, or by several bundles: whatever imports one requires its bundle. */
const libraries: Readonly<Record<string, string>> = {
  // The largest part of the client for an external etcd.
  grpc: '@grpc/grpc-js',
  // Of certificates, made once in the life of most nodes, and of the requests for them that the API is sent.
  x509: '@peculiar/x509',
};

export const runtimeEntryPoints: EntryPoints = {
  trivet: 'runtime/main.ts',
  agent: 'runtime/cli/agent.ts',
  backup: 'runtime/cli/backup.ts',
  config: 'runtime/cli/config.ts',
  update: 'runtime/cli/update.ts',
  remote: 'runtime/cli/remote.ts',
  console: 'runtime/cli/console.ts',
  'recovery-key': 'runtime/cli/recovery-key.ts',
  'core-thread': 'runtime/agent/core-thread.ts',
  certificates: 'runtime/cluster/certificates.ts',
  ...libraries,
};

/** The path under which the static executable answers for SQLite's addon; see static/glue/addons.c. */
const linkedAddonPath = '/better_sqlite3.node';

/**
 * Fills `outputDirectory` with `NAME.cjs` for each entry point, and the addon where it is a file.
 * @returns the files that something was taken of, as absolute paths.
 */
export async function bundleRuntime(options: BundleOptions): Promise<readonly string[]> {
  const entryPoints = options.entryPoints ?? runtimeEntryPoints;
  await mkdir(options.outputDirectory, { recursive: true });
  try {
    const { metafile } = await build({
      metafile: true,
      absWorkingDir: options.checkout,
      // Paths of modules become part of the bundles: as seen from the checkout, even where node_modules is a link.
      preserveSymlinks: true,
      entryPoints: { ...entryPoints },
      outdir: options.outputDirectory,
      outExtension: { '.js': '.cjs' },
      bundle: true,
      platform: 'node',
      target: 'node24',
      format: 'cjs',
      // An import() of another bundle becomes a require(): the static executable has no files for it to look for.
      supported: { 'dynamic-import': false },
      // Names stay readable in a stack trace from the field; the image compresses them away.
      minifyWhitespace: true,
      minifySyntax: true,
      keepNames: false,
      legalComments: 'none',
      // This entry of better-sqlite3 requires the one addon; its default entry looks for it on the disk.
      alias: { 'better-sqlite3': `better-sqlite3/${options.architecture.sqliteAddon}` },
      loader: { '.node': 'copy' },
      assetNames: '[name]',
      plugins: [
        bundlesOfTheirOwn(options.checkout, entryPoints),
        ...(options.linkage === 'static' ? [linkedAddon] : []),
      ],
      banner: { js: "const trivetImportMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
      define: {
        'import.meta.url': 'trivetImportMetaUrl',
        'import.meta.dirname': '__dirname',
        'import.meta.filename': '__filename',
        TRIVET_BUILD: JSON.stringify({
          version: options.version,
          commit: options.commit,
          linkage: options.linkage,
        }),
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

/** An import() of a file that has a bundle of its own becomes an import() of that bundle; so does any import of a library with one. */
function bundlesOfTheirOwn(checkout: string, entryPoints: EntryPoints): Plugin {
  const bundleOf = new Map(
    Object.entries(entryPoints).map(([name, source]) => [path.join(checkout, source), `./${name}.cjs`]),
  );
  return {
    name: 'bundles-of-their-own',
    setup(hooks) {
      hooks.onResolve({ filter: /^\./ }, ({ kind, path: imported, resolveDir }) => {
        const bundle = bundleOf.get(path.join(resolveDir, imported));
        return kind === 'dynamic-import' && bundle !== undefined
          ? { path: bundle, external: true }
          : undefined;
      });
      for (const [name, library] of Object.entries(libraries)) {
        if (entryPoints[name] !== library) continue;
        hooks.onResolve({ filter: new RegExp(`^${library}$`) }, ({ kind }) =>
          kind === 'entry-point' ? undefined : { path: `./${name}.cjs`, external: true },
        );
      }
    },
  };
}

/** Requiring an addon asks the executable for the one that is linked in. */
const linkedAddon: Plugin = {
  name: 'linked-addon',
  setup(hooks) {
    hooks.onLoad({ filter: /\.node$/ }, () => ({
      contents: `process.dlopen(module, ${JSON.stringify(linkedAddonPath)});`,
      loader: 'js',
    }));
  },
};
