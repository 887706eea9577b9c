/**
 * The device's executable for this machine, as an image would carry it, for benchmarks: an agent run from its sources
 * carries a TypeScript compiler, which shows in its memory.
 *
 *   node image/host/agent-program.ts     makes out/agent/trivet
 */
import path from 'node:path';
import { buildExecutable, placeBinary } from '../binary/binary.ts';
import { BuildError } from '../build-error.ts';
import { openCache } from '../cache/cache.ts';
import { checkout, version } from '../checkout.ts';
import { hostArchitecture } from '../tools/tools.ts';

try {
  const executable = await buildExecutable({
    ...{ checkout, version },
    architecture: hostArchitecture,
    cache: openCache(),
  });
  await placeBinary(executable.file, path.join(checkout, 'out/agent/trivet'));
} catch (error) {
  console.error(`agent-program: ${error instanceof BuildError ? error.message : String(error)}`);
  process.exitCode = 1;
}
