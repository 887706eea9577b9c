/** Reads the plain lists beside this file: one item a line, `#` starts a comment. */
import { readFile } from 'node:fs/promises';

export interface ListLine {
  readonly text: string;
  readonly number: number;
}

export function parseList(text: string): readonly ListLine[] {
  return text
    .split('\n')
    .map((line, index) => ({ text: line.trim(), number: index + 1 }))
    .filter((line) => line.text !== '' && !line.text.startsWith('#'));
}

export async function readList(file: URL): Promise<readonly ListLine[]> {
  return parseList(await readFile(file, 'utf8'));
}

/** `key: value value …` lines, in order; one key may come again. */
export function parseAssignments(
  text: string,
): readonly (readonly [key: string, values: readonly string[]])[] {
  return parseList(text).map((line) => {
    const [key = '', values = ''] = line.text.split(/:\s*/, 2);
    return [key, values.split(/\s+/).filter((value) => value !== '')] as const;
  });
}
