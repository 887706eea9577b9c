/** What is asked of the handlers, and what follows from its words alone. */
import type { UserInfo } from '../authentication/user.ts';
import { type AnswerForm, chooseForm } from '../request/accept.ts';
import { wantsPretty } from '../request/pretty.ts';
import type { ResourceRequest } from '../request/request-info.ts';
import type { Registry } from '../schemas/registry.ts';
import { ApiError } from '../status.ts';
import { includedObjects } from '../tables/table.ts';
import type { Admission } from './admission.ts';
import type { AnswerOptions } from './answer.ts';
import type { Surroundings } from './surroundings.ts';

export interface ApiRequest {
  readonly info: ResourceRequest;
  readonly query: URLSearchParams;
  readonly accept: string | undefined;
  readonly contentType: string | undefined;
  readonly userAgent: string;
  readonly body: Uint8Array;
  readonly user: UserInfo;
  readonly admission: Admission;
}

export interface Service {
  readonly registry: Registry;
  readonly surroundings: Surroundings;
}

/** What is answered, as far as it decides on the form. */
interface Answered {
  /** null: it has no protobuf */
  readonly type: unknown;
  /** Default true. */
  readonly hasTable?: boolean;
}

/** @throws ApiError (406) */
export function formOf({ accept, info, query, userAgent }: ApiRequest, kind?: Answered): AnswerForm {
  const isList = info.verb === 'list' || info.verb === 'deletecollection';
  const takesProtobuf = kind?.type !== null;
  const tables = kind?.hasTable === false ? [] : (['Table'] as const);
  const form = chooseForm(accept, {
    encodings: takesProtobuf ? ['json', 'yaml', 'protobuf'] : ['json', 'yaml'],
    transformations: [...tables, isList ? 'PartialObjectMetadataList' : 'PartialObjectMetadata'],
  });
  if (form !== null) return { ...form, pretty: form.pretty || wantsPretty(query, userAgent) };
  const protobuf = takesProtobuf ? ', application/vnd.kubernetes.protobuf' : '';
  const known = `application/json, application/yaml${protobuf}`;
  throw new ApiError('NotAcceptable', `only the following media types are accepted: ${known}`);
}

export function answerOptionsOf(service: Service, { query }: ApiRequest, form: AnswerForm): AnswerOptions {
  const includeObject = includedObjects.find((one) => one === query.get('includeObject')) ?? 'Metadata';
  return { registry: service.registry, form, includeObject, nowMs: Date.parse(service.surroundings.now()) };
}

/** Where the objects of a list lie: a namespace and a slash, or '' for all of them. */
export function belowOf({ namespace }: ResourceRequest): string {
  return namespace === '' ? '' : `${namespace}/`;
}
