/** Makes an object. (k8s.io/apiserver/pkg/registry/rest/create.go) */
import { checkMetadata } from '../objects/metadata-rules.ts';
import type { ApiObject, ObjectMetadata } from '../objects/object-bytes.ts';
import { encodeForStore } from '../objects/object-bytes.ts';
import { ApiError, alreadyExists, invalid } from '../status.ts';
import type { StoredObject } from '../storage/object-store.ts';
import { accountUpdate } from './account.ts';
import { allocated, withAllocation } from './allocate.ts';
import { checkBody } from './check-body.ts';
import { normalized, placeOf, type ServedKind } from './served-kind.ts';
import { withoutServerFields } from './server-fields.ts';
import type { Surroundings, WriteOptions } from './surroundings.ts';

/** A name is made anew so often when it is taken. */
const nameTries = 8;
/** What is left of a prefix, so that the name has no more than 63 characters. */
const prefixLength = 58;

/**
 * @param namespace of the request; '' for what is in none.
 * @returns the object; from a dry run with revision 0.
 * @throws ApiError
 */
export async function createObject(
  kind: ServedKind,
  namespace: string,
  body: ApiObject,
  options: WriteOptions,
  surroundings: Surroundings,
): Promise<StoredObject> {
  checkBody(kind, body, { namespace, name: null });
  if ((body.metadata.resourceVersion ?? '') !== '') {
    throw new ApiError('InternalError', 'resourceVersion should not be set on objects to be created');
  }
  const { generateName = '', name = '' } = body.metadata as { generateName?: string; name?: string };
  const tries = name === '' && generateName !== '' ? nameTries : 1;
  for (let number = 1; ; number += 1) {
    const given =
      name === '' && generateName !== ''
        ? generateName.slice(0, prefixLength) + surroundings.makeSuffix()
        : name;
    const place = placeOf(kind, namespace, given);
    let wanted = body;
    const write = async (): Promise<StoredObject | null> => {
      const prepared = await prepare(kind, namespace, given, body, options, surroundings);
      wanted = prepared.wanted;
      if (options.dryRun) return await pretend(kind, place, prepared.object);
      return await kind.objects.create(place, prepared.object);
    };
    const stored = await withAllocation(kind, given, write, () => wanted);
    if (stored !== null) return stored;
    if (number === tries) throw alreadyExists(kind.resource, given);
  }
}

async function prepare(
  kind: ServedKind,
  namespace: string,
  name: string,
  body: ApiObject,
  options: WriteOptions,
  surroundings: Surroundings,
): Promise<{ readonly object: ApiObject; readonly wanted: ApiObject }> {
  const { strategy, resource } = kind;
  const time = surroundings.now();
  const metadata: ObjectMetadata = {
    ...withoutServerFields(body.metadata),
    name,
    ...(resource.namespaced ? { namespace } : {}),
    uid: surroundings.makeUid(),
    creationTimestamp: time,
    ...(strategy.countsGenerations ? { generation: 1 } : {}),
  };
  const { status: _, ...withoutStatus } = body;
  const dropsStatus = strategy.hasStatus && strategy.takesFirstStatus !== true;
  const wanted = { ...(dropsStatus ? withoutStatus : body), metadata } as ApiObject;
  const about = { operation: 'CREATE', resource, subresource: '', namespace, name, old: null } as const;
  const { dryRun, sent = {}, warn } = options;
  const asked = { ...about, dryRun, warn, options: sent };
  const filled = normalized(kind, strategy.fillIn, kind.normalize(wanted));
  // What the server decides from here on is not the client's.
  const accounted = options.isAccounted
    ? filled
    : accountUpdate(kind, null, filled, { manager: options.fieldManager, subresource: '', time });
  const admitted = await options.admission.mutate({ ...asked, object: accounted });
  const { prepareCreate, stamp } = strategy;
  const first = normalized(kind, prepareCreate, admitted);
  const writer = { user: options.user, now: time, subresource: '' };
  const prepared = normalized(kind, stamp && ((open) => stamp(open, null, writer)), first);
  const object = allocated(kind, prepared, surroundings);
  const { name: rule, takesPlainFinalizers } = strategy;
  const rules = { isNamespaced: resource.namespaced, name: rule, takesPlainFinalizers };
  const errors = [
    ...checkMetadata(object.metadata, rules),
    ...(strategy.check?.(object) ?? []),
    ...(strategy.checkCreate?.(object) ?? []),
  ];
  if (errors.length > 0) throw invalid(resource, name, errors);
  for (const sentence of strategy.warn?.(object, null) ?? []) options.warn(sentence);
  await options.admission.validate({ ...asked, object });
  return { object, wanted: prepared };
}

async function pretend(kind: ServedKind, place: string, object: ApiObject): Promise<StoredObject | null> {
  if ((await kind.objects.get(place)) !== null) return null;
  return { place, bytes: encodeForStore(object), revision: 0 };
}
