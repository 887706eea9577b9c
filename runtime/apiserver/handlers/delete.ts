/**
 * Deletes an object: at once, or by marking it, when somebody has to clean up behind it first (finalizers).
 * (k8s.io/apiserver/pkg/registry/rest/delete.go)
 */
import type { ApiObject } from '../objects/object-bytes.ts';
import { conflict, notFound } from '../status.ts';
import type { Decision, Outcome } from '../storage/object-store.ts';
import { placeOf, type ServedKind } from './served-kind.ts';
import { finalizersOf } from './server-fields.ts';
import type { RequestOptions, Surroundings } from './surroundings.ts';

export interface DeleteRequest extends RequestOptions {
  /** '' for what is in none. */
  readonly namespace: string;
  readonly name: string;
  /** '': whichever. */
  readonly uid: string;
  readonly resourceVersion: string;
  /** What becomes of the objects that it owns. */
  readonly propagation: 'Background' | 'Foreground' | 'Orphan';
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
  const { namespace, name, dryRun, propagation } = request;
  const about = { operation: 'DELETE', resource, subresource: '', namespace, name, old } as const;
  return { ...about, object: null, dryRun, options: { propagationPolicy: propagation } };
}

function decideDeletion(
  kind: ServedKind,
  request: DeleteRequest,
  current: ApiObject,
  surroundings: Surroundings,
): Decision {
  checkPreconditions(kind, request, current);
  const finalizers = withPropagation(finalizersOf(current), request.propagation);
  if (finalizers.length === 0) return { kind: 'delete' };
  const isMarked = current.metadata.deletionTimestamp !== undefined;
  const generation = Number(current.metadata.generation ?? 0) + 1;
  const mark = {
    deletionTimestamp: surroundings.now(),
    deletionGracePeriodSeconds: 0,
    ...(kind.strategy.countsGenerations ? { generation } : {}),
  };
  const metadata = { ...current.metadata, ...(isMarked ? {} : mark), finalizers };
  return { kind: 'store', object: kind.normalize({ ...current, metadata }) };
}

/** The garbage collector takes these off when it has done its part. */
function withPropagation(
  finalizers: readonly string[],
  propagation: DeleteRequest['propagation'],
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
