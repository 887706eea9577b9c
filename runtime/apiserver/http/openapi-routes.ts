/** `/openapi/v2` and `/openapi/v3`: the schemas, as they were generated. (k8s.io/kube-openapi/pkg/handler3) */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { WholeSwagger } from '../aggregation/whole-swagger.ts';
import { withCustomResources } from '../custom-resources/openapi/version-two.ts';
import { type OpenApiDocument, openApiV2, openApiV3, unpacked } from '../schemas/openapi.ts';
import type { JsonObject } from '../schemas/protobuf/json-value.ts';
import { ApiError } from '../status.ts';
import type { Headers, HttpAnswer, HttpRequest } from './exchange.ts';
import { jsonAnswer, takesGzip } from './plain-answers.ts';

const root = '/openapi/v3';

export interface OtherDocuments {
  /** Those of custom resources. */
  readonly custom: () => readonly OpenApiDocument[];
  /** Where those of other servers are, by their names. */
  readonly remote: () => readonly (readonly [name: string, url: string])[];
  /** Version 2 with that of other servers. */
  readonly swagger: WholeSwagger | undefined;
}

/** @returns null for a path that is none of these */
export function serveOpenApi(
  request: HttpRequest,
  { custom, remote, swagger }: OtherDocuments,
): HttpAnswer | null {
  const { path } = request;
  if (path === '/openapi/v2') return versionTwo(request, custom(), swagger);
  if (path === root || path === `${root}/`)
    return jsonAnswer(200, { paths: listDocuments([...openApiV3(), ...custom()], remote()) });
  if (!path.startsWith(`${root}/`)) return null;
  const name = path.slice(root.length + 1);
  const document = [...openApiV3(), ...custom()].find((one) => one.name === name);
  if (document === undefined) return null;
  const { hash, gzip } = document;
  const asked = request.query.get('hash');
  if (asked !== null && asked !== hash) {
    return { code: 301, headers: { location: urlOf(name, hash) }, body: [] };
  }
  const etag = `"${hash}"`;
  const forGood = asked === null ? {} : { 'cache-control': 'public, immutable' };
  const headers = { etag, vary: 'Accept', ...forGood };
  if (request.headers['if-none-match'] === etag) return { code: 304, headers, body: [] };
  checkAccept(request.headers.accept);
  return packed(request, gzip(), { ...headers, 'content-type': 'application/json' });
}

function listDocuments(
  documents: readonly OpenApiDocument[],
  remote: readonly (readonly [name: string, url: string])[],
): object {
  const all = documents.map(({ name, hash }) => [name, { serverRelativeURL: urlOf(name, hash) }] as const);
  return Object.fromEntries([
    ...all,
    ...remote.map(([name, url]) => [name, { serverRelativeURL: url }] as const),
  ]);
}

function urlOf(name: string, hash: string): string {
  return `${root}/${name}?hash=${hash}`;
}

/** What kubectl of old asks for first. */
const protobufForm = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

function versionTwo(
  request: HttpRequest,
  custom: readonly OpenApiDocument[],
  swagger: WholeSwagger | undefined,
): HttpAnswer {
  const accept = request.headers.accept ?? '*/*';
  const isProtobuf = /application\/com\.github\.proto-openapi\.spec\.v2[@.]v1\.0\+protobuf/.test(accept);
  if (!isProtobuf) checkAccept(accept);
  // In protobuf, which kubectl asks for where version 3 does not do, there are the built-in resources alone.
  const gzip = isProtobuf ? openApiV2('pb') : wholeVersionTwo(custom, swagger);
  const etag = `"${createHash('sha256').update(gzip).digest('hex').toUpperCase()}"`;
  const headers = { etag, vary: 'Accept', 'content-type': isProtobuf ? protobufForm : 'application/json' };
  if (request.headers['if-none-match'] === etag) return { code: 304, headers, body: [] };
  return packed(request, gzip, headers);
}

let made: { readonly of: string; readonly gzip: Uint8Array } | null = null;

/** It is put together once for what there is: it takes a while, and few ask for it. */
function wholeVersionTwo(custom: readonly OpenApiDocument[], swagger: WholeSwagger | undefined): Uint8Array {
  const of = custom.map(({ name, hash }) => `${name} ${hash}`).join(' ');
  const own = (): JsonObject => {
    const documents = custom.map(({ gzip }) => readJson(gzip()));
    return withCustomResources(readJson(openApiV2('json')), documents);
  };
  const whole = swagger?.(own, of) ?? null;
  if (whole !== null) return whole;
  if (custom.length === 0) return openApiV2('json');
  if (made?.of !== of) made = { of, gzip: gzipSync(JSON.stringify(own())) };
  return made.gzip;
}

function readJson(gzip: Uint8Array): JsonObject {
  return JSON.parse(unpacked(gzip).toString()) as JsonObject;
}

function packed({ headers }: HttpRequest, gzip: Uint8Array, own: Headers): HttpAnswer {
  if (!takesGzip(headers['accept-encoding'])) return { code: 200, headers: own, body: [unpacked(gzip)] };
  return { code: 200, headers: { ...own, 'content-encoding': 'gzip' }, body: [gzip] };
}

function checkAccept(accept: string | undefined): void {
  if (accept === undefined || accept === '' || /application\/(json|\*)|\*\/\*/.test(accept)) return;
  throw new ApiError('NotAcceptable', 'only the following media types are accepted: application/json');
}
