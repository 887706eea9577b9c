/** The project's TypeScript files as text, for the checks that read them. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export interface SourceFile {
  /** Relative to the checkout, with `/`. */
  readonly path: string;
  readonly text: string;
}

const folders = ['runtime', 'image', 'qemu-tests'];

/** All sources of the checkout, sorted by path. */
export function readSources(checkout: string): SourceFile[] {
  const files = folders.flatMap((folder) =>
    readdirSync(path.join(checkout, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => path.posix.join(folder, name)),
  );
  return files.sort().map((file) => ({ path: file, text: readFileSync(path.join(checkout, file), 'utf8') }));
}
