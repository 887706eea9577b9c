/** Counts of replicas in a status: none negative, none more than there are. (pkg/apis/apps/validation/validation.go) Pure. */
import type { FieldError } from '../../apiserver/status.ts';
import { nonNegative } from '../checks/fields.ts';
import { invalidValue } from '../field-errors.ts';

type Counts<T> = keyof T & string;

/** @param within of these there are no more than `replicas` */
export function checkReplicaStatus<T extends object>(
  status: T | null | undefined,
  counts: readonly Counts<T>[],
  within: readonly Counts<T>[],
): FieldError[] {
  const tooMany = within.filter((name) => countOf(status, name) > countOf(status, 'replicas'));
  return [
    ...nonNegative(status, 'status', ...counts),
    ...tooMany.map((name) =>
      invalidValue(`status.${name}`, status?.[name], 'cannot be greater than status.replicas'),
    ),
  ];
}

/** What is available is ready, too. */
export function checkAvailable(
  status:
    | { readonly availableReplicas?: number | undefined; readonly readyReplicas?: number | undefined }
    | undefined,
  words: string,
): FieldError[] {
  const { availableReplicas = 0, readyReplicas = 0 } = status ?? {};
  return availableReplicas > readyReplicas
    ? [invalidValue('status.availableReplicas', availableReplicas, words)]
    : [];
}

/** It makes names differ, so that it never goes back. */
export function checkCollisions(next: Collisions | undefined, old: Collisions | undefined): FieldError[] {
  const { collisionCount } = next ?? {};
  if ((old?.collisionCount ?? null) === null || (collisionCount ?? 0) >= (old?.collisionCount ?? 0))
    return [];
  return [invalidValue('status.collisionCount', collisionCount ?? 0, 'cannot be decremented')];
}

interface Collisions {
  readonly collisionCount?: number | undefined;
}

function countOf(status: object | null | undefined, name: string): number {
  return Number((status as Readonly<Record<string, unknown>> | null | undefined)?.[name] ?? 0);
}
