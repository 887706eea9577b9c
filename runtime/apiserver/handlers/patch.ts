/**
 * Changes an object by a patch. An apply also makes the object where there is none.
 * (k8s.io/apiserver/pkg/endpoints/handlers/patch.go)
 */
import { stringifyJson } from '../objects/json-text.ts';
import type { ApiObject } from '../objects/object-bytes.ts';
import { applyJsonPatch, PatchError } from '../patch/json-patch.ts';
import { applyMergePatch } from '../patch/merge-patch.ts';
import { applyStrategicMergePatch } from '../patch/strategic-merge-patch.ts';
import { isObject, type JsonObject, type JsonValue } from '../schemas/protobuf/json-value.ts';
import type { ApiType } from '../schemas/registry.ts';
import { ApiError, invalid } from '../status.ts';
import type { StoredObject } from '../storage/object-store.ts';
import { accountApply } from './account.ts';
import { asApiObject, checkBody } from './check-body.ts';
import { createObject } from './create.ts';
import { type FieldValidation, inOneLine } from './read-body.ts';
import type { ServedKind } from './served-kind.ts';
import type { Surroundings } from './surroundings.ts';
import { type UpdateRequest, updateObject } from './update.ts';

export type PatchKind = 'json' | 'merge' | 'strategic' | 'apply';

const patchKinds: ReadonlyMap<string, PatchKind> = new Map([
  ['application/json-patch+json', 'json'],
  ['application/merge-patch+json', 'merge'],
  ['application/strategic-merge-patch+json', 'strategic'],
  ['application/apply-patch+yaml', 'apply'],
]);

/** An answer repeats no more of a patch. */
const longestShown = 10_000;

/** @throws ApiError (415) */
export function patchKindOf(contentType: string, takesStrategic = true): PatchKind {
  const kind = patchKinds.get((contentType.split(';')[0] as string).trim().toLowerCase());
  if (kind !== undefined && (takesStrategic || kind !== 'strategic')) return kind;
  const all = [...patchKinds].filter(([, one]) => takesStrategic || one !== 'strategic');
  const known = all.map(([name]) => name).join(', ');
  throw new ApiError(
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${known}`,
  );
}

export interface PatchRequest extends Omit<UpdateRequest, 'change' | 'isAccounted'> {
  readonly patch: JsonValue;
  readonly patchKind: PatchKind;
  /** What becomes of fields that the kind does not have. An apply has rules of its own. */
  readonly validation: FieldValidation;
  /** Fields that stand twice in the patch. */
  readonly duplicates: readonly string[];
  /** What is to be said of keys that stand twice in an apply; '' where there are none. */
  readonly repeated: string;
  /** An apply takes what others own. */
  readonly force: boolean;
}

export interface Patched {
  readonly stored: StoredObject;
  /** There was none: an apply has made it. */
  readonly isNew: boolean;
}

/** @throws ApiError */
export async function patchObject(
  kind: ServedKind,
  request: PatchRequest,
  surroundings: Surroundings,
): Promise<Patched> {
  if (request.patchKind === 'apply') return await applyObject(kind, request, surroundings);
  const change = (current: ApiObject): JsonValue => {
    const next = patchedBy(kind.type, request.patchKind, request.patch, current);
    validate(kind, request, next);
    return next;
  };
  const explain = (error: ApiError): ApiError =>
    error.reason === 'BadRequest' ? invalidPatch(request.patch, error.message) : error;
  return { stored: await updateObject(kind, { ...request, change, explain }, surroundings), isNew: false };
}

/** What a patch makes of a document. An apply is as a merge, here. @throws ApiError */
export function patchedBy(
  type: ApiType | null,
  patchKind: PatchKind,
  patch: JsonValue,
  current: ApiObject,
): JsonValue {
  const document = current as JsonObject;
  try {
    switch (patchKind) {
      case 'json':
        return applyJsonPatch(document, patch);
      case 'strategic':
        if (type === null) throw new PatchError('malformed', 'objects of this kind have no strategic merge');
        return applyStrategicMergePatch(type, document, patch);
      default:
        if (!isObject(patch)) throw new PatchError('malformed', 'a merge patch of an object is an object');
        return applyMergePatch(document, patch);
    }
  } catch (error) {
    throw error instanceof PatchError ? toApiError(error) : error;
  }
}

/** @throws ApiError (422) */
function validate(
  kind: ServedKind,
  { validation, duplicates, patch, warn }: PatchRequest,
  next: JsonValue,
): void {
  if (validation === 'Ignore' || !isObject(next)) return;
  const faults = [
    ...kind.unknownFields(next).map((path) => `unknown field "${path}"`),
    ...duplicates.map((path) => `duplicate field "${path}"`),
  ];
  if (faults.length === 0) return;
  if (validation === 'Warn') {
    for (const fault of faults) warn(fault);
    return;
  }
  throw invalidPatch(patch, `strict decoding error: ${faults.join(', ')}`);
}

/** (422) @param why the object that the patch makes is none of its kind */
function invalidPatch(patch: JsonValue, why: string): ApiError {
  const text = JSON.stringify(stringifyJson(patch).slice(0, longestShown));
  const message = `Invalid value: ${text}: ${why}`;
  const error = { reason: 'FieldValueInvalid', field: 'patch', message } as const;
  return invalid({ group: '', kind: '' }, '', [error]);
}

function toApiError({ code, message }: PatchError): ApiError {
  switch (code) {
    case 'malformed':
      return new ApiError('BadRequest', message);
    case 'tooLarge':
      return new ApiError('RequestEntityTooLarge', message);
    case 'inapplicable':
      return new ApiError('Invalid', message);
  }
}

async function applyObject(
  kind: ServedKind,
  request: PatchRequest,
  surroundings: Surroundings,
): Promise<Patched> {
  const applied = asApiObject(request.patch);
  checkBody(kind, applied, request);
  const merge = (live: ApiObject | null): ApiObject => {
    const merged = mergeApplied(kind, request, live, applied, surroundings);
    checkRepeated(request);
    return merged;
  };
  const update = { ...request, isAccounted: true, change: (live: ApiObject) => merge(live) as JsonObject };
  for (;;) {
    try {
      return { stored: await updateObject(kind, update, surroundings), isNew: false };
    } catch (error) {
      if (!isReason(error, 'NotFound') || request.subresource !== '') throw error;
    }
    try {
      const named = { ...applied, metadata: { ...applied.metadata, name: request.name } };
      const made = mergeApplied(kind, request, null, named, surroundings);
      checkRepeated(request);
      const stored = await createObject(
        kind,
        request.namespace,
        made,
        { ...request, isAccounted: true },
        surroundings,
      );
      return { stored, isNew: true };
    } catch (error) {
      // Somebody else has made it meanwhile: it is there to be changed.
      if (!isReason(error, 'AlreadyExists')) throw error;
    }
  }
}

/** @throws ApiError (400) */
function checkRepeated({ repeated, validation, warn }: PatchRequest): void {
  if (repeated === '' || validation === 'Ignore') return;
  const why = `error converting YAML to JSON: ${repeated}`;
  if (validation === 'Strict') throw new ApiError('BadRequest', `error strict decoding YAML: ${why}`);
  warn(inOneLine(why));
}

function mergeApplied(
  kind: ServedKind,
  { fieldManager, subresource, force }: PatchRequest,
  live: ApiObject | null,
  applied: ApiObject,
  surroundings: Surroundings,
): ApiObject {
  const accounting = { manager: fieldManager, subresource, time: surroundings.now(), force };
  return accountApply(kind, live, applied, accounting);
}

function isReason(error: unknown, reason: ApiError['reason']): boolean {
  return error instanceof ApiError && error.reason === reason;
}
