/**
 * Changes an object by what a client sends: a whole object, or a patch. Either way what there is decides what may become of it,
 * and the decision is made anew when somebody came between. (k8s.io/apiserver/pkg/registry/rest/update.go)
 */
import { updateManaged } from '../managed-fields/managed-fields.ts';
import { checkMetadata, checkMetadataUpdate } from '../objects/metadata-rules.ts';
import type { ApiObject } from '../objects/object-bytes.ts';
import { isSameJson, type JsonObject, type JsonValue } from '../schemas/protobuf/json-value.ts';
import { conflict, type FieldError, invalid, notFound, outdated } from '../status.ts';
import type { Decision, StoredObject } from '../storage/object-store.ts';
import { asApiObject, checkBody } from './check-body.ts';
import { placeOf, type ServedKind } from './served-kind.ts';
import { finalizersOf, withServerFields } from './server-fields.ts';
import type { Surroundings, WriteOptions } from './surroundings.ts';

export interface UpdateRequest extends WriteOptions {
  /** '' for what is in none. */
  readonly namespace: string;
  readonly name: string;
  /** '' or 'status'. */
  readonly subresource: '' | 'status';
  /** What the client makes of what there is; throws `ApiError` where it does not fit. */
  readonly change: (current: ApiObject) => JsonValue;
}

/** @throws ApiError */
export async function updateObject(
  kind: ServedKind,
  request: UpdateRequest,
  surroundings: Surroundings,
): Promise<StoredObject> {
  const place = placeOf(kind, request.namespace, request.name);
  const decide = (current: ApiObject): Decision => decideUpdate(kind, request, current, surroundings);
  const outcome = request.dryRun
    ? await kind.objects.foresee(place, decide)
    : await kind.objects.change(place, decide);
  if (outcome === null) throw notFound(kind.resource, request.name);
  return outcome.object;
}

function decideUpdate(
  kind: ServedKind,
  request: UpdateRequest,
  current: ApiObject,
  surroundings: Surroundings,
): Decision {
  const sent = asApiObject(request.change(current));
  checkBody(kind, sent, request);
  checkPreconditions(kind, request.name, sent, current);
  const inherited = kind.normalize(inherit(kind, request.subresource, sent, current));
  const { fillIn } = kind.strategy;
  // Only now is it as what there is: what a client leaves out is no change where it is filled in again.
  const next = raiseGeneration(
    kind,
    fillIn === undefined ? inherited : kind.normalize(fillIn(inherited)),
    current,
  );
  const errors = checkAll(kind, next, current);
  if (errors.length > 0) throw invalid(kind.resource, request.name, errors);
  const managed = request.isAccounted ? next : account(kind, request, next, current, surroundings);
  const isLast = managed.metadata.deletionTimestamp !== undefined && finalizersOf(managed).length === 0;
  return isLast ? { kind: 'delete' } : { kind: 'store', object: managed };
}

function account(
  { managed }: ServedKind,
  { fieldManager, subresource }: UpdateRequest,
  next: ApiObject,
  current: ApiObject,
  surroundings: Surroundings,
): ApiObject {
  const writer = { manager: fieldManager, subresource, time: surroundings.now() };
  return updateManaged(managed, current as JsonObject, next as JsonObject, writer) as ApiObject;
}

/** A client that names a version or an identity wants that one and no other. */
function checkPreconditions(kind: ServedKind, name: string, sent: ApiObject, current: ApiObject): void {
  const { resourceVersion = '', uid = '' } = sent.metadata as { resourceVersion?: string; uid?: string };
  if (uid !== '' && uid !== current.metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${current.metadata.uid}`;
    throw conflict(kind.resource, name, why);
  }
  if (resourceVersion !== '' && resourceVersion !== current.metadata.resourceVersion) {
    throw outdated(kind.resource, name);
  }
}

/** What this write cannot touch comes from what there is. */
function inherit(
  kind: ServedKind,
  subresource: '' | 'status',
  sent: ApiObject,
  current: ApiObject,
): ApiObject {
  if (subresource === 'status') {
    const { managedFields } = sent.metadata;
    const metadata = { ...current.metadata, ...(managedFields === undefined ? {} : { managedFields }) };
    return withStatus({ ...current, metadata }, sent.status);
  }
  const next = { ...sent, metadata: withServerFields(sent.metadata, current) };
  return kind.strategy.hasStatus ? withStatus(next, current.status) : next;
}

function withStatus(object: ApiObject, status: unknown): ApiObject {
  const { status: _, ...others } = object;
  return (status === undefined ? others : { ...others, status }) as ApiObject;
}

function raiseGeneration({ strategy }: ServedKind, next: ApiObject, current: ApiObject): ApiObject {
  if (!strategy.countsGenerations || isSameJson(wantedOf(next), wantedOf(current))) return next;
  const generation = Number(current.metadata.generation ?? 0) + 1;
  return { ...next, metadata: { ...next.metadata, generation } };
}

function wantedOf({ metadata: _, status: __, ...wanted }: ApiObject): JsonValue {
  return wanted as JsonObject;
}

function checkAll(
  { resource, strategy }: ServedKind,
  next: ApiObject,
  current: ApiObject,
): readonly FieldError[] {
  const rules = { isNamespaced: resource.namespaced, name: strategy.name };
  return [
    ...checkMetadata(next.metadata, rules),
    ...checkMetadataUpdate(next.metadata, current.metadata),
    ...(strategy.check?.(next) ?? []),
    ...(strategy.checkUpdate?.(next, current) ?? []),
  ];
}
