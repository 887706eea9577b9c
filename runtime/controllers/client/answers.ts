/** Answers of the server, read: objects, documents and errors. */
import type { HttpAnswer } from '../../apiserver/http/exchange.ts';
import { parseJson } from '../../apiserver/objects/json-text.ts';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { numberAt, objectAt, stringAt } from '../../apiserver/objects/read-path.ts';
import { ApiError, type StatusDetails, type StatusReason } from '../../apiserver/status.ts';

/** @throws ApiError for what is no JSON. */
export function readAnswer(answer: HttpAnswer): unknown {
  try {
    return parseJson(textOf(answer));
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new ApiError('InternalError', `the server answered something else than JSON: ${cause.message}`);
  }
}

export function objectOf(answer: HttpAnswer): ApiObject {
  return readAnswer(answer) as ApiObject;
}

export function errorOf(answer: HttpAnswer): ApiError {
  const text = textOf(answer);
  if (!text.startsWith('{')) return new ApiError(reasonOfCode(answer.code), text.trim());
  return errorOfStatus(readAnswer(answer));
}

/** @param status as `metav1.Status` */
export function errorOfStatus(status: unknown): ApiError {
  const code = numberAt(status, 'code');
  const given = stringAt(status, 'reason');
  const reason = Object.hasOwn(reasons, given) ? (given as StatusReason) : reasonOfCode(code);
  const next = stringAt(status, 'metadata', 'continue');
  const metadata = next === '' ? {} : { continue: next };
  const details = objectAt(status, 'details') as StatusDetails;
  return new ApiError(reason, stringAt(status, 'message'), details, metadata);
}

function textOf({ body }: HttpAnswer): string {
  if (typeof body === 'function') return '';
  return Buffer.concat([...body]).toString();
}

/** Every reason by itself, and by its code, the usual one of a code first. */
const reasons: Readonly<Record<StatusReason, number>> = {
  ...{ BadRequest: 400, Unauthorized: 401, Forbidden: 403, NotFound: 404, MethodNotAllowed: 405 },
  ...{ NotAcceptable: 406, Conflict: 409, AlreadyExists: 409, Gone: 410, Expired: 410 },
  ...{ RequestEntityTooLarge: 413, UnsupportedMediaType: 415, Invalid: 422, TooManyRequests: 429 },
  ...{ InternalError: 500, ServiceUnavailable: 503, Timeout: 504 },
};

function reasonOfCode(code: number): StatusReason {
  const found = Object.entries(reasons).find(([, of]) => of === code);
  return (found?.[0] ?? 'InternalError') as StatusReason;
}
