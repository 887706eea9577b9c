/**
 * What is no object of its resource: reviews, which are asked once and forgotten, and subresources with a kind of their own,
 * such as `scale`. Each is a handler of its own; what they have in common, a body of a kind and an answer of one, is here.
 */
import type { ApiObject } from '../objects/object-bytes.ts';
import type { GroupVersionKind } from '../schemas/registry.ts';
import { unknownFields } from '../schemas/unknown-fields.ts';
import { ApiError } from '../status.ts';
import { writeAnswer } from './answer.ts';
import { type ApiRequest, formOf, type Service } from './api-request.ts';
import type { Kinds, ResourceName } from './kinds.ts';
import { readBody, readEncoding, readFieldValidation } from './read-body.ts';
import type { ApiAnswer } from './serve.ts';
import type { ServedKind } from './served-kind.ts';

export interface SpecialRequest {
  readonly service: Service;
  readonly kinds: Kinds;
  readonly request: ApiRequest;
}

/** @throws ApiError */
export type SpecialHandler = (asked: SpecialRequest) => Promise<ApiAnswer>;

/** By `GROUP/RESOURCE` or `GROUP/RESOURCE/SUBRESOURCE`; the core group is ''. */
export type SpecialHandlers = Readonly<Record<string, SpecialHandler>>;

export function specialName({ group, resource, subresource }: ApiRequest['info']): string {
  return `${group}/${resource}${subresource === '' ? '' : `/${subresource}`}`;
}

/** The kind of the object that a request is about. @param name in place of the request's own resource */
export function kindOf({ kinds, request: { info } }: SpecialRequest, name: ResourceName = info): ServedKind {
  const resource = kinds.resource(name);
  if (resource === null) throw new Error(`there is no resource ${name.resource}`);
  return kinds.served(resource);
}

/** What is answered where something was done and there is no object to show; without reason or message, as the real server. */
export const created = {
  ...{ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 },
} as ApiObject;

/** The body, as an object of this kind. @throws ApiError (400, 415) */
export function readObjectOf(
  { service: { registry }, request }: SpecialRequest,
  kind: GroupVersionKind,
): { readonly object: ApiObject; readonly warnings: readonly string[] } {
  const type = registry.kind(kind);
  if (type === null) throw new Error(`there is no schema of ${kind.kind}`);
  const encoding = readEncoding(request.contentType, true);
  const validation = readFieldValidation(request.query.get('fieldValidation') ?? '');
  const apiVersion = kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
  const unsaid = { kind: kind.kind, apiVersion };
  const bodyKind = { type, unsaid, unknownFields: (object: unknown) => unknownFields(type, object) };
  const body = readBody(registry, bodyKind, request.body, encoding, validation);
  const { object } = body;
  if (object.kind === kind.kind && object.apiVersion === apiVersion) return body;
  const given = `${object.kind ?? 'nothing'} in version ${JSON.stringify(object.apiVersion ?? '')}`;
  throw new ApiError('BadRequest', `${given} cannot be handled as a ${kind.kind} of ${apiVersion}`);
}

/** A table has columns, which a review has not: who takes nothing else is refused before anything is done. @throws ApiError (406) */
export function refuseTable({ request }: SpecialRequest): void {
  formOf(request, { type: request, hasTable: false });
}

/** An object that is stored nowhere, in the form that was asked for. */
export function answerWith(
  { service: { registry }, request }: SpecialRequest,
  object: ApiObject,
  { code = 200, warnings = [] }: { readonly code?: number; readonly warnings?: readonly string[] } = {},
): ApiAnswer {
  const form = formOf(request);
  // A table has columns, which such an object has not.
  const plain =
    form.as === null ? form : { ...form, as: null, mediaType: 'application/json', encoding: 'json' as const };
  return { code, mediaType: plain.mediaType, warnings, pieces: writeAnswer(object, registry, plain) };
}
