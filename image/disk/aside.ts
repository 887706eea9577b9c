/** Writes a file under another name and renames it when it is complete, so that nothing unfinished looks finished. */
import { type FileHandle, open, rename, rm } from 'node:fs/promises';

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
    throw error;
  }
}
