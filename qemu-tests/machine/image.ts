/** An image to boot: the disk, and what direct kernel boot needs, as `build.json` beside it says. */
import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import { MachineError } from './machine-error.ts';

export interface BootImage {
  /** The raw disk. */
  readonly file: string;
  readonly sizeBytes: number;
  /** Null when there is no build.json that names the parts. */
  readonly direct: {
    readonly kernelFile: string;
    readonly initrdFile: string;
    readonly commandLine: string;
  } | null;
}

const sectorBytes = 512;

/** Looks at the disk and what lies beside it. Throws `MachineError` `badImage`. */
export function openImage(file: string): BootImage {
  const absolute = path.resolve(file);
  if (!existsSync(absolute)) {
    throw new MachineError('badImage', `There is no image ${file}. trivet build makes one and says where.`);
  }
  const status = statSync(absolute);
  if (!status.isFile()) throw new MachineError('badImage', `${file} is not a file; the image ends in .raw`);
  if (!holdsPartitionTable(absolute)) {
    const hint = /\.zst$/.test(file) ? ' It is the compressed image: name the .raw beside it.' : '';
    throw new MachineError('badImage', `${file} is not a disk image: it has no GPT partition table.${hint}`);
  }
  return { file: absolute, sizeBytes: status.size, direct: readDirectBoot(absolute) };
}

/** The GPT header is the second sector. */
function holdsPartitionTable(file: string): boolean {
  const header = Buffer.alloc(8);
  const descriptor = openSync(file, 'r');
  try {
    return readSync(descriptor, header, 0, 8, sectorBytes) === 8 && header.toString('latin1') === 'EFI PART';
  } finally {
    closeSync(descriptor);
  }
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
