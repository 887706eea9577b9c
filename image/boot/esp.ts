/** The boot partition: a FAT file system with what starts a kernel image, and the kernel image of slot A. */
import { truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { BuildError } from '../build-error.ts';
import { runTool, type Tools } from '../tools/tools.ts';
import type { BootFile } from './boot-file.ts';

export interface EspOptions {
  readonly tools: Tools;
  readonly sizeBytes: number;
  /** Signed. */
  readonly uki: Uint8Array;
  /** What starts the kernel image; `uefi.ts` and `raspberry-pi.ts` know. */
  readonly files: readonly BootFile[];
  readonly workDirectory: string;
  readonly output: string;
}

/** While an update is tried, the running entry, the new one and one that is being written must have room. */
const entriesAtOnce = 3;
/** For the file system itself, a configuration and what else a person may put there. */
const reservedBytes = 2 * 1024 * 1024;

export async function buildEsp(options: EspOptions): Promise<void> {
  const { tools, output, workDirectory } = options;
  checkRoom(options);
  await writeFile(output, '');
  await truncate(output, options.sizeBytes);
  // FAT32 with clusters of one sector: firmware takes smaller file systems for FAT16.
  const kind = ['--invariant', '-F', '32', '-s', '1', '-i', '54524956', '-n', 'ESP'];
  await runTool(tools, 'mkfs.fat', [...kind, output]);
  const files = [...options.files, { target: 'EFI/Linux/trivet-a.efi', content: options.uki }];
  await runTool(tools, 'mmd', ['-i', output, ...directoriesOf(files).map((name) => `::${name}`)]);
  for (const file of files) {
    const source = 'source' in file ? file.source : path.join(workDirectory, 'boot-file');
    if ('content' in file) await writeFile(source, file.content);
    await runTool(tools, 'mcopy', ['-i', output, source, `::${file.target}`]);
  }
}

function checkRoom({ uki, sizeBytes }: EspOptions): void {
  const needed = entriesAtOnce * uki.length + reservedBytes;
  if (needed <= sizeBytes) return;
  throw new BuildError(
    'does-not-fit',
    `The boot partition (sizes.esp) has ${mebibytes(sizeBytes)} MiB and must hold ${entriesAtOnce} kernel images of ${mebibytes(uki.length)} MiB: give it ${mebibytes(needed)}M.`,
  );
}

/** Parents before their children. */
function directoriesOf(files: readonly BootFile[]): readonly string[] {
  const found = new Set<string>();
  for (const { target } of files) {
    for (let name = path.posix.dirname(target); name !== '.'; name = path.posix.dirname(name))
      found.add(name);
  }
  return [...found].sort();
}

function mebibytes(bytes: number): number {
  return Math.ceil(bytes / (1024 * 1024));
}
