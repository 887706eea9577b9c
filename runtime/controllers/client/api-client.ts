/**
 * The API as a controller asks it: a client of the server in this process, without sockets between. Whose requests they are
 * is settled when it is opened. Every method rejects with `ApiError` where the server refuses.
 */
import type { UserInfo } from '../../apiserver/authentication/user.ts';
import type { ApiServer } from '../../apiserver/http/api-server.ts';
import type { HttpAnswer } from '../../apiserver/http/exchange.ts';
import { stringifyJson } from '../../apiserver/objects/json-text.ts';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { ApiError } from '../../apiserver/status.ts';
import { errorOf, objectOf, readAnswer } from './answers.ts';
import { type ObjectList, readList, type WatchEvent, watchFrames } from './lists.ts';
import { type ObjectPlace, pathOf, type ResourceName } from './places.ts';

export interface ApiClient {
  readonly get: (place: ObjectPlace) => Promise<ApiObject>;
  /** Null where there is none. */
  readonly find: (place: ObjectPlace) => Promise<ApiObject | null>;
  readonly list: (of: Listed, options?: ListOptions) => Promise<ObjectList>;
  /** Resolves at the end of the watch, which the server ends from time to time. */
  readonly watch: (
    of: Listed,
    options: WatchOptions,
    onEvent: (event: WatchEvent) => void,
    signal: AbortSignal,
  ) => Promise<void>;
  readonly create: (of: ResourceName, object: ApiObject) => Promise<ApiObject>;
  /** The answer of a subresource such as `token` or `eviction`. */
  readonly post: (place: ObjectPlace, object: ApiObject) => Promise<ApiObject>;
  /** The object itself, or what a subresource has of it. */
  readonly update: (of: ResourceName, object: ApiObject, subresource?: string) => Promise<ApiObject>;
  readonly patch: (place: ObjectPlace, patch: Patch) => Promise<ApiObject>;
  readonly remove: (place: ObjectPlace, options?: RemoveOptions) => Promise<void>;
  readonly removeAll: (of: Listed) => Promise<void>;
  /** A document that is no object of a resource, such as discovery. */
  readonly document: (path: string, accept: string) => Promise<unknown>;
}

export interface ApiClientOptions {
  readonly server: Pick<ApiServer, 'handleAs'>;
  readonly user: UserInfo;
  /** Its part before the slash is the field manager. */
  readonly userAgent: string;
}

/** Objects of a resource, in one namespace or, with '', in all. */
export interface Listed extends ResourceName {
  readonly namespace: string;
  /** Without spec and status: as `PartialObjectMetadata`. Default false. */
  readonly metadataOnly?: boolean;
  /** As in a query. Default: all of them. */
  readonly fieldSelector?: string;
}

export interface ListOptions {
  readonly limit?: number;
  readonly continue?: string;
}

export interface WatchOptions {
  readonly resourceVersion: string;
}

export interface Patch {
  readonly kind: 'merge' | 'strategic' | 'json' | 'apply';
  readonly body: object;
  /** Of an apply: also what others own. */
  readonly force?: boolean;
}

export interface RemoveOptions {
  /** Only the object with that UID. */
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly propagation?: 'Background' | 'Foreground' | 'Orphan';
  readonly graceSeconds?: number;
}

const patchTypes: Readonly<Record<Patch['kind'], string>> = {
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  json: 'application/json-patch+json',
  apply: 'application/apply-patch+yaml',
};

const never = new AbortController().signal;

export function apiClient(options: ApiClientOptions): ApiClient {
  const send = (method: string, path: string, more: Sent = {}) => ask(options, method, path, more);
  const sendObject = async (method: string, path: string, more: Sent) =>
    objectOf(await send(method, path, more));
  const get = (place: ObjectPlace) => sendObject('GET', pathOf(place, place), {});
  return {
    get,
    find: (place) => get(place).catch(nullIfMissing),
    list: async (of, wishes = {}) => {
      const query = { ...wishes, ...selectionOf(of) };
      return readList(await send('GET', pathOf(of, of), { query, accept: acceptOf(of, 'List') }));
    },
    watch: async (of, wishes, onEvent, signal) => {
      const query = { ...wishes, ...selectionOf(of), watch: 'true', allowWatchBookmarks: 'true' };
      const { body } = await send('GET', pathOf(of, of), { query, accept: acceptOf(of, ''), signal });
      if (typeof body !== 'function') throw new ApiError('InternalError', 'a watch was answered at once');
      await body(watchFrames(onEvent), signal);
    },
    create: (of, object) =>
      sendObject('POST', pathOf(of, { namespace: object.metadata.namespace ?? '' }), { body: object }),
    post: (place, object) => sendObject('POST', pathOf(place, place), { body: object }),
    update: (of, object, subresource = '') => {
      const { namespace = '', name = '' } = object.metadata;
      return sendObject('PUT', pathOf(of, { namespace, name, subresource }), { body: object });
    },
    patch: (place, { kind, body, force = false }) => {
      const apply = { fieldManager: options.userAgent.split('/')[0] as string, force: String(force) };
      const query = kind === 'apply' ? apply : {};
      return sendObject('PATCH', pathOf(place, place), { query, body, contentType: patchTypes[kind] });
    },
    remove: async (place, wishes = {}) => {
      await send('DELETE', pathOf(place, place), { body: deleteOptions(wishes) });
    },
    removeAll: async (of) => {
      await send('DELETE', pathOf(of, of), { body: deleteOptions({}) });
    },
    document: async (path, accept) => readAnswer(await send('GET', path, { accept })),
  };
}

interface Sent {
  readonly query?: Readonly<Record<string, string | number>>;
  readonly body?: object;
  readonly contentType?: string;
  readonly accept?: string;
  readonly signal?: AbortSignal;
}

/** @throws ApiError where the answer is an error. */
async function ask(
  { server, user, userAgent }: ApiClientOptions,
  method: string,
  path: string,
  { query = {}, body, contentType = 'application/json', accept = 'application/json', signal = never }: Sent,
): Promise<HttpAnswer> {
  const words = Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]);
  const headers = { accept, 'user-agent': userAgent, 'content-type': contentType };
  const answer = await server.handleAs(user, {
    ...{ method, path, headers, signal, query: new URLSearchParams(words) },
    rawHeaders: Object.entries(headers).flat(),
    certificates: () => [],
    readBody: async () => Buffer.from(body === undefined ? '' : stringifyJson(body)),
  });
  if (answer.code >= 400) throw errorOf(await whole(answer, signal));
  return query.watch === undefined ? await whole(answer, signal) : answer;
}

/** What another server answers comes as it comes. */
async function whole(answer: HttpAnswer, signal: AbortSignal): Promise<HttpAnswer> {
  const { body } = answer;
  if (typeof body !== 'function') return answer;
  const pieces: Uint8Array[] = [];
  await body((bytes) => void pieces.push(bytes), signal).catch((cause: unknown) => {
    throw new ApiError('ServiceUnavailable', `the answer broke off: ${(cause as Error).message}`);
  });
  return { ...answer, body: pieces };
}

function acceptOf({ metadataOnly = false }: Listed, suffix: string): string {
  return metadataOnly
    ? `application/json;as=PartialObjectMetadata${suffix};g=meta.k8s.io;v=v1`
    : 'application/json';
}

function selectionOf({ fieldSelector }: Listed): { readonly fieldSelector?: string } {
  return fieldSelector === undefined ? {} : { fieldSelector };
}

function deleteOptions({ uid, resourceVersion, propagation, graceSeconds }: RemoveOptions): object {
  const preconditions = {
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
  return {
    ...{ kind: 'DeleteOptions', apiVersion: 'v1', preconditions },
    ...(propagation === undefined ? {} : { propagationPolicy: propagation }),
    ...(graceSeconds === undefined ? {} : { gracePeriodSeconds: graceSeconds }),
  };
}

function nullIfMissing(error: unknown): null {
  if (error instanceof ApiError && error.reason === 'NotFound') return null;
  throw error;
}
