/** Answers that are not objects of a resource: documents in JSON, words, errors. */

import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { writeAnswer } from '../handlers/answer.ts';
import { indentJson, stringifyJson } from '../objects/json-text.ts';
import { chooseForm } from '../request/accept.ts';
import { wantsPretty } from '../request/pretty.ts';
import type { JsonObject } from '../schemas/protobuf/json-value.ts';
import type { Registry } from '../schemas/registry.ts';
import type { ApiError } from '../status.ts';
import type { Headers, HttpAnswer, HttpRequest } from './exchange.ts';

export function textAnswer(code: number, text: string, headers: Headers = {}): HttpAnswer {
  const type = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' };
  return { code, headers: { ...type, ...headers }, body: [Buffer.from(text)] };
}

/** Indented and without a line's end, as the real server writes what is no object of a kind. */
export function rawJsonAnswer(code: number, value: object): HttpAnswer {
  const body = [Buffer.from(indentJson(stringifyJson(value)))];
  return { code, headers: { 'content-type': 'application/json' }, body };
}

export function jsonAnswer(code: number, value: object, headers: Headers = {}): HttpAnswer {
  const body = [Buffer.from(`${stringifyJson(value)}\n`)];
  return { code, headers: { 'content-type': 'application/json', ...headers }, body };
}

/** A document in the form that was asked for; null where it has none of those that the client takes. */
export function writtenAnswer(
  registry: Registry,
  code: number,
  document: object,
  { headers, query }: Pick<HttpRequest, 'headers' | 'query'>,
): HttpAnswer | null {
  const form = chooseForm(headers.accept, {
    encodings: ['json', 'yaml', 'protobuf'],
    transformations: [],
  });
  if (form === null) return null;
  const pretty = form.pretty || wantsPretty(query, headers['user-agent'] ?? '');
  // In JSON some of them do not say it.
  const named = form.encoding === 'protobuf' ? { apiVersion: 'v1', ...document } : document;
  const body = writeAnswer(named as JsonObject, registry, { ...form, pretty });
  return { code, headers: { 'content-type': form.mediaType }, body };
}

/** A Status, as JSON to those who take nothing that there is. */
export function errorAnswer(
  registry: Registry,
  error: ApiError,
  request: Pick<HttpRequest, 'headers' | 'query'>,
): HttpAnswer {
  const status = error.toStatus();
  const { retryAfterSeconds } = error.details ?? {};
  const headers = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
  const answer = writtenAnswer(registry, error.code, status, request) ?? rawJsonAnswer(error.code, status);
  return { ...answer, headers: { ...answer.headers, ...headers } };
}

/** Shorter answers are not worth the work. (k8s.io/apiserver/pkg/endpoints/handlers/responsewriters) */
const gzipFromBytes = 128 * 1024;
const fastest = { level: 1 };
const compress = promisify(gzip) as (bytes: Uint8Array, options: object) => Promise<Buffer>;

/** The same answer, compressed where it is long and the client can read that. */
export async function compressed(
  answer: HttpAnswer,
  acceptEncoding: string | string[] | undefined,
): Promise<HttpAnswer> {
  const { body, headers } = answer;
  if (typeof body === 'function' || !takesGzip(acceptEncoding)) return answer;
  const length = body.reduce((sum, piece) => sum + piece.length, 0);
  if (length < gzipFromBytes || 'content-encoding' in headers) return answer;
  const packed = await compress(Buffer.concat(body), fastest);
  return { ...answer, headers: { ...headers, 'content-encoding': 'gzip' }, body: [packed] };
}

export function takesGzip(acceptEncoding: string | string[] | undefined): boolean {
  return /(^|,)\s*gzip\s*(;|,|$)/i.test(String(acceptEncoding ?? ''));
}
