/** Answers that are not objects of a resource: documents in JSON, words, errors. */

import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { stringifyJson } from '../objects/json-text.ts';
import { chooseForm } from '../request/accept.ts';
import { encodeObject } from '../schemas/protobuf/codec.ts';
import type { JsonObject } from '../schemas/protobuf/json-value.ts';
import type { Registry } from '../schemas/registry.ts';
import type { ApiError } from '../status.ts';
import type { Headers, HttpAnswer } from './exchange.ts';

export function textAnswer(code: number, text: string, headers: Headers = {}): HttpAnswer {
  const type = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' };
  return { code, headers: { ...type, ...headers }, body: [Buffer.from(text)] };
}

export function jsonAnswer(code: number, value: object, headers: Headers = {}): HttpAnswer {
  const body = [Buffer.from(`${stringifyJson(value)}\n`)];
  return { code, headers: { 'content-type': 'application/json', ...headers }, body };
}

/** A Status; in protobuf for those who take nothing else. */
export function errorAnswer(registry: Registry, error: ApiError, accept: string | undefined): HttpAnswer {
  const status = error.toStatus();
  const { retryAfterSeconds } = error.details ?? {};
  const headers = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
  const form = chooseForm(accept, { encodings: ['json', 'protobuf'], transformations: [] });
  if (form?.encoding !== 'protobuf') return jsonAnswer(error.code, status, headers);
  return {
    code: error.code,
    headers: { 'content-type': form.mediaType, ...headers },
    body: [encodeObject(registry, status as unknown as JsonObject)],
  };
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
