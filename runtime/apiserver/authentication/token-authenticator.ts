/** What has in common whoever knows the users of tokens: service accounts, bootstrap tokens, an OIDC provider. */
import type { UserInfo } from './user.ts';

export type TokenVerdict =
  | { readonly kind: 'user'; readonly user: UserInfo; readonly audiences: readonly string[] }
  /** The token is not of this sort; another authenticator may know it. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'refused'; readonly why: string };

/** @param audiences for whom the token has to be good: one of these is enough. */
export type TokenAuthenticator = (
  token: string,
  audiences: readonly string[],
  nowMs: number,
) => Promise<TokenVerdict>;

export const unknownToken: TokenVerdict = { kind: 'unknown' };

export function refusedToken(why: string): TokenVerdict {
  return { kind: 'refused', why };
}
