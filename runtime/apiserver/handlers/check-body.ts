/** Whether a body is about what the request is about. Pure. */
import type { ApiObject } from '../objects/object-bytes.ts';
import { isObject, type JsonValue } from '../schemas/protobuf/json-value.ts';
import { ApiError } from '../status.ts';
import type { ServedKind } from './served-kind.ts';

export interface Target {
  /** '' for what is in none. */
  readonly namespace: string;
  /** null: the request names no object. */
  readonly name: string | null;
}

/** What a client sent, or what its patch has made of an object: at least an object with metadata. @throws ApiError (400) */
export function asApiObject(value: JsonValue): ApiObject {
  if (!isObject(value)) throw new ApiError('BadRequest', 'the body is not a JSON object');
  const { metadata = {} } = value;
  if (metadata !== null && !isObject(metadata)) {
    throw new ApiError('BadRequest', 'metadata of the body is not a JSON object');
  }
  return { ...value, metadata: metadata ?? {} } as unknown as ApiObject;
}

/** @throws ApiError (400) */
export function checkBody({ resource, apiVersion }: ServedKind, body: ApiObject, target: Target): void {
  if (body.apiVersion !== apiVersion || body.kind !== resource.kind) {
    const given = describeKind(body.apiVersion, body.kind);
    throw new ApiError(
      'BadRequest',
      `${resource.kind} in version ${JSON.stringify(resource.version)} cannot be handled as a ${resource.kind}: the body is ${given}, not ${describeKind(apiVersion, resource.kind)}`,
    );
  }
  checkPlace(body, target, resource.namespaced);
}

/**
 * The body of a subresource with a kind of its own, in the namespace of the request, whatever it leaves out.
 * @throws ApiError (400) where it names another
 */
export function placed(body: ApiObject, target: Target): ApiObject {
  checkPlace(body, target, target.namespace !== '');
  const { namespace: _, ...metadata } = body.metadata;
  const within = target.namespace === '' ? {} : { namespace: target.namespace };
  return { ...body, metadata: { ...metadata, ...within } };
}

function checkPlace(body: ApiObject, target: Target, isNamespaced: boolean): void {
  const { name = '', namespace = '' } = body.metadata as { name?: string; namespace?: string };
  if (target.name !== null && name !== '' && name !== target.name) {
    throw new ApiError(
      'BadRequest',
      `the name of the object (${name}) does not match the name on the URL (${target.name})`,
    );
  }
  if (isNamespaced && namespace !== '' && namespace !== target.namespace) {
    throw new ApiError(
      'BadRequest',
      'the namespace of the provided object does not match the namespace sent on the request',
    );
  }
}

function describeKind(apiVersion: unknown, kind: unknown): string {
  return `${JSON.stringify(kind) ?? 'without a kind'} of ${JSON.stringify(apiVersion) ?? 'no apiVersion'}`;
}
