/**
 * What a request asks for, by its method, path and query: the words in which authorization, audit and flow control
 * speak of it. (k8s.io/apiserver/pkg/endpoints/request/requestinfo.go) Pure.
 */

export type Verb =
  | 'create'
  | 'get'
  | 'list'
  | 'watch'
  | 'update'
  | 'patch'
  | 'delete'
  | 'deletecollection'
  | 'proxy';

/** A path that names no resource, such as `/version`; the verb is the method in lower case. */
export interface NonResourceRequest {
  readonly kind: 'nonResource';
  readonly verb: string;
  readonly path: string;
}

export interface ResourceRequest {
  readonly kind: 'resource';
  readonly verb: Verb;
  readonly path: string;
  /** '' is the core group. */
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  /** '' where there is none. */
  readonly subresource: string;
  /** What follows the subresource, for proxies. Never begins with a slash. */
  readonly rest: string;
  /** '' for what is in no namespace, and for a list of all of them. */
  readonly namespace: string;
  /** '' where no single object is meant. */
  readonly name: string;
}

export type RequestInfo = NonResourceRequest | ResourceRequest;

const verbs: Readonly<Record<string, Verb>> = {
  GET: 'get',
  HEAD: 'get',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** Below a namespace of that name these are its own subresources, and no resources within it. */
const namespaceSubresources = new Set(['status', 'finalize']);

/**
 * Reads a request.
 * @param path without the query, percent-encoded as it came.
 * @returns null for a path that cannot be decoded.
 */
export function readRequest(method: string, path: string, query: URLSearchParams): RequestInfo | null {
  const parts = decodeParts(path);
  if (parts === null) return null;
  const found = splitGroup(parts);
  const verb = verbs[method];
  if (found === null || verb === undefined || found.rest.length === 0) {
    return { kind: 'nonResource', verb: method.toLowerCase(), path };
  }
  const { group, version, rest } = found;
  // The old form of a watch, which some clients still use.
  const [head = '', ...tail] = rest;
  const isOldWatch = head === 'watch' && tail.length > 0;
  const place = readPlace(isOldWatch ? tail : rest);
  const forced = isOldWatch ? 'watch' : null;
  return {
    ...{ kind: 'resource', path, group, version },
    ...refine(place, forced ?? verb, query),
  };
}

interface Place {
  readonly resource: string;
  readonly subresource: string;
  readonly rest: string;
  readonly namespace: string;
  readonly name: string;
}

/** `/api/VERSION/…` and `/apis/GROUP/VERSION/…`. */
function splitGroup(
  parts: readonly string[],
): { group: string; version: string; rest: readonly string[] } | null {
  if (parts[0] === 'api' && parts.length >= 2) {
    return { group: '', version: parts[1] as string, rest: parts.slice(2) };
  }
  if (parts[0] === 'apis' && parts.length >= 3) {
    return { group: parts[1] as string, version: parts[2] as string, rest: parts.slice(3) };
  }
  return null;
}

function readPlace(parts: readonly string[]): Place {
  const [first, second = '', third = ''] = parts;
  const isWithin = first === 'namespaces' && parts.length > 2 && !namespaceSubresources.has(third);
  const namespace = first === 'namespaces' ? second : '';
  const [resource = '', name = '', subresource = '', ...rest] = isWithin ? parts.slice(2) : parts;
  return { resource, subresource, rest: rest.join('/'), namespace, name };
}

/** A get without a name lists; with `watch` it watches. A list of one name is about that object. */
function refine(place: Place, verb: Verb, query: URLSearchParams): Place & { verb: Verb } {
  if (place.name !== '') return { ...place, verb };
  if (verb === 'delete') return { ...place, verb: 'deletecollection' };
  if (verb !== 'get' && verb !== 'watch') return { ...place, verb };
  const watches = verb === 'watch' || isTrue(query.get('watch'));
  const name = nameOfSelector(query.get('fieldSelector') ?? '');
  return { ...place, verb: watches ? 'watch' : 'list', name };
}

/** As Go's `strconv.ParseBool` and the real server have it: there and neither `0` nor `false`. */
function isTrue(value: string | null): boolean {
  return value !== null && value.toLowerCase() !== 'false' && value !== '0';
}

function nameOfSelector(selector: string): string {
  return /(?:^|,)metadata\.name==?([a-z0-9]([-a-z0-9.:]*[a-z0-9])?)(?:,|$)/i.exec(selector)?.[1] ?? '';
}

function decodeParts(path: string): readonly string[] | null {
  try {
    return path
      .split('/')
      .filter((part) => part !== '')
      .map(decodeURIComponent);
  } catch {
    return null;
  }
}
