/**
 * A request's way through the server: who asks, whether they may, what they ask for, and the answer.
 * (k8s.io/apiserver/pkg/server/config.go, DefaultBuildHandlerChain)
 */
import type { Store } from '../../datastore/store.ts';
import type { Aggregation } from '../aggregation/open-aggregation.ts';
import type { Identity } from '../authentication/authenticate.ts';
import { readHeaders } from '../authentication/headers.ts';
import type { IssuerDocument } from '../authentication/token-keys.ts';
import type { UserInfo } from '../authentication/user.ts';
import { attributesOf, forbiddenRequest } from '../authorization/attributes.ts';
import type { Authorizer } from '../authorization/authorizer.ts';
import { impersonate } from '../authorization/impersonation.ts';
import type { Admission } from '../handlers/admission.ts';
import type { ApiRequest, Service } from '../handlers/api-request.ts';
import type { Kinds } from '../handlers/kinds.ts';
import { scaleHandler } from '../handlers/scale.ts';
import { type ApiAnswer, serve } from '../handlers/serve.ts';
import { type SpecialHandlers, specialName } from '../handlers/special.ts';
import { openWatch } from '../handlers/watch.ts';
import { type ResourceRequest, readRequest } from '../request/request-info.ts';
import type { Resource } from '../resources/resource.ts';
import { ApiError } from '../status.ts';
import type { Around } from './around.ts';
import { inTime } from './deadline.ts';
import { discover } from './discovery-routes.ts';
import type { HttpAnswer, HttpHandler, HttpRequest } from './exchange.ts';
import { type HealthCheck, healthPaths, serveHealth } from './health-routes.ts';
import { serveOpenApi } from './openapi-routes.ts';
import { compressed, errorAnswer, rawJsonAnswer, textAnswer } from './plain-answers.ts';

export interface Access {
  readonly authenticate: (request: HttpRequest) => Promise<Identity>;
  /** Resolves when this node knows the rules. */
  readonly authorizer: () => Promise<Authorizer>;
  /** @param annotate what the audit is to say besides */
  readonly admission: (user: UserInfo, annotate: (key: string, value: string) => void) => Admission;
}

export interface ApiServer {
  /** Never rejects. */
  readonly handle: HttpHandler;
  /** Whether a connection for this path may become one of another protocol. */
  readonly upgrades: (path: string) => boolean;
  /** A request of this process itself, whose user is settled. Never rejects. */
  readonly handleAs: (user: UserInfo, request: HttpRequest) => Promise<HttpAnswer>;
}

export interface ApiServerOptions extends Service {
  readonly store: Store;
  readonly kinds: Kinds;
  readonly access: Access;
  readonly special: SpecialHandlers;
  readonly health: readonly HealthCheck[];
  /** By which others learn how to read this cluster's tokens. */
  readonly documents: () => readonly IssuerDocument[];
  /** Answers `/version`. */
  readonly version: Readonly<Record<string, string>>;
  /** Where this node is reached, with its port. */
  readonly ownAddress: () => string;
  /** From 0 to 1. */
  readonly random: () => number;
  /** What other servers answer. Default: nothing. */
  readonly aggregation?: Pick<Aggregation, 'serve' | 'versions' | 'upgrades' | 'swagger'>;
  /** Answers `/metrics`, by the request's Accept. Default: there is no such path. */
  readonly metrics?: (accept: string | undefined) => Promise<HttpAnswer>;
  /** Around what comes over the network. */
  readonly around: Around;
  /** What nobody has foreseen: for the log. */
  readonly onFault: (error: unknown, request: HttpRequest) => void;
}

export function apiServer(options: ApiServerOptions): ApiServer {
  const answered = (request: HttpRequest, answering: () => Promise<HttpAnswer>): Promise<HttpAnswer> =>
    answering().catch((error: unknown) => failed(options, request, error));
  const identified = (auditId: string, answer: HttpAnswer): HttpAnswer => ({
    ...answer,
    // Nobody on the way keeps what is not meant to be kept. (endpoints/filters/cachecontrol.go)
    headers: { 'audit-id': auditId, ...noCache, ...answer.headers },
  });
  return {
    upgrades: (path) => options.aggregation?.upgrades(path) === true,
    handleAs: async (user, request) => {
      const answer = await answered(request, () => answerFor(options, request, user, {}));
      return identified(crypto.randomUUID(), answer);
    },
    handle: async (asked) => {
      const auditId = auditIdOf(asked);
      const request = { ...asked, rawHeaders: withAuditId(asked.rawHeaders, auditId) };
      const answer = await answered(request, async () => {
        const { asker, user } = await userOf(options.access, request);
        const info = readRequest(request.method, request.path, request.query);
        if (info === null) return undecodable();
        const annotations: Record<string, string> = {};
        return await options.around({ auditId, request, info, asker, user, annotations }, (seen) =>
          answered(seen, () => inTime(seen, info, () => answerFor(options, seen, user, annotations))),
        );
      });
      return await compressed(identified(auditId, answer), request.headers['accept-encoding']);
    },
  };
}

/** A client that has one for its request finds it again in the audit. (endpoints/filters/audit_init.go) */
function auditIdOf({ headers }: HttpRequest): string {
  const given = headers['audit-id'];
  return typeof given === 'string' && given !== '' ? given : crypto.randomUUID();
}

/** Also those servers to which it is handed on know it by that. */
function withAuditId(rawHeaders: readonly string[], auditId: string): readonly string[] {
  const has = rawHeaders.some((text, index) => index % 2 === 0 && text.toLowerCase() === 'audit-id');
  return has ? rawHeaders : [...rawHeaders, 'Audit-ID', auditId];
}

function undecodable(): HttpAnswer {
  return textAnswer(400, 'the path cannot be decoded\n');
}

function failed({ registry, onFault }: ApiServerOptions, request: HttpRequest, error: unknown): HttpAnswer {
  if (error instanceof ApiError) return errorAnswer(registry, error, request);
  onFault(error, request);
  const why = 'Internal error occurred: a fault of this server, which its log describes';
  return errorAnswer(registry, new ApiError('InternalError', why), request);
}

interface Asker {
  readonly asker: UserInfo;
  readonly user: UserInfo;
}

/** Who asks, and as whom they ask to be taken. @throws ApiError (401, 403) */
async function userOf(access: Access, request: HttpRequest): Promise<Asker> {
  const identity = await access.authenticate(request);
  if (identity.kind === 'refused') throw new ApiError('Unauthorized', 'Unauthorized');
  const { user: asker } = identity;
  const headers = readHeaders(request.rawHeaders);
  if (!Object.keys(headers).some((name) => name.startsWith('impersonate-'))) return { asker, user: asker };
  const impersonation = impersonate(asker, headers, await access.authorizer());
  if (impersonation.kind === 'refused') throw impersonation.error;
  return { asker, user: impersonation.kind === 'user' ? impersonation.user : asker };
}

async function answerFor(
  options: ApiServerOptions,
  request: HttpRequest,
  user: UserInfo,
  annotations: Record<string, string>,
): Promise<HttpAnswer> {
  const { access } = options;
  const info = readRequest(request.method, request.path, request.query);
  if (info === null) return undecodable();
  const attributes = attributesOf(user, info, request.query);
  const { isAllowed, reason } = (await access.authorizer())(attributes);
  annotations['authorization.k8s.io/decision'] = isAllowed ? 'allow' : 'forbid';
  annotations['authorization.k8s.io/reason'] = reason;
  if (!isAllowed) throw forbiddenRequest(attributes, reason);
  const elsewhere = options.aggregation?.serve(request, user) ?? null;
  if (elsewhere !== null) return await elsewhere;
  if (info.kind === 'nonResource') return await answerPath(options, request);
  return await answerResource(options, request, info, { user, annotations });
}

async function answerPath(options: ApiServerOptions, request: HttpRequest): Promise<HttpAnswer> {
  const { registry, kinds, health, aggregation } = options;
  const remotes = aggregation?.versions() ?? [];
  const urls = (): readonly (readonly [string, string])[] =>
    remotes
      .filter(({ openApiUrl }) => openApiUrl !== '')
      .map(({ service, openApiUrl }) => [`apis/${service.group}/${service.version}`, openApiUrl]);
  const found =
    (await serveHealth(health, request)) ??
    serveDocuments(request, options) ??
    (await serveMetrics(request, options)) ??
    serveOpenApi(request, { custom: kinds.openApi, remote: urls, swagger: aggregation?.swagger }) ??
    discover(
      { registry, remotes, groupVersions: kinds.groupVersions, ownAddress: options.ownAddress() },
      request,
    );
  if (found === null) return methods.has(request.method) ? pageNotFound() : methodNotAllowed();
  if (request.method === 'GET' || (request.method === 'HEAD' && found.code !== 200)) return found;
  if (request.method === 'HEAD') return { ...found, body: [] };
  return methodNotAllowed();
}

async function serveMetrics(
  { path, headers, method }: HttpRequest,
  { metrics }: ApiServerOptions,
): Promise<HttpAnswer | null> {
  if (metrics === undefined || path !== '/metrics') return null;
  return method === 'GET' || method === 'HEAD' ? await metrics(headers.accept) : methodNotAllowed();
}

function pageNotFound(): HttpAnswer {
  return textAnswer(404, '404 page not found\n');
}

function methodNotAllowed(): never {
  throw notAllowed();
}

function notAllowed(): ApiError {
  const why = 'the server does not allow this method on the requested resource';
  return new ApiError('MethodNotAllowed', why, {});
}

function serveDocuments({ path }: HttpRequest, options: ApiServerOptions): HttpAnswer | null {
  if (path === '/version' || path === '/version/') return rawJsonAnswer(200, options.version);
  if (path === '/' || path === '/index.html') return rawJsonAnswer(200, { paths: rootPaths(options) });
  const document = options.documents().find((one) => one.path === path);
  if (document === undefined) return null;
  const headers = { 'content-type': document.mediaType, 'cache-control': 'public, max-age=3600' };
  return { code: 200, headers, body: [Buffer.from(document.text)] };
}

/** Everything that can be asked for by its path alone. (k8s.io/apiserver/pkg/server/routes/index.go) */
function rootPaths({ kinds, health, documents, metrics, aggregation }: ApiServerOptions): readonly string[] {
  const others = aggregation?.versions().map(({ service }) => service) ?? [];
  const versions = [...kinds.groupVersions, ...others].flatMap(({ group, version }) =>
    group === '' ? [`/api/${version}`] : [`/apis/${group}`, `/apis/${group}/${version}`],
  );
  const paths = [
    ...['/api', '/apis', '/apis/', '/openapi/v2', '/openapi/v3', '/openapi/v3/', '/version'],
    ...(metrics === undefined ? [] : ['/metrics']),
    ...[...versions, ...healthPaths(health), ...documents().map(({ path }) => path)],
  ];
  return [...new Set(paths)].sort();
}

interface RequestBy {
  readonly user: UserInfo;
  readonly annotations: Record<string, string>;
}

async function answerResource(
  options: ApiServerOptions,
  request: HttpRequest,
  info: ResourceRequest,
  by: RequestBy,
): Promise<HttpAnswer> {
  const { kinds } = options;
  const resource = kinds.resource(info);
  if (resource === null) return nothingThere(kinds, info);
  checkMethod(resource, request, info);
  const asked = await toApiRequest(options, request, info, by);
  const special = options.special[specialName(info)];
  if (special !== undefined) return toHttp(await special({ service: options, kinds, request: asked }));
  if (resource.storage === null) throw nothing();
  const kind = kinds.served(resource);
  if (info.subresource === 'scale' && kind.scale !== null) {
    return toHttp(await scaleHandler(kind.scale)({ service: options, kinds, request: asked }));
  }
  if (info.verb !== 'watch') return toHttp(await serve(options, kind, asked));
  const { mediaType, run } = openWatch(options, kind, asked, options.random());
  return { code: 200, headers: { 'content-type': mediaType }, body: run };
}

/** Who asks for a group that is not there gets words, as from any server; of a group that is, a Status. */
function nothingThere({ groupVersions }: Kinds, { group, version }: ResourceRequest): HttpAnswer {
  const isKnown = groupVersions.some((item) => item.group === group && item.version === version);
  if (!isKnown) return pageNotFound();
  throw nothing();
}

function nothing(): ApiError {
  return new ApiError('NotFound', 'the server could not find the requested resource', {});
}

const methods: ReadonlySet<string> = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']);

function checkMethod(
  resource: Resource,
  { method }: HttpRequest,
  { verb, subresource, name }: ResourceRequest,
): void {
  const verbs: readonly string[] =
    subresource === ''
      ? resource.verbs
      : (resource.subresources.find(({ name }) => name === subresource)?.verbs ?? []);
  if (subresource !== '' && verbs.length === 0) throw nothing();
  // One object is made of many, and only single ones are changed.
  const needsName = verb === 'update' || verb === 'patch';
  const fits = subresource !== '' || (needsName ? name !== '' : verb !== 'create' || name === '');
  if (methods.has(method) && verbs.includes(verb) && fits) return;
  throw notAllowed();
}

async function toApiRequest(
  { access }: ApiServerOptions,
  { headers, query, readBody }: HttpRequest,
  info: ResourceRequest,
  { user, annotations }: RequestBy,
): Promise<ApiRequest> {
  const reads = info.verb === 'get' || info.verb === 'list' || info.verb === 'watch';
  return {
    ...{ info, query, accept: headers.accept, contentType: headers['content-type'] },
    userAgent: headers['user-agent'] ?? '',
    body: reads ? new Uint8Array() : await readBody(),
    user,
    admission: access.admission(user, (key, value) => {
      annotations[key] = value;
    }),
  };
}

const noCache = { 'cache-control': 'no-cache, private' };

function toHttp({ code, mediaType, warnings, pieces }: ApiAnswer): HttpAnswer {
  const all = warnings.map((sentence) => `299 - ${quote(sentence)}`);
  const warning = all.length === 0 ? {} : { warning: all };
  return { code, headers: { 'content-type': mediaType, ...warning }, body: pieces };
}

/** A header holds neither line ends nor what is no ASCII. (RFC 7234, 5.5) */
function quote(sentence: string): string {
  const plain = sentence.replace(/[^\x20-\x7e]/g, '?');
  return `"${plain.replace(/[\\"]/g, '\\$&')}"`;
}
