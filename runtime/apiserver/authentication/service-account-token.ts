/** Tokens of service accounts: those of the TokenRequest API, and older ones that lie in Secrets. (pkg/serviceaccount/jwt.go) */
import {
  type AccountClaims,
  audiencesOf,
  legacyIssuer,
  readAccountClaims,
  readLegacyClaims,
} from './account-claims.ts';
import { type BoundObjects, checkBoundObjects, checkLegacyObjects } from './bound-objects.ts';
import { type Claims, hasSignatureOf, readToken } from './jwt.ts';
import { accountGroups, accountUserName } from './service-account-name.ts';
import {
  refusedToken,
  type TokenAuthenticator,
  type TokenVerdict,
  unknownToken,
} from './token-authenticator.ts';
import { keysFor, type VerificationKey } from './token-keys.ts';
import { judgeTimes } from './token-times.ts';
import { credentialKey, type UserInfo } from './user.ts';

export interface ServiceAccountTokenOptions {
  /** Whose tokens count; several while the issuer is changed. */
  readonly issuers: readonly string[];
  readonly keys: () => readonly VerificationKey[];
  /** For whom tokens are good that name nobody, as those in Secrets. */
  readonly ownAudiences: readonly string[];
  readonly objects: BoundObjects;
}

export function serviceAccountTokens(options: ServiceAccountTokenOptions): TokenAuthenticator {
  const { issuers, keys, ownAudiences, objects } = options;
  return async (text, audiences, nowMs) => {
    const token = readToken(text);
    const issuer = token?.claims.iss;
    const isOld = issuer === legacyIssuer;
    if (token === null || !(isOld || issuers.some((one) => one === issuer))) return unknownToken;
    const { claims, keyId } = token;
    const candidates = keysFor(keys(), keyId);
    if (candidates.length === 0) return refusedToken('invalid signature, no keys found');
    if (!candidates.some(({ key }) => hasSignatureOf(token, key))) {
      return refusedToken('go-jose/go-jose: error in cryptographic primitive');
    }
    const named = audiencesOf(claims);
    const goodFor = (named.length === 0 ? ownAudiences : named).filter((one) => audiences.includes(one));
    if (goodFor.length === 0) return refusedToken(audienceRefusal(named, audiences));
    return isOld
      ? await judgeOld(objects, claims, text, goodFor, nowMs)
      : await judge(objects, claims, goodFor, nowMs);
  };
}

async function judge(
  objects: BoundObjects,
  claims: Claims,
  audiences: readonly string[],
  nowMs: number,
): Promise<TokenVerdict> {
  const times = judgeTimes(claims, nowMs);
  if (times !== 'good') return refusedToken(timeRefusals[times]);
  const account = readAccountClaims(claims);
  const wrong = await checkBoundObjects(objects, account, nowMs);
  if (wrong !== null) return refusedToken(wrong);
  return { kind: 'user', user: accountUser(account, claims.jti), audiences };
}

async function judgeOld(
  objects: BoundObjects,
  claims: Claims,
  text: string,
  audiences: readonly string[],
  nowMs: number,
): Promise<TokenVerdict> {
  const old = readLegacyClaims(claims);
  const wrong = await checkLegacyObjects(objects, old, text, nowMs);
  if (wrong !== null) return refusedToken(wrong);
  const nothing = { pod: null, secret: null, node: null, warnAfter: null };
  return { kind: 'user', user: accountUser({ ...old, ...nothing }, undefined), audiences };
}

const unclear = 'service account token claims could not be validated due to unexpected validation error';
const timeRefusals = {
  expired: 'service account token has expired',
  notYet: 'service account token is not valid yet',
  fromTheFuture: unclear,
  malformed: unclear,
} as const;

function audienceRefusal(named: readonly string[], wanted: readonly string[]): string {
  const list = (audiences: readonly string[]): string =>
    `[${audiences.map((one) => JSON.stringify(one)).join(' ')}]`;
  return `token audiences ${list(named)} is invalid for the target audiences ${list(wanted)}`;
}

function accountUser({ namespace, account, pod, node }: AccountClaims, tokenId: unknown): UserInfo {
  const extra: Record<string, readonly string[]> = {};
  if (pod !== null && pod.name !== '' && pod.uid !== '') {
    extra['authentication.kubernetes.io/pod-name'] = [pod.name];
    extra['authentication.kubernetes.io/pod-uid'] = [pod.uid];
  }
  if (typeof tokenId === 'string' && tokenId !== '') extra[credentialKey] = [`JTI=${tokenId}`];
  if (node !== null && node.name !== '') {
    extra['authentication.kubernetes.io/node-name'] = [node.name];
    if (node.uid !== '') extra['authentication.kubernetes.io/node-uid'] = [node.uid];
  }
  return {
    name: accountUserName({ namespace, name: account.name }),
    uid: account.uid,
    groups: accountGroups(namespace),
    extra,
  };
}
