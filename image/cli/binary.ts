/** `trivet binary`: only the executable. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { architectureNames, architectureOf, isArchitectureName } from '../architecture.ts';
import { buildBinary, placeBinary } from '../binary/binary.ts';
import { BuildError } from '../build-error.ts';
import { openCache } from '../cache/cache.ts';
import { checkout, version } from '../checkout.ts';

export interface BinaryCommandOptions {
  readonly arch: string;
  readonly out: string;
}

/** Writes `OUT/trivet-ARCH` and says where it is and how large. */
export async function binaryCommand(options: BinaryCommandOptions): Promise<void> {
  if (!isArchitectureName(options.arch)) {
    throw new BuildError(
      'usage',
      `--arch ${options.arch}: there is no such architecture; it would be one of: ${architectureNames.join(', ')}`,
    );
  }
  const startedAt = performance.now();
  const architecture = architectureOf(options.arch);
  const binary = await buildBinary({ checkout, architecture, version, cache: openCache() });
  const file = path.join(options.out, `trivet-${architecture.name}`);
  await placeBinary(binary, file);
  const megabytes = ((await stat(file)).size / 1e6).toFixed(1);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  process.stdout.write(`${file}  ${megabytes} MB  Node ${binary.nodeVersion}  ${seconds} s\n`);
}
