/** A directory that lives as long as the block that made it (`await using`). */
import { mkdir, rm } from 'node:fs/promises';

export interface Temporary extends AsyncDisposable {
  readonly directory: string;
}

/** Makes the directory, empty even if a killed build left it behind. */
export async function temporary(directory: string): Promise<Temporary> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  return {
    directory,
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}
