/** Paths that clients give, which must not lead out of where they belong. (pkg/apis/core/validation) Pure. */
import type { FieldError } from '../../../apiserver/status.ts';
import { invalidValue } from '../../field-errors.ts';
import { when } from '../../meta/field-checks.ts';

export function hasBacksteps(path: string): boolean {
  return path.split('/').includes('..');
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
