/** SHA256SUMS, as `sha256sum` writes and `sha256sum --check` reads it. */
import path from 'node:path';
import { writeAside } from './aside.ts';
import { sha256OfFile } from './write-disk.ts';

export const sumsName = 'SHA256SUMS';

/**
 * Digests the files, given by their names in the directory, into its SHA256SUMS.
 * @param known digests that need not be computed again, by file name, in lower-case hexadecimal.
 * @returns the text of the file.
 */
export async function writeSums(
  directory: string,
  files: readonly string[],
  known: Readonly<Record<string, string>> = {},
): Promise<string> {
  const lines: string[] = [];
  for (const name of [...files].sort())
    lines.push(`${known[name] ?? (await sha256OfFile(path.join(directory, name)))}  ${name}\n`);
  const text = lines.join('');
  await writeAside(path.join(directory, sumsName), (file) => file.writeFile(text));
  return text;
}

/** Digest by file name. Lines of another kind are passed over. */
export function parseSums(text: string): ReadonlyMap<string, string> {
  const lines = text.matchAll(/^([0-9a-f]{64}) [ *](.+)$/gm);
  return new Map([...lines].map(([, digest = '', name = '']) => [name, digest]));
}
