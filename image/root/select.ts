/** Chooses paths of an unpacked tree by the patterns of `contents.txt`. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Architecture } from '../architecture.ts';
import { BuildError } from '../build-error.ts';
import type { ListLine } from './list-file.ts';

/** All files and links of a tree, relative to it, sorted. */
export async function listTree(tree: string): Promise<readonly string[]> {
  const entries = await readdir(tree, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(tree, path.join(entry.parentPath, entry.name)))
    .sort();
}

/**
 * @param list the patterns' file, below image/root, for messages.
 * @throws BuildError naming the line of a pattern that matches nothing.
 */
export function selectPaths(
  paths: readonly string[],
  patterns: readonly ListLine[],
  architecture: Architecture,
  list = 'contents.txt',
): readonly string[] {
  const selected = new Set<string>();
  for (const pattern of patterns) {
    const text = pattern.text
      .replace('{multiarch}', architecture.multiarch)
      .replace('{loader}', architecture.loader);
    const expression = toExpression(text);
    const matching = paths.filter((candidate) => expression.test(candidate));
    if (matching.length === 0) {
      throw new BuildError(
        'packages',
        `image/root/${list}, line ${pattern.number}: none of the base packages has ${pattern.text}; it was renamed or moved to another package.`,
      );
    }
    for (const match of matching) selected.add(match);
  }
  return [...selected].sort();
}

function toExpression(pattern: string): RegExp {
  const relative = pattern.replace(/^\//, '');
  const escaped = relative.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^/]*');
  return new RegExp(`^${escaped}${pattern.endsWith('/') ? '.*' : ''}$`);
}
