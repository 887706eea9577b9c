/**
 * A request for a resource, from its words to its answer: every verb but watch, which does not end. Who may ask has been
 * settled before.
 */

import type { ApiObject } from '../objects/object-bytes.ts';
import type { AnswerForm } from '../request/accept.ts';
import type { ResourceRequest } from '../request/request-info.ts';
import type { JsonObject } from '../schemas/protobuf/json-value.ts';
import { ApiError, notFound, type Status } from '../status.ts';
import { planList } from '../storage/list-plan.ts';
import type { StoredObject } from '../storage/object-store.ts';
import { answerList, answerObject, type Pieces } from './answer.ts';
import { type ApiRequest, answerOptionsOf, belowOf, formOf, type Service } from './api-request.ts';
import { createObject } from './create.ts';
import { deleteObject } from './delete.ts';
import { readDeleteOptions } from './delete-options.ts';
import { patchKindOf, patchObject } from './patch.ts';
import { readBody, readEncoding, readFieldValidation, readText } from './read-body.ts';
import { listSelected, readSelection } from './select.ts';
import { placeOf, type ServedKind } from './served-kind.ts';
import { updateObject } from './update.ts';
import { readWriteOptions } from './write-options.ts';

type Answer = Omit<ApiAnswer, 'warnings'>;

/** A request, and what is said of it on the way. */
interface Served extends ApiRequest {
  readonly warn: (sentence: string) => void;
}

export interface ApiAnswer {
  readonly code: number;
  readonly mediaType: string;
  readonly warnings: readonly string[];
  readonly pieces: Pieces;
}

/** @throws ApiError, which is answered as a Status */
export async function serve(service: Service, kind: ServedKind, request: ApiRequest): Promise<ApiAnswer> {
  const { info } = request;
  const isPart = info.subresource === 'status' || kind.strategy.parts?.[info.subresource] !== undefined;
  if (info.subresource !== '' && !isPart) {
    throw new ApiError('NotFound', 'the server could not find the requested resource');
  }
  const sentences = new Set<string>(kind.notice === null ? [] : [kind.notice]);
  const served = { ...request, warn: (sentence: string) => void sentences.add(sentence) };
  const answer = await serveVerb(service, kind, served);
  return { ...answer, warnings: [...sentences] };
}

async function serveVerb(service: Service, kind: ServedKind, request: Served): Promise<Answer> {
  const { info } = request;
  switch (info.verb) {
    case 'get':
      return await get(service, kind, request);
    case 'list':
      return await list(service, kind, request);
    case 'create':
      return await create(service, kind, request);
    case 'update':
      return await update(service, kind, request);
    case 'patch':
      return await patch(service, kind, request);
    case 'delete':
      return await remove(service, kind, request);
    case 'deletecollection':
      return await removeAll(service, kind, request);
    default:
      throw methodNotAllowed(info);
  }
}

async function get(service: Service, kind: ServedKind, request: Served): Promise<Answer> {
  const { name, namespace } = request.info;
  const form = formOf(request, kind);
  const version = request.query.get('resourceVersion') ?? '';
  const stored = await kind.objects.get(placeOf(kind, namespace, name), version);
  if (stored === null) throw notFound(kind.resource, name);
  return answered(service, kind, request, form, stored, 200);
}

async function list(service: Service, kind: ServedKind, request: Served): Promise<Answer> {
  const form = formOf(request, kind);
  const selection = readSelection(kind, request.query);
  const word = (name: string): string => request.query.get(name) ?? '';
  const plan = planList({
    resourceVersion: word('resourceVersion'),
    resourceVersionMatch: word('resourceVersionMatch'),
    continue: word('continue'),
    limit: word('limit'),
  });
  const found = await listSelected(kind, belowOf(request.info), plan, selection);
  const pieces = answerList(kind, found, answerOptionsOf(service, request, form));
  return { code: 200, mediaType: form.mediaType, pieces };
}

async function create(service: Service, kind: ServedKind, request: Served): Promise<Answer> {
  if (request.info.name !== '') throw methodNotAllowed(request.info);
  const form = formOf(request, kind);
  const options = readWriteOptions(request.query, request.userAgent, 'CreateOptions', null);
  const object = readObject(service, kind, request);
  const { namespace } = request.info;
  const stored = await createObject(
    kind,
    namespace,
    object,
    { ...sidesOf(request), ...options },
    service.surroundings,
  );
  return answered(service, kind, request, form, stored, 201);
}

async function update(service: Service, kind: ServedKind, request: Served): Promise<Answer> {
  const form = formOf(request, kind);
  const options = readWriteOptions(request.query, request.userAgent, 'UpdateOptions', null);
  const object = readObject(service, kind, request);
  const change = (): JsonObject => object as JsonObject;
  const wanted = { ...sidesOf(request), ...options, ...targetOf(request), change };
  try {
    const stored = await updateObject(kind, wanted, service.surroundings);
    return answered(service, kind, request, form, stored, 200);
  } catch (error) {
    const { namespace, subresource } = request.info;
    const creates = kind.strategy.createsOnUpdate === true && subresource === '';
    if (!creates || !(error instanceof ApiError) || error.reason !== 'NotFound') throw error;
    const stored = await createObject(kind, namespace, object, wanted, service.surroundings);
    return answered(service, kind, request, form, stored, 201);
  }
}

async function patch(service: Service, kind: ServedKind, request: Served): Promise<Answer> {
  const form = formOf(request, kind);
  const patchKind = patchKindOf(request.contentType ?? '', kind.type !== null);
  const options = readWriteOptions(request.query, request.userAgent, 'PatchOptions', patchKind);
  const { value, duplicates, repeated } = readText(request.body, patchKind === 'apply' ? 'yaml' : 'json');
  const validation = readFieldValidation(request.query.get('fieldValidation') ?? '');
  const what = { patch: value, patchKind, duplicates, repeated, validation };
  const wanted = { ...sidesOf(request), ...options, ...targetOf(request), ...what };
  const { stored, isNew } = await patchObject(kind, wanted, service.surroundings);
  return answered(service, kind, request, form, stored, isNew ? 201 : 200);
}

async function remove(service: Service, kind: ServedKind, request: Served): Promise<Answer> {
  const form = formOf(request, kind);
  const options = readDeleteOptions(service.registry, request);
  const { name, namespace } = request.info;
  const { isGone, object } = await deleteObject(
    kind,
    { ...sidesOf(request), ...options, name, namespace },
    service.surroundings,
  );
  if (!isGone) return answered(service, kind, request, form, object, 200);
  const { group, resource } = kind.resource;
  const { metadata } = JSON.parse(Buffer.from(object.bytes).toString()) as { metadata: { uid: string } };
  const details = { name, ...(group === '' ? {} : { group }), kind: resource, uid: metadata.uid };
  const status: Status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
  return {
    code: 200,
    mediaType: 'application/json',
    pieces: [Buffer.from(`${JSON.stringify(status)}\n`)],
  };
}

/** One after the other; the answer is the list of what was there. */
async function removeAll(service: Service, kind: ServedKind, request: Served): Promise<Answer> {
  const form = formOf(request, kind);
  const options = readDeleteOptions(service.registry, request);
  const selection = readSelection(kind, request.query);
  const found = await listSelected(kind, belowOf(request.info), { kind: 'newest', limit: 0 }, selection);
  for (const { place } of found.items) {
    const at = place.lastIndexOf('/');
    const target = { namespace: place.slice(0, Math.max(0, at)), name: place.slice(at + 1) };
    await deleteObject(kind, { ...sidesOf(request), ...options, ...target }, service.surroundings).catch(
      (error: unknown) => {
        // Somebody else was quicker.
        if (!(error instanceof ApiError) || error.reason !== 'NotFound') throw error;
      },
    );
  }
  const pieces = answerList(kind, found, answerOptionsOf(service, request, form));
  return { code: 200, mediaType: form.mediaType, pieces };
}

function answered(
  service: Service,
  kind: ServedKind,
  request: ApiRequest,
  form: AnswerForm,
  stored: StoredObject,
  code: number,
): Answer {
  const pieces = answerObject(kind, stored, answerOptionsOf(service, request, form));
  return { code, mediaType: form.mediaType, pieces };
}

function readObject(service: Service, kind: ServedKind, request: Served): ApiObject {
  const encoding = readEncoding(request.contentType, kind.type !== null);
  const validation = readFieldValidation(request.query.get('fieldValidation') ?? '');
  const { type, unknownFields, apiVersion } = kind;
  const unsaid = type === null ? null : { kind: kind.resource.kind, apiVersion };
  const bodyKind = { type, unknownFields, unsaid };
  const { object, warnings } = readBody(service.registry, bodyKind, request.body, encoding, validation);
  for (const sentence of warnings) request.warn(sentence);
  return object;
}

/** What a request brings along for what is done with its objects. */
function sidesOf({ user, admission, warn }: Served) {
  return { user, admission, warn };
}

function targetOf({ info: { namespace, name, subresource } }: ApiRequest) {
  return { namespace, name, subresource };
}

function methodNotAllowed({ verb }: ResourceRequest): ApiError {
  return new ApiError(
    'MethodNotAllowed',
    `the server does not allow this method on the requested resource: ${verb}`,
  );
}
