/** When a token is good: `exp`, `nbf` and `iat`, seconds since 1970 (RFC 7519 section 4.1). Pure. */
import type { Claims } from './jwt.ts';

/** Clocks differ by so much, in seconds. */
export const leewaySeconds = 60;

export type TimeVerdict = 'good' | 'expired' | 'notYet' | 'fromTheFuture' | 'malformed';

/** What a token leaves out is not asked for. */
export function judgeTimes(claims: Claims, nowMs: number): TimeVerdict {
  const { exp, nbf, iat } = claims;
  const now = nowMs / 1_000;
  if (![exp, nbf, iat].every((time) => time === undefined || Number.isFinite(time))) return 'malformed';
  if (nbf !== undefined && now + leewaySeconds < (nbf as number)) return 'notYet';
  if (exp !== undefined && now - leewaySeconds > (exp as number)) return 'expired';
  if (iat !== undefined && now + leewaySeconds < (iat as number)) return 'fromTheFuture';
  return 'good';
}
