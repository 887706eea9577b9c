/** Paths that clients give, which must not lead out of where they belong. (pkg/apis/core/validation) Pure. */
import type { FieldError } from '../../../apiserver/status.ts';
import { invalidValue } from '../../field-errors.ts';
import { when } from '../../meta/field-checks.ts';

export function hasBacksteps(path: string): boolean {
  return path.split('/').includes('..');
}

/** Whether it leads to `/`, as Go's `path.Clean` writes it. */
export function isRoot(path: string): boolean {
  const kept: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') kept.pop();
    else if (part !== '' && part !== '.') kept.push(part);
  }
  return path.startsWith('/') && kept.length === 0;
}

export function checkNoBacksteps(path: string | undefined, field: string): readonly FieldError[] {
  return when(hasBacksteps(path ?? ''), invalidValue(field, path, "must not contain '..'"));
}

export function checkDescendingPath(path: string | undefined, field: string): readonly FieldError[] {
  const isAbsolute = (path ?? '').startsWith('/');
  return [
    ...when(isAbsolute, invalidValue(field, path, 'must be a relative path')),
    ...checkNoBacksteps(path, field),
  ];
}

/** What begins with two dots is the kubelet's own. */
export function checkLocalPath(path: string | undefined, field: string): readonly FieldError[] {
  const isReserved = (path ?? '').startsWith('..') && !(path ?? '').startsWith('../');
  return [
    ...checkDescendingPath(path, field),
    // Of `..` itself enough is said.
    ...when(isReserved, invalidValue(field, path, "must not start with '..'")),
  ];
}
