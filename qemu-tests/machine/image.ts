/** An image to boot: the disk, and what direct kernel boot needs, as `build.json` beside it says. */
import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import { type ArchitectureName, architectureNames, architectureOf } from '../../image/architecture.ts';
import { decodeTable, type PartitionTable, primarySectors } from '../../image/formats/gpt/gpt.ts';
import { sectorSize } from '../../image/formats/gpt/layout.ts';
import { type BootChain, targetNames, targetOf } from '../../image/targets.ts';
import { MachineError } from './machine-error.ts';

export interface BootImage {
  /** The raw disk. */
  readonly file: string;
  readonly sizeBytes: number;
  /** As its partitions say. */
  readonly architecture: ArchitectureName;
  readonly bootChain: BootChain;
  /** Null when there is no build.json that names the parts. */
  readonly direct: {
    readonly kernelFile: string;
    readonly initrdFile: string;
    readonly commandLine: string;
  } | null;
}

/** Looks at the disk and what lies beside it. Throws `MachineError` `badImage`. */
export function openImage(file: string): BootImage {
  const absolute = path.resolve(file);
  if (!existsSync(absolute)) {
    throw new MachineError('badImage', `There is no image ${file}. trivet build makes one and says where.`);
  }
  const status = statSync(absolute);
  if (!status.isFile()) throw new MachineError('badImage', `${file} is not a file; the image ends in .raw`);
  const table = readTable(absolute);
  if (table === null) {
    const hint = /\.zst$/.test(file) ? ' It is the compressed image: name the .raw beside it.' : '';
    throw new MachineError('badImage', `${file} is not a disk image: it has no GPT partition table.${hint}`);
  }
  return {
    ...{ file: absolute, sizeBytes: status.size, direct: readDirectBoot(absolute) },
    ...kindOf(table, file),
  };
}

function readTable(file: string): PartitionTable | null {
  const start = Buffer.alloc(primarySectors * sectorSize);
  const descriptor = openSync(file, 'r');
  try {
    const length = readSync(descriptor, start, 0, start.length, 0);
    return decodeTable(start.subarray(0, length));
  } catch {
    return null;
  } finally {
    closeSync(descriptor);
  }
}

/** A slot's partition type names the architecture, the boot partition's the boot chain. */
function kindOf(table: PartitionTable, file: string): Pick<BootImage, 'architecture' | 'bootChain'> {
  const typeOf = (name: string): string | undefined =>
    table.partitions.find((partition) => partition.name === name)?.type;
  const architecture = architectureNames.find(
    (name) => architectureOf(name).rootPartitionType === typeOf('root-a'),
  );
  const target = targetNames.map(targetOf).find((one) => one.bootPartitionType === typeOf('esp'));
  if (architecture !== undefined && target !== undefined)
    return { architecture, bootChain: target.bootChain };
  throw new MachineError(
    'badImage',
    `${file} is no image of Trivet: it lacks its partitions esp and root-a.`,
  );
}

/** The report of the build that made this very image; one that is missing or about another image says nothing. */
function readDirectBoot(image: string): BootImage['direct'] {
  const directory = path.dirname(image);
  const report = parseReport(path.join(directory, 'build.json'));
  if (report?.raw !== path.basename(image)) return null;
  const { kernel, initrd, cmdline } = report;
  if (kernel === undefined || initrd === undefined || cmdline === undefined) return null;
  const commandLineFile = path.join(directory, cmdline);
  if (!existsSync(commandLineFile)) return null;
  return {
    kernelFile: path.join(directory, kernel),
    initrdFile: path.join(directory, initrd),
    commandLine: readFileSync(commandLineFile, 'utf8').trim(),
  };
}

function parseReport(file: string): Partial<Record<'raw' | 'kernel' | 'initrd' | 'cmdline', string>> | null {
  if (!existsSync(file)) return null;
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { files?: Record<string, string> }).files ?? null;
  } catch {
    throw new MachineError('badImage', `${file} is damaged: it is not JSON. Build the image again.`);
  }
}
