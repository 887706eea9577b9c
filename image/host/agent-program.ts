/**
 * The device's executable for this machine, as an image would carry it, for benchmarks: an agent run from its sources
 * carries a TypeScript compiler, which shows in its memory.
 *
 *   node image/host/agent-program.ts             makes out/agent/trivet
 *   node image/host/agent-program.ts --dynamic   and out/agent/trivet-dynamic, the same on plain Node
 */
import path from 'node:path';
import { buildBinary, buildExecutable, placeBinary } from '../binary/binary.ts';
import { BuildError } from '../build-error.ts';
import { openCache } from '../cache/cache.ts';
import { checkout, version } from '../checkout.ts';
import { hostArchitecture } from '../tools/tools.ts';

const options = { checkout, version, architecture: hostArchitecture, cache: openCache() };
const place = (source: string, name: string): Promise<void> =>
  placeBinary(source, path.join(checkout, 'out/agent', name));

try {
  if (process.argv.includes('--dynamic')) {
    const { file, dynamicFile } = await buildBinary(options);
    await place(file, 'trivet');
    await place(dynamicFile, 'trivet-dynamic');
  } else {
    await place((await buildExecutable(options)).file, 'trivet');
  }
} catch (error) {
  console.error(`agent-program: ${error instanceof BuildError ? error.message : String(error)}`);
  process.exitCode = 1;
}
