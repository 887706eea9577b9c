/** The boot partition: a FAT file system with systemd-boot and one kernel image per slot that is filled. */
import { readFile, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Architecture } from '../architecture.ts';
import { BuildError } from '../build-error.ts';
import { enrolmentNames } from '../signing/enrolment.ts';
import type { Signer } from '../signing/signer.ts';
import { runTool, type Tools } from '../tools/tools.ts';

export interface EspOptions {
  readonly tools: Tools;
  readonly architecture: Architecture;
  readonly packageTree: string;
  readonly sizeBytes: number;
  /** Signed. */
  readonly uki: Uint8Array;
  /** Signs the boot loader, and says which keys a machine in setup mode may take. */
  readonly signer: Pick<Signer, 'signProgram' | 'enrolment'>;
  /** What systemd-boot shows and sorts by; without a try counter, since the first system is good by definition. */
  readonly entryName: string;
  readonly workDirectory: string;
  readonly output: string;
}

/**
 * Boots the newest entry at once; space shows the menu. Nobody may change a command line there. A virtual machine whose
 * firmware is in setup mode takes the keys by itself; on hardware, where keys of others may be needed to start at all,
 * a person chooses the menu's entry for it.
 */
const loaderConfiguration = 'timeout 0\neditor no\nsecure-boot-enroll if-safe\n';
const enrolmentDirectory = 'loader/keys/auto';
const directories = [
  ...['EFI', 'EFI/BOOT', 'EFI/Linux', 'EFI/systemd', 'loader', 'loader/keys', enrolmentDirectory],
];
/** While an update is tried, the running entry, the new one and one that is being written must have room. */
const entriesAtOnce = 3;

export async function buildEsp(options: EspOptions): Promise<void> {
  const { tools, output } = options;
  const needed = entriesAtOnce * options.uki.length + 2 * 1024 * 1024;
  if (needed > options.sizeBytes) {
    throw new BuildError(
      'does-not-fit',
      `The boot partition (sizes.esp) has ${mebibytes(options.sizeBytes)} MiB and must hold ${entriesAtOnce} kernel images of ${mebibytes(options.uki.length)} MiB: give it ${mebibytes(needed)}M.`,
    );
  }
  await writeFile(output, '');
  await truncate(output, options.sizeBytes);
  // FAT32 with clusters of one sector: firmware takes smaller file systems for FAT16.
  await runTool(tools, 'mkfs.fat', [
    '--invariant',
    '-F',
    '32',
    '-s',
    '1',
    '-i',
    '54524956',
    '-n',
    'ESP',
    output,
  ]);
  await runTool(tools, 'mmd', ['-i', output, ...directories.map((name) => `::${name}`)]);
  const put = async (content: string | Uint8Array, target: string): Promise<void> => {
    const source = path.join(options.workDirectory, path.basename(target));
    await writeFile(source, content);
    await runTool(tools, 'mcopy', ['-i', output, source, `::${target}`]);
  };
  const { signer, architecture } = options;
  const loader = signer.signProgram(
    architecture.bootLoader,
    await readFile(path.join(options.packageTree, 'usr/lib/systemd/boot/efi', architecture.bootLoader)),
  );
  await put(loader, architecture.removableMediaPath);
  await put(loader, `EFI/systemd/${architecture.bootLoader}`);
  await put(loaderConfiguration, 'loader/loader.conf');
  for (const name of enrolmentNames) await put(signer.enrolment[name], `${enrolmentDirectory}/${name}.auth`);
  await put(options.uki, `EFI/Linux/${options.entryName}.efi`);
}

function mebibytes(bytes: number): number {
  return Math.ceil(bytes / (1024 * 1024));
}
