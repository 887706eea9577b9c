/** `trivet binary`: only the executable, for one architecture or several, with progress, sizes and times. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import {
  type ArchitectureName,
  architectureNames,
  architectureOf,
  isArchitectureName,
} from '../architecture.ts';
import { buildExecutable, placeBinary } from '../binary/binary.ts';
import { writeRelinkKit } from '../binary/relink/relink-kit.ts';
import { BuildError } from '../build-error.ts';
import { openCache } from '../cache/cache.ts';
import { sweepCache } from '../cache/sweep.ts';
import { checkout, version } from '../checkout.ts';
import { Progress } from '../progress.ts';
import { hostArchitecture } from '../tools/tools.ts';

export interface BinaryCommandOptions {
  /** Names separated by commas; this machine's when there are none. */
  readonly arch: string | undefined;
  readonly out: string;
  /** Also writes what is needed to link the executable again. */
  readonly relinkKit: boolean;
  readonly json: boolean;
}

interface BuiltExecutable {
  readonly architecture: string;
  readonly file: string;
  readonly sizeBytes: number;
  readonly node: string;
  readonly relinkKit?: string;
}

/** Writes `OUT/trivet-ARCH` for each architecture and says where they are and how large. */
export async function binaryCommand(options: BinaryCommandOptions): Promise<void> {
  const names = parseArchitectures(options.arch ?? hostArchitecture.name);
  const announce = process.stderr.isTTY ? (line: string) => process.stderr.write(`${line}\r`) : undefined;
  const progress = new Progress((line) => process.stderr.write(`${line}\n`), announce);
  const cache = openCache();
  await sweepCache(cache);
  const executables: BuiltExecutable[] = [];
  for (const name of names) {
    const architecture = architectureOf(name);
    const built = await buildExecutable({ checkout, architecture, version, cache, progress });
    const file = path.join(options.out, `trivet-${name}`);
    await placeBinary(built.file, file);
    const sizeBytes = (await stat(file)).size;
    const relinkKit = `${file}.relink.tar.gz`;
    if (options.relinkKit) {
      await progress.stage(`${name} relink kit`, () =>
        writeRelinkKit({ architecture, executable: built, cache, output: relinkKit }),
      );
    }
    const facts = { architecture: name, file, sizeBytes, node: built.nodeVersion };
    executables.push(options.relinkKit ? { ...facts, relinkKit } : facts);
  }
  const seconds = progress.totalSeconds;
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ executables, stages: progress.times, seconds }, null, 2)}\n`);
    return;
  }
  for (const { file, sizeBytes, node, relinkKit } of executables) {
    process.stdout.write(`${file}  ${(sizeBytes / 1e6).toFixed(1)} MB, static, Node ${node}\n`);
    if (relinkKit !== undefined) process.stdout.write(`${relinkKit}  to link it again\n`);
  }
  process.stdout.write(`built in ${seconds.toFixed(1)} s\n`);
}

function parseArchitectures(text: string): readonly ArchitectureName[] {
  return [...new Set(text.split(','))].map((name) => {
    if (isArchitectureName(name)) return name;
    throw new BuildError(
      'usage',
      `--arch ${text}: there is no architecture "${name}"; name one or more of these, with commas: ${architectureNames.join(', ')}`,
    );
  });
}
