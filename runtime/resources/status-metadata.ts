/**
 * What writes of status cannot touch. Usually they may change metadata, as clients of the real server rely on; a few kinds
 * keep some of it. (k8s.io/apimachinery/pkg/apis/meta/v1, ResetObjectMetaForStatus) Pure.
 */
import type { ObjectMeta } from '../apiserver/schemas/generated/types/meta-v1.ts';

interface WithMetadata {
  readonly metadata?: ObjectMeta | undefined;
}

const all = ['labels', 'annotations', 'finalizers', 'ownerReferences'] as const;

export function keepMetadata<T extends WithMetadata>(next: T, old: T): T {
  return withOld(next, old, all);
}

export function keepLabels<T extends WithMetadata>(next: T, old: T): T {
  return withOld(next, old, ['labels']);
}

export function keepOwners<T extends WithMetadata>(next: T, old: T): T {
  return withOld(next, old, ['ownerReferences']);
}

function withOld<T extends WithMetadata>(next: T, old: T, names: readonly (keyof ObjectMeta)[]): T {
  const before = old.metadata ?? {};
  const others = Object.entries(next.metadata ?? {}).filter(([name]) => !names.some((one) => one === name));
  const kept = names.filter((name) => before[name] !== undefined).map((name) => [name, before[name]]);
  return { ...next, metadata: { ...Object.fromEntries(others), ...Object.fromEntries(kept) } };
}
