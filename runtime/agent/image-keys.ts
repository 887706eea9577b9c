/** Says aloud, at every start, when the image is signed with the keys that everybody has. */
import { readFile } from 'node:fs/promises';
import type { Log } from '../logging/log.ts';

/** What an image says about itself (ARCHITECTURE.md, "From recipe to device"); not there in a checkout. */
const descriptionFile = '/usr/lib/trivet/image.json';

export async function warnOfDevelopmentKeys(log: Log, file: string = descriptionFile): Promise<void> {
  const text = await readFile(file, 'utf8').catch(() => '{}');
  let keys: unknown;
  try {
    keys = (JSON.parse(text) as { keys?: unknown }).keys;
  } catch {
    // Whoever needs the file says that it is damaged.
    return;
  }
  if (keys !== 'development') return;
  log.warn('this image is signed with development keys: anyone can make updates that this machine takes');
}
