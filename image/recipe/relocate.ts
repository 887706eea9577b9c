/** A recipe's relative paths, seen from the directory of another one that extends it. Pure. */
import path from 'node:path';

type Written = Readonly<Record<string, unknown>>;

/** Fields that hold a path, or a list of paths. */
const pathFields = ['certificates', 'keys'];

export function relocate(written: Written, from: string, to: string): Written {
  const move = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(move);
    if (typeof value !== 'string' || path.isAbsolute(value) || value.includes('-----BEGIN')) return value;
    return path.relative(to, path.join(from, value));
  };
  const moved = new Map(Object.entries(written));
  for (const field of pathFields) {
    if (moved.has(field)) moved.set(field, move(moved.get(field)));
  }
  const files = moved.get('files');
  if (Array.isArray(files)) {
    moved.set(
      'files',
      files.map((file: unknown) => (hasSource(file) ? { ...file, source: move(file.source) } : file)),
    );
  }
  return Object.fromEntries(moved);
}

function hasSource(file: unknown): file is { readonly source: unknown } {
  return typeof file === 'object' && file !== null && 'source' in file;
}
