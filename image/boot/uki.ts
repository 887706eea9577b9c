/**
 * The unified kernel image of a slot: systemd's stub with kernel, initrd and command line as sections
 * (uapi-group.org, "Unified Kernel Image"). The command line carries the root's hash, and so binds kernel and root.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Architecture } from '../architecture.ts';
import { BuildError } from '../build-error.ts';
import { addSections } from '../formats/pe/pe.ts';

export interface UkiOptions {
  readonly architecture: Architecture;
  readonly packageTree: string;
  readonly kernel: Uint8Array;
  readonly kernelVersion: string;
  readonly initrd: Uint8Array;
  readonly commandLine: string;
  readonly osRelease: string;
}

export async function buildUki(options: UkiOptions): Promise<Uint8Array> {
  const stubFile = path.join(options.packageTree, 'usr/lib/systemd/boot/efi', options.architecture.bootStub);
  const stub = await readFile(stubFile);
  try {
    return addSections(stub, [
      { name: '.osrel', data: Buffer.from(options.osRelease) },
      { name: '.cmdline', data: Buffer.from(`${options.commandLine}\0`) },
      { name: '.uname', data: Buffer.from(options.kernelVersion) },
      { name: '.initrd', data: options.initrd },
      { name: '.linux', data: options.kernel },
    ]);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BuildError(
      'damaged-input',
      `No kernel image can be made from ${path.basename(stubFile)}: ${reason}`,
      { cause },
    );
  }
}
