/** `trivet flash` writes an image onto a card, and a machine starts its system from that card. */
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { openImage } from '../machine/image.ts';
import type { RecipeImage } from '../recipe-images.ts';
import { trivet } from '../trivet-command.ts';
import { startAlone } from './alone.ts';

/** Its kernel has the drivers of SD controllers. */
export const cardRecipe = 'recipes/usb-x86_64.yaml';

/**
 * The firmware of QEMU's PCs does not start from SD cards, so QEMU gives kernel and initrd to the machine itself; the root
 * and the data partition are the card's.
 *
 * @returns the seconds from power-on until the agent is healthy.
 */
export async function startFromCard(subject: RecipeImage, directory: string): Promise<number> {
  mkdirSync(directory, { recursive: true });
  const card = path.join(directory, 'flashed.raw');
  rmSync(card, { force: true });
  await trivet(['flash', `${subject.image.file}.zst`, card, '--create', '--yes']);
  // What is beside a card is not known; kernel and initrd are those of the image that it was written from.
  const image = { ...openImage(card), direct: subject.image.direct };
  try {
    return await startAlone(subject, directory, { image, direct: true, diskBus: 'sd-card' });
  } finally {
    rmSync(card, { force: true });
  }
}
