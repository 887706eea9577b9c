/** A case of `cases/*.jsonl`: what a kind makes of an object, in few words. */
import type { Strategy } from '../../apiserver/handlers/served-kind.ts';
import { checkMetadata, checkMetadataUpdate } from '../../apiserver/objects/metadata-rules.ts';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { builtInGroupVersions, findResource } from '../../apiserver/resources/built-in.ts';
import type { Resource } from '../../apiserver/resources/resource.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { strategyOf } from '../strategies.ts';
import { normalize, patched } from './say.ts';

/** Which objects the cases below it are about; each is this object with a merge patch. */
export interface Subject {
  readonly of: string;
  readonly base: object;
}

/**
 * `says` is what is wrong, as `SORT FIELD`, in the order of the letters, and nothing where all is well. With `then`, it is
 * the object of `with` that is changed; with `status`, whose status is written after that of `with`. `holds` is a part of
 * the object as it is stored: null stands for what is not there. `warns` is said to the client.
 */
export interface Case {
  readonly with: object;
  readonly then?: object;
  readonly status?: object;
  readonly says?: readonly string[];
  readonly holds?: object;
  readonly warns?: readonly string[];
}

interface Kind {
  readonly resource: Resource;
  readonly strategy: Strategy;
}

/** @throws Error for a resource that there is not */
export function kindOf({ of, base }: Subject): Kind {
  const [first = '', second] = (base as ApiObject).apiVersion.split('/');
  const [group, version] = second === undefined ? ['', first] : [first, second];
  const resource = findResource(builtInGroupVersions, { group, version, resource: of });
  if (resource === null) throw new Error(`there is no ${of}`);
  return { resource, strategy: strategyOf(resource) };
}

/** As it would be stored, whatever is wrong with it. */
export function madeOf({ resource, strategy }: Kind, object: object): ApiObject {
  const { status, metadata: given, ...others } = object as ApiObject;
  const place = resource.namespaced ? { namespace: 'd' } : {};
  const metadata = { uid: 'u', creationTimestamp: '2026-01-01T00:00:00Z', ...place, ...given };
  const keepsStatus = status !== undefined && (!strategy.hasStatus || strategy.takesFirstStatus === true);
  const sent = normalize({ ...others, metadata, ...(keepsStatus ? { status } : {}) });
  const filled = strategy.fillIn === undefined ? sent : normalize(strategy.fillIn(sent));
  return strategy.prepareCreate === undefined ? filled : normalize(strategy.prepareCreate(filled));
}

/** @param more what the strategy itself says @returns `SORT FIELD`, sorted */
function said(kind: Kind, object: ApiObject, more: readonly FieldError[]): readonly string[] {
  const { name, takesPlainFinalizers } = kind.strategy;
  const rules = { isNamespaced: kind.resource.namespaced, name, takesPlainFinalizers };
  return [...checkMetadata(object.metadata, rules), ...more]
    .map(({ reason, field }) => `${reason.replace('FieldValue', '')} ${field}`)
    .sort();
}

export function saidOfNew(kind: Kind, object: ApiObject): readonly string[] {
  const { check, checkCreate } = kind.strategy;
  return said(kind, object, [...(check?.(object) ?? []), ...(checkCreate?.(object) ?? [])]);
}

export function saidOfChange(kind: Kind, object: object, patch: object): readonly string[] {
  const { fillIn, prepareUpdate, check, checkUpdate } = kind.strategy;
  const old = withStatusOf(kind, object);
  const sent = normalize(patched(old, patch));
  const filled = fillIn === undefined ? sent : normalize(fillIn(sent));
  const next = prepareUpdate === undefined ? filled : normalize(prepareUpdate(filled, old));
  return said(kind, next, [
    ...checkMetadataUpdate(next.metadata, old.metadata),
    ...(check?.(next) ?? []),
    ...(checkUpdate?.(next, old) ?? []),
  ]);
}

export function saidOfStatus(kind: Kind, object: object, status: object): readonly string[] {
  const { fillIn, prepareStatusUpdate, checkStatusUpdate } = kind.strategy;
  const old = withStatusOf(kind, object);
  const sent = normalize({ ...old, status });
  const filled = fillIn === undefined ? sent : normalize(fillIn(sent));
  const next = prepareStatusUpdate === undefined ? filled : normalize(prepareStatusUpdate(filled, old));
  return said(kind, next, checkStatusUpdate?.(next, old) ?? []);
}

/** With a status that somebody has written since it was made. */
function withStatusOf(kind: Kind, object: object): ApiObject {
  const { status } = object as { readonly status?: unknown };
  const made = madeOf(kind, object);
  return status === undefined ? made : normalize({ ...made, status });
}
