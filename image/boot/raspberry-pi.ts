/**
 * What a Raspberry Pi's boot partition holds beside the kernel images: the firmware that the board's ROM loads, u-boot,
 * the script that chooses a slot, and device trees: for the firmware at the top, and in a folder for each slot.
 */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { encodeEnvironment } from '../../runtime/updates/boot-environment.ts';
import { encodeScript } from '../formats/uimage/uimage.ts';
import type { Signer } from '../signing/signer.ts';
import type { BootFile } from './boot-file.ts';
import { keyFiles } from './uefi.ts';

const firmwareDirectory = 'usr/lib/raspi-firmware';
/** For the Raspberry Pi 4 and its kin; those of the 3 are the two that QEMU's board can start. */
const firmware = ['start4.elf', 'fixup4.dat', 'bootcode.bin', 'start.elf', 'fixup.dat'];
/** In a slot's folder: u-boot names device trees with it. */
export const deviceTreeDirectory = 'broadcom';
const deviceTree = /^bcm2(711|837)-rpi-.*\.dtb$/;

/** The firmware's settings: 64 bits, a serial console, and device trees by the names of Linux itself. */
const configuration = `# Made by trivet build; read by the Raspberry Pi's firmware.
arm_64bit=1
enable_uart=1
upstream_kernel=1
kernel=u-boot.bin
# The picture is only a console: leave the memory to the system.
gpu_mem=32
disable_splash=1
`;

export interface RaspberryPiOptions {
  readonly packageTree: string;
  readonly kernelVersion: string;
  readonly signer: Pick<Signer, 'enrolment'>;
  /** Seconds since 1970, for the script's header. */
  readonly sourceDateEpoch: number;
}

export async function raspberryPiFiles(options: RaspberryPiOptions): Promise<readonly BootFile[]> {
  const { packageTree } = options;
  const script = await readFile(new URL('boot.scr.txt', import.meta.url), 'utf8');
  const trees = await deviceTreeFiles(options);
  return [
    ...firmware.map((name) => ({ target: name, source: path.join(packageTree, firmwareDirectory, name) })),
    // The firmware may be passed on with its licence.
    {
      target: 'LICENCE.broadcom',
      source: path.join(packageTree, 'usr/share/doc/raspi-firmware/copyright'),
    },
    { target: 'config.txt', content: configuration },
    { target: 'u-boot.bin', source: path.join(packageTree, 'usr/lib/u-boot/rpi_arm64/u-boot.bin') },
    { target: 'boot.scr', content: encodeScript(script, 'Trivet slots', options.sourceDateEpoch) },
    // They are there from the start, so that later writes stay in their sector.
    { target: 'trivet/slots.env', content: encodeEnvironment({ good: 'a', trial: '', id: '' }) },
    { target: 'trivet/tries.env', content: encodeEnvironment({ tried: '', count: '0' }) },
    ...keyFiles(options.signer),
    ...trees.map(({ name, source }) => ({ target: name, source })),
    ...trees.map(({ name, source }) => ({ target: `trivet/a/${deviceTreeDirectory}/${name}`, source })),
  ];
}

/** Of this kernel; an update carries its own. */
export async function deviceTreeFiles({
  packageTree,
  kernelVersion,
}: Pick<RaspberryPiOptions, 'packageTree' | 'kernelVersion'>): Promise<
  readonly { name: string; source: string }[]
> {
  const directory = path.join(packageTree, `usr/lib/linux-image-${kernelVersion}`, deviceTreeDirectory);
  const names = (await readdir(directory)).filter((name) => deviceTree.test(name)).sort();
  return names.map((name) => ({ name, source: path.join(directory, name) }));
}
