/**
 * How long a request may take that has an end. (k8s.io/apiserver/pkg/endpoints/filters/request_deadline.go, server/filters/timeout.go)
 */
import type { RequestInfo } from '../request/request-info.ts';
import { parseDuration } from '../schemas/protobuf/times.ts';
import { ApiError } from '../status.ts';
import type { HttpAnswer, HttpRequest } from './exchange.ts';

const longestMilliseconds = 60_000;
const endless: ReadonlySet<string> = new Set(['attach', 'exec', 'log', 'portforward', 'proxy']);

/** Resolves with the answer, if it comes in time. Rejects with `ApiError` (400, 504) otherwise. */
export async function inTime(
  request: HttpRequest,
  info: RequestInfo,
  answering: () => Promise<HttpAnswer>,
): Promise<HttpAnswer> {
  if (isLong(info)) return await answering();
  const milliseconds = readTimeout(request.query.get('timeout') ?? '');
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(tooLate()), milliseconds);
  });
  try {
    return await Promise.race([answering(), late]);
  } finally {
    clearTimeout(timer);
  }
}

function isLong(info: RequestInfo): boolean {
  return info.kind === 'resource' && (info.verb === 'watch' || endless.has(info.subresource));
}

/** A client can only have less time than there is; none is no wish. @throws ApiError (400) */
function readTimeout(text: string): number {
  if (text === '') return longestMilliseconds;
  const nanoseconds = parseDuration(text);
  if (nanoseconds === null) {
    const why = `time: ${fault(text)}duration ${JSON.stringify(text)}`;
    throw new ApiError('BadRequest', `invalid timeout specified in the request URL - ${why}`);
  }
  const milliseconds = Math.ceil(Number(nanoseconds) / 1e6);
  return milliseconds > 0 ? Math.min(milliseconds, longestMilliseconds) : longestMilliseconds;
}

/** As Go's `time.ParseDuration` says it. */
function fault(text: string): string {
  const rest = text.replace(/^[+-]/, '').replace(/^((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))*/, '');
  const [, number = '', unit = ''] = /^(\d*\.?\d*)([^\d.]*)/.exec(rest) ?? [];
  if (!/\d/.test(number)) return 'invalid ';
  return unit === '' ? 'missing unit in ' : `unknown unit ${JSON.stringify(unit)} in `;
}

function tooLate(): ApiError {
  return new ApiError('Timeout', 'Timeout: request did not complete within the allotted timeout', {});
}
