/**
 * What becomes of a namespace that is being deleted: all that is in it goes first, what holds that up is told, and in the end the
 * namespace is let go. (pkg/controller/namespace/deletion) Pure.
 */
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { isSet, listAt, stringAt, stringsAt } from '../../apiserver/objects/read-path.ts';
import type { NamespaceCondition } from '../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { ResourceName } from '../client/places.ts';

/** What there is of one resource in the namespace: something, or nobody knows. */
export interface Content {
  readonly of: ResourceName;
  /** Metadata of the first of them. */
  readonly items: readonly ApiObject[];
  readonly count: number;
  /** Why they could not be listed, or the last attempt to delete them failed; '' for none. */
  readonly failure: string;
}

export interface ObservedNamespace {
  /** null where there is none any more */
  readonly namespace: ApiObject | null;
  /** Of all resources, if it is being deleted. */
  readonly contents: readonly Content[];
  /** As `GROUP/VERSION`, of other servers: what they have is not known now. */
  readonly stale: readonly string[];
  /** As `metav1.Time`. */
  readonly now: string;
}

export type NamespaceAction =
  | { readonly kind: 'removeAll'; readonly of: ResourceName; readonly namespace: string }
  | { readonly kind: 'status'; readonly object: ApiObject }
  | { readonly kind: 'finalize'; readonly object: ApiObject };

export function isDeleted({ metadata }: ApiObject): boolean {
  return isSet(metadata, 'deletionTimestamp');
}

export function planNamespaceDeletion(observed: ObservedNamespace): readonly NamespaceAction[] {
  const { namespace, contents, stale, now } = observed;
  if (namespace === null || !isDeleted(namespace)) return [];
  const { name = '' } = namespace.metadata;
  const removals = contents
    .filter(isToRemove)
    .map(({ of }): NamespaceAction => ({ kind: 'removeAll', of, namespace: name }));
  // What is still there afterwards is worth telling, not what was there before.
  if (isFirstAttempt(observed)) return removals;
  const status = withConditions(namespace, observed, now);
  const told: readonly NamespaceAction[] = status === null ? [] : [{ kind: 'status', object: status }];
  if (contents.length > 0 || stale.length > 0) return [...removals, ...told];
  // What is told changes the version: it is let go when the change comes back.
  return status === null ? finalize(namespace) : told;
}

function isToRemove({ items }: Content): boolean {
  return items.some((item) => !isDeleted(item));
}

function isFirstAttempt({ contents }: ObservedNamespace): boolean {
  return contents.some((content) => isToRemove(content) && content.failure === '');
}

function finalize(namespace: ApiObject): readonly NamespaceAction[] {
  const finalizers = stringsAt(namespace, 'spec', 'finalizers');
  if (!finalizers.includes('kubernetes')) return [];
  const spec = {
    ...(namespace.spec as object),
    finalizers: finalizers.filter((one) => one !== 'kubernetes').sort(),
  };
  return [{ kind: 'finalize', object: { ...namespace, spec } }];
}

/** @returns null where the conditions say it already */
function withConditions(namespace: ApiObject, observed: ObservedNamespace, now: string): ApiObject | null {
  const before = listAt(namespace, 'status', 'conditions') as readonly NamespaceCondition[];
  const wanted = conditionsOf(observed);
  const next = wanted.map((condition) => {
    const old = before.find(({ type }) => type === condition.type);
    const isSame = old?.status === condition.status;
    return { ...condition, lastTransitionTime: isSame ? (old?.lastTransitionTime ?? now) : now };
  });
  const isSaid = next.every((condition) => {
    const old = before.find(({ type }) => type === condition.type);
    return old?.status === condition.status && old?.message === condition.message;
  });
  const isTerminating = stringAt(namespace, 'status', 'phase') === 'Terminating';
  if (isSaid && isTerminating) return null;
  const others = before.filter(({ type }) => !next.some((condition) => condition.type === type));
  const status = { ...(namespace.status as object), phase: 'Terminating', conditions: [...others, ...next] };
  return { ...namespace, status };
}

type Words = readonly [reason: string, message: string];

/** What each condition says when all is well, and what before its details when it is not. */
const words: Readonly<Record<string, readonly [well: Words, ill: Words]>> = {
  NamespaceDeletionDiscoveryFailure: [
    ['ResourcesDiscovered', 'All resources successfully discovered'],
    ['DiscoveryFailed', 'Discovery failed for some groups, '],
  ],
  NamespaceDeletionGroupVersionParsingFailure: [
    ['ParsedGroupVersions', 'All legacy kube types successfully parsed'],
    ['GroupVersionParsingFailed', ''],
  ],
  NamespaceDeletionContentFailure: [
    ['ContentDeleted', 'All content successfully deleted, may be waiting on finalization'],
    ['ContentDeletionFailed', 'Failed to delete all resource types, '],
  ],
  NamespaceContentRemaining: [
    ['ContentRemoved', 'All content successfully removed'],
    ['SomeResourcesRemain', 'Some resources are remaining: '],
  ],
  NamespaceFinalizersRemaining: [
    ['ContentHasNoFinalizers', 'All content-preserving finalizers finished'],
    ['SomeFinalizersRemain', 'Some content in the namespace has finalizers remaining: '],
  ],
};

const allServers = 'unable to retrieve the complete list of server APIs';

function conditionsOf({ contents, stale }: ObservedNamespace): readonly NamespaceCondition[] {
  const failures = contents.flatMap(({ failure }) => (failure === '' ? [] : [failure])).sort();
  const remaining = contents
    .filter(({ count }) => count > 0)
    .map(({ of, count }) => `${of.resource}.${of.group} has ${count} resource instances`);
  const silent = stale.map((name) => `${name}: stale GroupVersion discovery: ${name}`).sort();
  const details: Readonly<Record<string, string>> = {
    NamespaceDeletionDiscoveryFailure:
      silent.length === 0 ? '' : `${silent.length} failing: ${allServers}: ${silent.join(', ')}`,
    NamespaceDeletionContentFailure:
      failures.length === 0 ? '' : `${failures.length} remaining: ${failures.join(', ')}`,
    NamespaceContentRemaining: remaining.sort().join(', '),
    NamespaceFinalizersRemaining: finalizersOf(contents).join(', '),
  };
  return Object.entries(words).map(([type, [well, ill]]) => {
    const detail = details[type] ?? '';
    const [reason, message] = detail === '' ? well : ill;
    return { type, status: detail === '' ? 'False' : 'True', reason, message: `${message}${detail}` };
  });
}

/** `NAME in N resource instances` */
function finalizersOf(contents: readonly Content[]): string[] {
  const counts = new Map<string, number>();
  for (const { metadata } of contents.flatMap(({ items }) => items)) {
    for (const name of stringsAt(metadata, 'finalizers')) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, count]) => `${name} in ${count} resource instances`).sort();
}

const longestSeconds = 15;

/** Soon at first, then less and less often: most of what holds a namespace up is over in seconds, the rest takes its time. */
export function nextLookMilliseconds(observed: ObservedNamespace, nowMs: number): number | null {
  const { namespace, contents, stale } = observed;
  if (namespace === null || !isDeleted(namespace)) return null;
  if (contents.length === 0 && stale.length === 0) return null;
  if (isFirstAttempt(observed)) return 0;
  const sinceSeconds = (nowMs - Date.parse(stringAt(namespace.metadata, 'deletionTimestamp'))) / 1000;
  return Math.min(Math.max(sinceSeconds / 4, 0.5), longestSeconds) * 1000;
}
