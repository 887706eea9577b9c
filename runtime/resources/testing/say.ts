/** What a strategy says of an object as a client sends it, in the way that the handlers ask. */
import type { Strategy } from '../../apiserver/handlers/served-kind.ts';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { applyMergePatch } from '../../apiserver/patch/merge-patch.ts';
import { readGenerated, typesFile } from '../../apiserver/schemas/generated-files.ts';
import { decodeObject, encodeObject } from '../../apiserver/schemas/protobuf/codec.ts';
import type { JsonObject, JsonValue } from '../../apiserver/schemas/protobuf/json-value.ts';
import { Registry } from '../../apiserver/schemas/registry.ts';
import type { FieldError } from '../../apiserver/status.ts';

export const registry = new Registry(readGenerated(typesFile).toString());

/** As Go writes it. */
export function normalize(object: object): ApiObject {
  return decodeObject(registry, encodeObject(registry, object as JsonObject)) as ApiObject;
}

/** The object with another part. */
export function patched(object: object, patch: object): ApiObject {
  return applyMergePatch(object as JsonObject, patch as JsonValue) as unknown as ApiObject;
}

export function filled({ fillIn }: Strategy, object: object): ApiObject {
  const sent = normalize(object);
  return fillIn === undefined ? sent : normalize(fillIn(sent));
}

/** The object as it would be stored; what is wrong with it is another question. */
export function made(strategy: Strategy, object: object): ApiObject {
  const metadata = { uid: 'u', namespace: 'd', ...(object as ApiObject).metadata };
  const sent = filled(strategy, { ...object, metadata });
  return normalize(strategy.prepareCreate?.(sent) ?? sent);
}

/** `FIELD: SENTENCE` of what is wrong with a new object. */
export function saidOfNew(strategy: Strategy, object: object): readonly string[] {
  const all = made(strategy, object);
  return sentences([...(strategy.check?.(all) ?? []), ...(strategy.checkCreate?.(all) ?? [])]);
}

/** The same of an object that is made well, and then changed. */
export function saidOfChange(strategy: Strategy, object: object, patch: object): readonly string[] {
  const old = made(strategy, object);
  const sent = filled(strategy, patched(old, patch));
  const next = normalize(strategy.prepareUpdate?.(sent, old) ?? sent);
  return sentences([...(strategy.check?.(next) ?? []), ...(strategy.checkUpdate?.(next, old) ?? [])]);
}

export function saidOfStatus(
  strategy: Strategy,
  object: object,
  before: object,
  after: object,
): readonly string[] {
  const old = normalize({ ...made(strategy, object), status: before });
  return sentences(strategy.checkStatusUpdate?.(normalize({ ...old, status: after }), old) ?? []);
}

export function sentences(errors: readonly FieldError[]): readonly string[] {
  return errors.map(({ field, message }) => `${field}: ${message}`);
}
