/**
 * Whom a token stands for, for a few seconds: a client that asks often is not looked up every time. Only who has been let
 * in is kept, under a hash with a key of this process, so that no token lies in memory for longer than its request.
 * (k8s.io/apiserver/pkg/authentication/token/cache)
 */
import { createHmac } from 'node:crypto';
import type { TokenAuthenticator, TokenVerdict } from './token-authenticator.ts';

const lifetimeMs = 10_000;
/** So many are kept; the oldest go. */
const capacity = 4_096;

interface CachedVerdict {
  readonly verdict: TokenVerdict;
  readonly untilMs: number;
}

/** @param secret random, of this process. */
export function cachedTokens(authenticator: TokenAuthenticator, secret: Buffer): TokenAuthenticator {
  const cache = new Map<string, CachedVerdict>();
  const running = new Map<string, Promise<TokenVerdict>>();
  return async (token, audiences, nowMs) => {
    const parts = JSON.stringify([token, audiences]);
    const key = createHmac('sha256', secret).update(parts).digest('base64');
    const cached = cache.get(key);
    if (cached !== undefined && nowMs < cached.untilMs) return cached.verdict;
    const already = running.get(key);
    if (already !== undefined) return await already;
    const asked = authenticator(token, audiences, nowMs).finally(() => running.delete(key));
    running.set(key, asked);
    const verdict = await asked;
    cache.delete(key);
    if (verdict.kind === 'user') keep(cache, key, { verdict, untilMs: nowMs + lifetimeMs });
    return verdict;
  };
}

function keep(cache: Map<string, CachedVerdict>, key: string, verdict: CachedVerdict): void {
  cache.set(key, verdict);
  const [oldest] = cache.keys();
  if (cache.size > capacity && oldest !== undefined) cache.delete(oldest);
}
