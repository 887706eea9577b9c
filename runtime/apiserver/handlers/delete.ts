/**
 * Deletes an object: at once, or by marking it, when somebody has to clean up behind it first (finalizers).
 * (k8s.io/apiserver/pkg/registry/rest/delete.go)
 */
import type { ApiObject } from '../objects/object-bytes.ts';
import { conflict, notFound } from '../status.ts';
import type { Decision, Outcome } from '../storage/object-store.ts';
import { normalized, placeOf, type ServedKind } from './served-kind.ts';
import { finalizersOf } from './server-fields.ts';
import type { RequestOptions, Surroundings } from './surroundings.ts';

export interface DeleteRequest extends RequestOptions {
  /** '' for what is in none. */
  readonly namespace: string;
  readonly name: string;
  /** '': whichever. */
  readonly uid: string;
  readonly resourceVersion: string;
  /** null: as the kind has it. */
  readonly graceSeconds: number | null;
  /** What becomes of the objects that it owns; null: what its finalizers say, or what is usual for its kind. */
  readonly propagation: 'Background' | 'Foreground' | 'Orphan' | null;
}

export interface Deletion {
  /** Gone; otherwise it waits for its finalizers. */
  readonly isGone: boolean;
  readonly object: Outcome['object'];
}

/** @throws ApiError */
export async function deleteObject(
  kind: ServedKind,
  request: DeleteRequest,
  surroundings: Surroundings,
): Promise<Deletion> {
  const place = placeOf(kind, request.namespace, request.name);
  const decide = async (current: ApiObject): Promise<Decision> => {
    const decision = decideDeletion(kind, request, current, surroundings);
    await request.admission.validate(admissionOf(kind, request, current));
    return decision;
  };
  const outcome = request.dryRun
    ? await kind.objects.foresee(place, decide)
    : await kind.objects.change(place, decide);
  if (outcome === null) throw notFound(kind.resource, request.name);
  return { isGone: outcome.kind === 'deleted', object: outcome.object };
}

function admissionOf({ resource }: ServedKind, request: DeleteRequest, old: ApiObject) {
  const { namespace, name, dryRun, propagation, warn } = request;
  const about = { operation: 'DELETE', resource, subresource: '', namespace, name, old } as const;
  return {
    ...about,
    object: null,
    ...{ dryRun, warn },
    options: propagation === null ? {} : { propagationPolicy: propagation },
  };
}

function decideDeletion(
  kind: ServedKind,
  request: DeleteRequest,
  current: ApiObject,
  surroundings: Surroundings,
): Decision {
  checkPreconditions(kind, request, current);
  const { strategy } = kind;
  const finalizers = withPropagation(finalizersOf(current), propagationOf(kind, request, current));
  const grace = graceOf(kind, request, current);
  const waits = grace > 0 || strategy.isHeld?.(current) === true || finalizers.length > 0;
  if (!waits) return { kind: 'delete' };
  const mark = markOf(kind, current, grace, surroundings);
  const metadata = { ...current.metadata, ...mark, finalizers };
  const marked = { ...current, metadata };
  return { kind: 'store', object: normalized(kind, strategy.markDeleted, kind.normalize(marked)) };
}

/** What is being deleted may be given less time than it had, and not more. */
function graceOf({ strategy }: ServedKind, { graceSeconds }: DeleteRequest, current: ApiObject): number {
  const wished = strategy.graceSeconds?.(current, graceSeconds) ?? 0;
  const { deletionTimestamp, deletionGracePeriodSeconds } = current.metadata;
  if (deletionTimestamp === undefined || deletionTimestamp === null) return wished;
  return Math.min(wished, Number(deletionGracePeriodSeconds ?? 0));
}

function markOf(
  { strategy }: ServedKind,
  { metadata }: ApiObject,
  grace: number,
  surroundings: Surroundings,
): object {
  const isMarked = metadata.deletionTimestamp !== undefined && metadata.deletionTimestamp !== null;
  if (isMarked && grace === Number(metadata.deletionGracePeriodSeconds ?? 0)) return {};
  const endMs = Date.parse(surroundings.now()) + grace * 1000;
  const generation = Number(metadata.generation ?? 0) + 1;
  return {
    deletionTimestamp: `${new Date(endMs).toISOString().slice(0, 19)}Z`,
    deletionGracePeriodSeconds: grace,
    ...(strategy.countsGenerations && !isMarked ? { generation } : {}),
  };
}

function propagationOf({ strategy }: ServedKind, { propagation }: DeleteRequest, current: ApiObject) {
  if (propagation !== null) return propagation;
  const finalizers = finalizersOf(current);
  if (finalizers.includes('orphan')) return 'Orphan';
  if (finalizers.includes('foregroundDeletion')) return 'Foreground';
  return strategy.orphansDependents === true ? 'Orphan' : 'Background';
}

/** The garbage collector takes these off when it has done its part. */
function withPropagation(
  finalizers: readonly string[],
  propagation: ReturnType<typeof propagationOf>,
): readonly string[] {
  const others = finalizers.filter((name) => name !== 'orphan' && name !== 'foregroundDeletion');
  if (propagation === 'Orphan') return [...others, 'orphan'];
  if (propagation === 'Foreground') return [...others, 'foregroundDeletion'];
  return others;
}

function checkPreconditions({ resource }: ServedKind, request: DeleteRequest, { metadata }: ApiObject): void {
  if (request.uid !== '' && request.uid !== metadata.uid) {
    const why = `the UID in the precondition (${request.uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`;
    throw conflict(resource, request.name, why);
  }
  if (request.resourceVersion !== '' && request.resourceVersion !== metadata.resourceVersion) {
    const why = `the ResourceVersion in the precondition (${request.resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`;
    throw conflict(resource, request.name, why);
  }
}
