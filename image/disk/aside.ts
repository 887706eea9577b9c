/** Writes a file under another name and renames it when it is complete, so that nothing unfinished looks finished. */
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { BuildError } from '../build-error.ts';

/** When `fill` fails, nothing is left behind and what had the name before is still there. */
export async function writeAside(output: string, fill: (file: FileHandle) => Promise<void>): Promise<void> {
  const unfinished = `${output}.${process.pid}`;
  try {
    {
      await using file = await open(unfinished, 'w');
      await fill(file);
    }
    await rename(unfinished, output);
  } catch (error) {
    await rm(unfinished, { force: true });
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    throw new BuildError(
      'does-not-fit',
      `There is no room for ${output}: its file system is full. Free some, or name another place with --out.`,
      { cause: error },
    );
  }
}
