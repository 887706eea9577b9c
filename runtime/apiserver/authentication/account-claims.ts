/** What tokens of service accounts say, new and old ones: written and read. (pkg/serviceaccount/claims.go, legacy.go) Pure. */

import type { ApiObject } from '../objects/object-bytes.ts';
import { objectAt, stringAt } from '../objects/read-path.ts';
import type { Claims } from './jwt.ts';
import { accountUserName } from './service-account-name.ts';

/** An object that a token ends with. */
export interface BoundReference {
  readonly name: string;
  /** '' only for the node of a pod, where that is not there any more. */
  readonly uid: string;
}

export interface AccountClaims {
  readonly namespace: string;
  readonly account: BoundReference;
  readonly pod: BoundReference | null;
  readonly secret: BoundReference | null;
  readonly node: BoundReference | null;
  /** Seconds since 1970; null where nobody is to be warned. */
  readonly warnAfter: number | null;
}

export interface NewToken extends Omit<AccountClaims, 'warnAfter'> {
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly tokenId: string;
  readonly nowSeconds: number;
  readonly validSeconds: number;
  /** From now; null where nobody is to be warned. */
  readonly warnAfterSeconds: number | null;
}

export function accountClaims(token: NewToken): Claims {
  const { namespace, account, nowSeconds, warnAfterSeconds } = token;
  const written = (key: string, reference: BoundReference | null): Claims =>
    reference === null ? {} : { [key]: withoutEmpty(reference) };
  return {
    aud: token.audiences,
    exp: nowSeconds + token.validSeconds,
    iat: nowSeconds,
    iss: token.issuer,
    jti: token.tokenId,
    'kubernetes.io': {
      namespace,
      ...written('node', token.node),
      ...written('pod', token.pod),
      ...written('secret', token.secret),
      ...written('serviceaccount', account),
      ...(warnAfterSeconds === null ? {} : { warnafter: nowSeconds + warnAfterSeconds }),
    },
    nbf: nowSeconds,
    sub: accountUserName({ namespace, name: account.name }),
  };
}

export function readAccountClaims(claims: Claims): AccountClaims {
  const own = objectAt(claims, 'kubernetes.io');
  const reference = (key: string): BoundReference | null =>
    Object.hasOwn(own, key) ? { name: stringAt(own, key, 'name'), uid: stringAt(own, key, 'uid') } : null;
  const { warnafter } = own;
  return {
    namespace: stringAt(own, 'namespace'),
    account: reference('serviceaccount') ?? { name: '', uid: '' },
    pod: reference('pod'),
    secret: reference('secret'),
    node: reference('node'),
    warnAfter: typeof warnafter === 'number' && warnafter !== 0 ? warnafter : null,
  };
}

/** One audience may stand there without a list. */
export function audiencesOf(claims: Claims): readonly string[] {
  const { aud } = claims;
  if (typeof aud === 'string') return [aud];
  return Array.isArray(aud) ? aud.filter((one) => typeof one === 'string') : [];
}

/** The issuer of tokens that lie in Secrets and end with them. */
export const legacyIssuer = 'kubernetes/serviceaccount';

export interface LegacyClaims {
  readonly subject: string;
  readonly namespace: string;
  readonly secret: string;
  readonly account: BoundReference;
}

const legacyPrefix = 'kubernetes.io/serviceaccount/';

export function legacyClaims(account: ApiObject, secretName: string): Claims {
  const { name = '', namespace = '', uid = '' } = account.metadata;
  return {
    iss: legacyIssuer,
    [`${legacyPrefix}namespace`]: namespace,
    [`${legacyPrefix}secret.name`]: secretName,
    [`${legacyPrefix}service-account.name`]: name,
    [`${legacyPrefix}service-account.uid`]: uid,
    sub: accountUserName({ namespace, name }),
  };
}

export function readLegacyClaims(claims: Claims): LegacyClaims {
  const read = (key: string): string => stringAt(claims, `${legacyPrefix}${key}`);
  return {
    subject: stringAt(claims, 'sub'),
    namespace: read('namespace'),
    secret: read('secret.name'),
    account: { name: read('service-account.name'), uid: read('service-account.uid') },
  };
}

function withoutEmpty({ name, uid }: BoundReference): Claims {
  return { name, ...(uid === '' ? {} : { uid }) };
}
