/**
 * Changes an object by what a client sends: a whole object, or a patch. Either way what there is decides what may become of it,
 * and the decision is made anew when somebody came between. (k8s.io/apiserver/pkg/registry/rest/update.go)
 */
import { checkMetadata, checkMetadataUpdate } from '../objects/metadata-rules.ts';
import type { ApiObject, ObjectMetadata } from '../objects/object-bytes.ts';
import { isSameJson, type JsonObject, type JsonValue } from '../schemas/protobuf/json-value.ts';
import { ApiError, conflict, type FieldError, invalid, notFound, outdated } from '../status.ts';
import type { Decision, StoredObject } from '../storage/object-store.ts';
import { accountUpdate, withoutNewTimes } from './account.ts';
import { allocated, withAllocation } from './allocate.ts';
import { asApiObject, checkBody } from './check-body.ts';
import { normalized, placeOf, type ServedKind, type Strategy } from './served-kind.ts';
import { finalizersOf, withServerFields } from './server-fields.ts';
import type { Surroundings, WriteOptions } from './surroundings.ts';

export interface UpdateRequest extends WriteOptions {
  /** '' for what is in none. */
  readonly namespace: string;
  readonly name: string;
  /** '', 'status', 'scale', or one of the kind's `parts`. */
  readonly subresource: string;
  /** What the client makes of what there is; throws `ApiError` where it does not fit. */
  readonly change: (current: ApiObject) => JsonValue;
  /** What a client is told whose change makes no object of the kind. Default: why it is none. */
  readonly explain?: (error: ApiError) => ApiError;
}

/** @throws ApiError */
export async function updateObject(
  kind: ServedKind,
  request: UpdateRequest,
  surroundings: Surroundings,
): Promise<StoredObject> {
  const place = placeOf(kind, request.namespace, request.name);
  let wanted: ApiObject | null = null;
  const decide = async (current: ApiObject): Promise<Decision> => {
    const decided = await decideUpdate(kind, request, current, surroundings);
    wanted = decided.wanted;
    return decided.decision;
  };
  const write = () =>
    request.dryRun ? kind.objects.foresee(place, decide) : kind.objects.change(place, decide);
  const outcome = await withAllocation(kind, request.name, write, () => wanted as unknown as ApiObject);
  if (outcome === null) throw notFound(kind.resource, request.name);
  return outcome.object;
}

async function decideUpdate(
  kind: ServedKind,
  request: UpdateRequest,
  current: ApiObject,
  surroundings: Surroundings,
): Promise<{ readonly decision: Decision; readonly wanted: ApiObject }> {
  const sent = asApiObject(request.change(current));
  checkBody(kind, sent, request);
  checkPreconditions(kind, request.name, sent, current);
  const inherited = read(kind, request, inherit(kind, request.subresource, sent, current));
  const filled = normalized(kind, kind.strategy.fillIn, inherited);
  const accounted = request.isAccounted ? filled : account(kind, request, filled, current, surroundings);
  const asked = admissionOf(kind, request, current);
  const admitted = await request.admission.mutate({ ...asked, object: accounted });
  // Only now is it as what there is: what a client leaves out is no change where it is filled in again.
  const prepared = stamped(kind, request, prepare(kind, request, admitted, current), current, surroundings);
  const chosen = request.subresource === '' ? allocated(kind, prepared, surroundings) : prepared;
  const next = withoutNewTimes(raiseGeneration(kind, request, chosen, current), current);
  const errors = checkAll(kind, request, next, current);
  if (errors.length > 0) throw invalid(kind.resource, request.name, errors);
  if (request.subresource === '') {
    for (const sentence of kind.strategy.warn?.(next, current) ?? []) request.warn(sentence);
  }
  await request.admission.validate({ ...asked, object: next });
  const isLast = isOver(kind, next);
  return { decision: isLast ? { kind: 'delete' } : { kind: 'store', object: next }, wanted: prepared };
}

function read(kind: ServedKind, { explain }: UpdateRequest, sent: ApiObject): ApiObject {
  try {
    return kind.normalize(sent);
  } catch (error) {
    throw error instanceof ApiError && explain !== undefined ? explain(error) : error;
  }
}

/** It was deleted, and nothing keeps it any more. */
function isOver({ strategy }: ServedKind, object: ApiObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds } = object.metadata;
  if (deletionTimestamp === undefined || deletionTimestamp === null) return false;
  const isEnding = strategy.graceSeconds !== undefined && Number(deletionGracePeriodSeconds ?? 0) > 0;
  return finalizersOf(object).length === 0 && !isEnding && strategy.isHeld?.(object) !== true;
}

function admissionOf(
  { resource }: ServedKind,
  { subresource, namespace, name, dryRun, sent = {}, warn }: UpdateRequest,
  old: ApiObject,
) {
  const about = { operation: 'UPDATE', resource, subresource, namespace, name, old } as const;
  return { ...about, dryRun, warn, options: sent };
}

function prepare(
  kind: ServedKind,
  { subresource }: UpdateRequest,
  next: ApiObject,
  current: ApiObject,
): ApiObject {
  const { prepareUpdate, prepareStatusUpdate } = kind.strategy;
  if (kind.strategy.parts?.[subresource] !== undefined) return next;
  const change = subresource === 'status' ? prepareStatusUpdate : prepareUpdate;
  return normalized(kind, change && ((object) => change(object, current)), next);
}

function stamped(
  kind: ServedKind,
  { user, subresource }: UpdateRequest,
  next: ApiObject,
  current: ApiObject,
  surroundings: Surroundings,
): ApiObject {
  const { stamp } = kind.strategy;
  const writer = { user, subresource, now: surroundings.now() };
  return normalized(kind, stamp && ((open) => stamp(open, current, writer)), next);
}

function account(
  kind: ServedKind,
  { fieldManager, subresource }: UpdateRequest,
  next: ApiObject,
  current: ApiObject,
  surroundings: Surroundings,
): ApiObject {
  const accounting = { manager: fieldManager, subresource, time: surroundings.now() };
  return accountUpdate(kind, current, next, accounting);
}

/** A client that names a version or an identity wants that one and no other. */
function checkPreconditions(kind: ServedKind, name: string, sent: ApiObject, current: ApiObject): void {
  const { resourceVersion = '', uid = '' } = sent.metadata as { resourceVersion?: string; uid?: string };
  if (uid !== '' && uid !== current.metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${current.metadata.uid}`;
    throw conflict(kind.resource, name, why);
  }
  if (resourceVersion === '' && kind.strategy.needsVersion) {
    const message = 'Invalid value: 0x0: must be specified for an update';
    const field = 'metadata.resourceVersion';
    throw invalid(kind.resource, name, [{ reason: 'FieldValueInvalid', field, message }]);
  }
  if (resourceVersion !== '' && resourceVersion !== current.metadata.resourceVersion) {
    throw outdated(kind.resource, name);
  }
}

/** What this write cannot touch comes from what there is. */
function inherit(kind: ServedKind, subresource: string, sent: ApiObject, current: ApiObject): ApiObject {
  const part = kind.strategy.parts?.[subresource];
  if (part !== undefined || subresource === 'status') {
    // Who writes status may write labels and annotations with it, unless the kind keeps them.
    const metadata =
      part === undefined || part.takesMetadata === true
        ? withServerFields(sent.metadata, current)
        : withManagedFieldsOf(sent, current);
    const kept = { ...current, metadata };
    return part === undefined ? withStatus(kept, sent.status) : { ...part.take(sent, kept), metadata };
  }
  const next = { ...sent, metadata: withServerFields(sent.metadata, current) };
  return kind.strategy.hasStatus ? withStatus(next, current.status) : next;
}

function withManagedFieldsOf(
  { metadata: { managedFields } }: ApiObject,
  { metadata }: ApiObject,
): ObjectMetadata {
  return { ...metadata, ...(managedFields === undefined ? {} : { managedFields }) };
}

function withStatus(object: ApiObject, status: unknown): ApiObject {
  const { status: _, ...others } = object;
  return (status === undefined ? others : { ...others, status }) as ApiObject;
}

function raiseGeneration(
  { strategy }: ServedKind,
  { subresource }: UpdateRequest,
  next: ApiObject,
  current: ApiObject,
): ApiObject {
  if (subresource === 'status' || !strategy.countsGenerations) return next;
  if (isSameJson(wantedOf(strategy, next), wantedOf(strategy, current))) return next;
  const generation = Number(current.metadata.generation ?? 0) + 1;
  return { ...next, metadata: { ...next.metadata, generation } };
}

/** A status that has no subresource is written with all the rest, and counts with it. */
function wantedOf({ hasStatus }: Strategy, { metadata: _, status, ...wanted }: ApiObject): JsonValue {
  return (hasStatus || status === undefined ? wanted : { ...wanted, status }) as JsonObject;
}

function checkAll(
  { resource, strategy }: ServedKind,
  { subresource }: UpdateRequest,
  next: ApiObject,
  current: ApiObject,
): readonly FieldError[] {
  const { name: rule, takesPlainFinalizers } = strategy;
  const rules = { isNamespaced: resource.namespaced, name: rule, takesPlainFinalizers };
  const ofMetadata = [
    ...checkMetadata(next.metadata, rules),
    ...checkMetadataUpdate(next.metadata, current.metadata),
  ];
  if (subresource === 'status')
    return [...ofMetadata, ...(strategy.checkStatusUpdate?.(next, current) ?? [])];
  const part = strategy.parts?.[subresource];
  if (part !== undefined) return [...ofMetadata, ...(part.check?.(next, current) ?? [])];
  return [...ofMetadata, ...(strategy.check?.(next) ?? []), ...(strategy.checkUpdate?.(next, current) ?? [])];
}
