/**
 * Where a list in parts goes on: the revision of its first part, and the next key. A client hands it back as it got it;
 * what it is made of is not the client's business, but it is in the real server's form. Pure.
 */
import { ApiError } from '../status.ts';

export interface Continuation {
  /** -1: the newest. */
  readonly revision: number;
  /** The first key that has not been seen, behind the list's prefix. Never empty. */
  readonly start: string;
}

const version = 'meta.k8s.io/v1';
const lengthLimit = 8192;

export function encodeContinue({ revision, start }: Continuation): string {
  return Buffer.from(JSON.stringify({ v: version, rv: revision, start })).toString('base64url');
}

/** Throws `ApiError`, for a token that is none. */
export function decodeContinue(token: string): Continuation {
  const { v, rv, start } = readToken(token) as { v?: unknown; rv?: unknown; start?: unknown };
  if (v !== version) throw refusal('server does not recognize this encoded version');
  if (!Number.isSafeInteger(rv) || (rv as number) < -1 || rv === 0)
    throw refusal('incorrect encoded start resourceVersion');
  if (typeof start !== 'string' || start === '') throw refusal('encoded start key empty');
  // A token must not lead out of the list it was made for.
  if (start.startsWith('/') || start.split('/').includes('..'))
    throw refusal('encoded start key is not below the list');
  return { revision: rv as number, start };
}

function readToken(token: string): object {
  if (token.length > lengthLimit || !/^[-\w]+=*$/.test(token)) throw refusal('illegal base64 data');
  try {
    const value: unknown = JSON.parse(Buffer.from(token, 'base64url').toString());
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Said below.
  }
  throw refusal('it does not decode');
}

function refusal(why: string): ApiError {
  return new ApiError('BadRequest', `continue key is not valid: ${why}`);
}
