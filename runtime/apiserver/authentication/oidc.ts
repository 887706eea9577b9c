/**
 * Users by the tokens of an OpenID Connect provider, as `--oidc-*` of the real server has it.
 * (k8s.io/apiserver/plugin/pkg/authenticator/token/oidc)
 */
import type { KeyObject } from 'node:crypto';
import { audiencesOf } from './account-claims.ts';
import { type Claims, hasSignatureOf, readToken, type SigningAlgorithm } from './jwt.ts';
import {
  refusedToken,
  type TokenAuthenticator,
  type TokenVerdict,
  unknownToken,
} from './token-authenticator.ts';
import { credentialKey } from './user.ts';

export interface OidcOptions {
  /** The provider's address, as its tokens have it under `iss`. */
  readonly issuer: string;
  /** Tokens have to be meant for one of these. */
  readonly clientIds: readonly string[];
  /** Default `sub`. */
  readonly usernameClaim?: string;
  /** Default the issuer and `#`, none where the claim is `email`; `-` is none. */
  readonly usernamePrefix?: string;
  /** Default none: no groups. */
  readonly groupsClaim?: string;
  readonly groupsPrefix?: string;
  /** Claims that must have these values. */
  readonly requiredClaims?: Readonly<Record<string, string>>;
  /** Default RS256. */
  readonly algorithms?: readonly SigningAlgorithm[];
  readonly ownAudiences: readonly string[];
}

/** The provider's keys: those that a token may have been signed with. Throws where the provider cannot be asked. */
export type ProviderKeys = (keyId: string, nowMs: number) => Promise<readonly KeyObject[]>;

/** Clocks of providers may be ahead by so much: five minutes. */
const notBeforeLeewaySeconds = 300;

export function oidcTokens(options: OidcOptions, keys: ProviderKeys): TokenAuthenticator {
  const algorithms: readonly string[] = options.algorithms ?? ['RS256'];
  return async (text, audiences, nowMs) => {
    const token = readToken(text);
    if (token === null || issuerOf(token.claims) !== options.issuer) return unknownToken;
    const goodFor = options.ownAudiences.filter((one) => audiences.includes(one));
    if (goodFor.length === 0) return unknownToken;
    // What is cheap comes first, so that a token nobody could use makes no request to the provider.
    const wrong = checkClaims(token.claims, options, nowMs);
    if (wrong !== null) return refusedToken(`oidc: verify token: ${wrong}`);
    if (!algorithms.includes(token.algorithm)) {
      const sentence = `oidc: id token signed with unsupported algorithm, expected [${algorithms.map((one) => JSON.stringify(one)).join(' ')}] got ${JSON.stringify(token.algorithm)}`;
      return refusedToken(`oidc: verify token: ${sentence}`);
    }
    const candidates = await askProvider(keys, token.keyId, nowMs);
    if (typeof candidates === 'string') return refusedToken(candidates);
    if (!candidates.some((key) => hasSignatureOf(token, key))) {
      return refusedToken(
        'oidc: verify token: failed to verify signature: failed to verify id token signature',
      );
    }
    return userOf(token.claims, options, goodFor);
  };
}

async function askProvider(
  keys: ProviderKeys,
  keyId: string,
  nowMs: number,
): Promise<readonly KeyObject[] | string> {
  try {
    return await keys(keyId, nowMs);
  } catch (error) {
    return `oidc: verify token: failed to verify signature: fetching keys ${(error as Error).message}`;
  }
}

/** Google says who it is in two ways. */
function issuerOf(claims: Claims): unknown {
  return claims.iss === 'accounts.google.com' ? 'https://accounts.google.com' : claims.iss;
}

function checkClaims(claims: Claims, { clientIds }: OidcOptions, nowMs: number): string | null {
  const named = audiencesOf(claims);
  if (!named.some((one) => clientIds.includes(one))) {
    return `oidc: expected audience in ${JSON.stringify(clientIds)} got ${JSON.stringify(named)}`;
  }
  const { exp, nbf } = claims;
  if (typeof exp !== 'number' || nowMs > exp * 1_000) return 'oidc: token is expired';
  if (nbf === undefined) return null;
  const isEarly = typeof nbf !== 'number' || nowMs + notBeforeLeewaySeconds * 1_000 < nbf * 1_000;
  return isEarly ? 'oidc: current time before the nbf (not before) time' : null;
}

function userOf(claims: Claims, options: OidcOptions, audiences: readonly string[]): TokenVerdict {
  const { usernameClaim = 'sub', groupsClaim = '', groupsPrefix = '', requiredClaims = {} } = options;
  const username = textClaim(claims, usernameClaim);
  if (username === null) {
    return refusedToken(`oidc: parse username claims ${JSON.stringify(usernameClaim)}: claim not present`);
  }
  if (usernameClaim === 'email' && claims.email_verified !== undefined && claims.email_verified !== true) {
    return refusedToken('oidc: email not verified');
  }
  const groups = readGroups(claims, groupsClaim);
  if (groups === null) return refusedToken(`oidc: parse groups claim ${JSON.stringify(groupsClaim)}`);
  for (const [claim, wanted] of Object.entries(requiredClaims)) {
    const value = textClaim(claims, claim);
    if (value === null) return refusedToken(`oidc: required claim ${claim} not present in ID token`);
    if (value !== wanted) {
      return refusedToken(
        `oidc: required claim ${claim} value does not match. Got = ${value}, want = ${wanted}`,
      );
    }
  }
  const tokenId = textClaim(claims, 'jti') ?? '';
  const user = {
    name: `${usernamePrefixOf(options)}${username}`,
    uid: '',
    groups: groups.map((group) => `${groupsPrefix}${group}`),
    extra: tokenId === '' ? {} : { [credentialKey]: [`JTI=${tokenId}`] },
  };
  return { kind: 'user', user, audiences };
}

/** Without a prefix of its own, a provider could name the users of the cluster itself. */
function usernamePrefixOf({ issuer, usernameClaim = 'sub', usernamePrefix = '' }: OidcOptions): string {
  if (usernamePrefix === '-') return '';
  if (usernamePrefix !== '') return usernamePrefix;
  return usernameClaim === 'email' ? '' : `${issuer}#`;
}

/** One group may stand there without a list. Null for what is neither. */
function readGroups(claims: Claims, claim: string): readonly string[] | null {
  const value = claim !== '' && Object.hasOwn(claims, claim) ? claims[claim] : [];
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.every((group) => typeof group === 'string') ? list : null;
}

function textClaim(claims: Claims, claim: string): string | null {
  const value = Object.hasOwn(claims, claim) ? claims[claim] : undefined;
  return typeof value === 'string' ? value : null;
}
