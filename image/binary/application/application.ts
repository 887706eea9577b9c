/**
 * The application as the blob that Node takes it from: the loader and the bundles. Node's own program makes it
 * ("single executable application"). It holds nothing of the processor, so the host's Node makes it for every one.
 */
import { copyFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { run } from '../../process/run.ts';

export interface ApplicationOptions {
  /** Node's program for this machine, of the version that will read the blob. */
  readonly hostNode: string;
  /** Holds the bundles, `trivet.cjs` and others, and the licences. */
  readonly bundleDirectory: string;
  /** A directory of this build alone. */
  readonly workDirectory: string;
  readonly output: string;
}

export const loaderFile = path.join(import.meta.dirname, 'loader.cjs');

export async function makeApplication(options: ApplicationOptions): Promise<void> {
  const { bundleDirectory, workDirectory } = options;
  const assets = (await readdir(bundleDirectory)).sort();
  for (const name of assets) {
    await copyFile(path.join(bundleDirectory, name), path.join(workDirectory, name));
  }
  await copyFile(loaderFile, path.join(workDirectory, 'loader.cjs'));
  // Node writes the path of the main file into the blob: it is the same for everybody only when it is relative.
  const configuration = {
    main: 'loader.cjs',
    output: options.output,
    disableExperimentalSEAWarning: true,
    useSnapshot: false,
    // Only the loader would profit; see README.md for what was measured.
    useCodeCache: false,
    assets: Object.fromEntries(assets.map((name) => [name, name])),
  };
  await writeFile(path.join(workDirectory, 'application.json'), JSON.stringify(configuration));
  await run(options.hostNode, ['--experimental-sea-config', 'application.json'], { cwd: workDirectory });
}
