/**
 * Who asks: the first of a proxy's word, a certificate and a token that holds; whoever shows none of them is anonymous,
 * and whoever shows one that does not hold is refused. (pkg/kubeapiserver/authenticator/config.go)
 */
import type { X509Certificate } from 'node:crypto';
import { type PresentedToken, tokenOfHeader, tokenOfProtocols } from './bearer-token.ts';
import {
  type CertificateTrust,
  checkCertificate,
  commonNameOf,
  userOfCertificate,
} from './client-certificate.ts';
import { type FrontProxyHeaders, readProxyHeaders } from './front-proxy.ts';
import type { Headers } from './headers.ts';
import { refusedToken, type TokenAuthenticator, unknownToken } from './token-authenticator.ts';
import { anonymous, type UserInfo, withAuthenticatedGroup } from './user.ts';

export interface AuthenticationRequest {
  readonly headers: Headers;
  /** What the client showed in the TLS handshake, its own first; empty for none. */
  readonly certificates: readonly X509Certificate[];
}

export type Identity =
  /** `audiences` are those of this server that a token was good for; empty for what has none. */
  | { readonly kind: 'user'; readonly user: UserInfo; readonly audiences: readonly string[] }
  /** 401 `Unauthorized`; `why` is for the log, and not for the client. */
  | { readonly kind: 'refused'; readonly why: string };

export interface FrontProxyTrust extends CertificateTrust {
  /** Common names of the proxies; empty for all that an authority vouches for. */
  readonly allowedNames: readonly string[];
  readonly headers: FrontProxyHeaders;
}

export interface AuthenticationOptions {
  readonly frontProxy: FrontProxyTrust | null;
  readonly clientCertificates: CertificateTrust | null;
  /** All that know tokens, as one (`firstOf`), with its cache. */
  readonly tokens: TokenAuthenticator;
  /** For whom tokens have to be good. */
  readonly ownAudiences: readonly string[];
  readonly allowAnonymous: boolean;
  readonly nowMs: () => number;
}

export async function authenticate(
  options: AuthenticationOptions,
  request: AuthenticationRequest,
): Promise<Identity> {
  const refusals: string[] = [];
  for (const step of [byFrontProxy, byCertificate, byHeader, byProtocol]) {
    const found = await step(options, request);
    if (found.kind === 'user') return { ...found, user: withAuthenticatedGroup(found.user) };
    if (found.kind === 'refused') refusals.push(found.why);
  }
  if (refusals.length > 0) {
    return {
      kind: 'refused',
      why: refusals.length === 1 ? (refusals[0] as string) : `[${refusals.join(', ')}]`,
    };
  }
  return options.allowAnonymous
    ? { kind: 'user', user: anonymous, audiences: [] }
    : { kind: 'refused', why: 'no credentials' };
}

/** Whom a token alone stands for: what a TokenReview asks. */
export async function authenticateToken(
  options: AuthenticationOptions,
  token: string,
  audiences: readonly string[],
): Promise<Identity> {
  const found = await byToken(options, { kind: 'token', token }, audiences);
  if (found.kind === 'none') return { kind: 'refused', why: invalidToken };
  return found.kind === 'user' ? { ...found, user: withAuthenticatedGroup(found.user) } : found;
}

/** One after the other; what the last ones said where nobody knows the token. */
export function firstOf(authenticators: readonly TokenAuthenticator[]): TokenAuthenticator {
  return async (token, audiences, nowMs) => {
    const refusals: string[] = [];
    for (const authenticator of authenticators) {
      const verdict = await authenticator(token, audiences, nowMs);
      if (verdict.kind === 'user') return verdict;
      if (verdict.kind === 'refused') refusals.push(verdict.why);
    }
    return refusals.length === 0 ? unknownToken : refusedToken(refusals.join(', '));
  };
}

type Step = Identity | { readonly kind: 'none' };

const nothing: Step = { kind: 'none' };
const invalidToken = 'invalid bearer token';

function byFrontProxy({ frontProxy, nowMs }: AuthenticationOptions, request: AuthenticationRequest): Step {
  const [leaf] = request.certificates;
  if (frontProxy === null || leaf === undefined) return nothing;
  const why = checkCertificate(request.certificates, frontProxy, nowMs());
  if (why !== null) return { kind: 'refused', why };
  const name = commonNameOf(leaf);
  const { allowedNames, headers } = frontProxy;
  if (allowedNames.length > 0 && !allowedNames.includes(name)) {
    return { kind: 'refused', why: `x509: subject with cn=${name} is not in the allowed list` };
  }
  const user = readProxyHeaders(request.headers, headers);
  return user === null ? nothing : { kind: 'user', user, audiences: [] };
}

function byCertificate(options: AuthenticationOptions, { certificates }: AuthenticationRequest): Step {
  const { clientCertificates, nowMs } = options;
  const [leaf] = certificates;
  if (clientCertificates === null || leaf === undefined) return nothing;
  const why = checkCertificate(certificates, clientCertificates, nowMs());
  if (why !== null) return { kind: 'refused', why };
  const user = userOfCertificate(leaf);
  return user === null ? nothing : { kind: 'user', user, audiences: [] };
}

function byHeader(options: AuthenticationOptions, { headers }: AuthenticationRequest): Promise<Step> {
  return byToken(options, tokenOfHeader(headers), options.ownAudiences);
}

function byProtocol(options: AuthenticationOptions, { headers }: AuthenticationRequest): Promise<Step> {
  return byToken(options, tokenOfProtocols(headers), options.ownAudiences);
}

async function byToken(
  { tokens, nowMs }: AuthenticationOptions,
  presented: PresentedToken,
  audiences: readonly string[],
): Promise<Step> {
  switch (presented.kind) {
    case 'none':
      return nothing;
    case 'malformed':
      return { kind: 'refused', why: presented.why };
    case 'token': {
      const verdict = await tokens(presented.token, audiences, nowMs());
      if (verdict.kind === 'user') return verdict;
      const why = verdict.kind === 'unknown' ? invalidToken : `[${invalidToken}, ${verdict.why}]`;
      return { kind: 'refused', why };
    }
  }
}
