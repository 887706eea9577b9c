/**
 * Bootstrap tokens, `ID.SECRET`: with which a machine that is to become a node asks for its first certificate. They lie in
 * kube-system as Secrets of their own type. (plugin/pkg/auth/authenticator/token/bootstrap)
 */
import { timingSafeEqual } from 'node:crypto';
import type { ApiObject } from '../objects/object-bytes.ts';
import { isSet, stringAt } from '../objects/read-path.ts';
import { type TokenAuthenticator, unknownToken } from './token-authenticator.ts';

const tokenPattern = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;
const secretType = 'bootstrap.kubernetes.io/token';
const commonGroup = 'system:bootstrappers';
const groupPattern = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/;

export interface BootstrapTokenOptions {
  readonly secret: (namespace: string, name: string) => Promise<ApiObject | null>;
  readonly ownAudiences: readonly string[];
}

/** A token that is wrong in any way is an unknown one: whoever guesses learns nothing. */
export function bootstrapTokens({ secret, ownAudiences }: BootstrapTokenOptions): TokenAuthenticator {
  return async (token, audiences, nowMs) => {
    const [, id, password] = tokenPattern.exec(token) ?? [];
    const goodFor = ownAudiences.filter((one) => audiences.includes(one));
    if (id === undefined || password === undefined || goodFor.length === 0) return unknownToken;
    const found = await secret('kube-system', `bootstrap-token-${id}`);
    const extraGroups = found === null ? null : readGroups(found, id, password, nowMs);
    if (extraGroups === null) return unknownToken;
    const groups = [...new Set([commonGroup, ...extraGroups])].sort();
    const user = { name: `system:bootstrap:${id}`, uid: '', groups, extra: {} };
    return { kind: 'user', user, audiences: goodFor };
  };
}

/** The groups that the Secret adds; null where it does not let the token in. */
function readGroups(
  secret: ApiObject,
  id: string,
  password: string,
  nowMs: number,
): readonly string[] | null {
  const data = (key: string): string => Buffer.from(stringAt(secret, 'data', key), 'base64').toString();
  const isGood =
    !isSet(secret, 'metadata', 'deletionTimestamp') &&
    stringAt(secret, 'type') === secretType &&
    isSame(data('token-secret'), password) &&
    data('token-id') === id &&
    !hasExpired(data('expiration'), nowMs) &&
    data('usage-bootstrap-authentication') === 'true';
  if (!isGood) return null;
  const written = data('auth-extra-groups');
  const groups = written === '' ? [] : written.split(',');
  return groups.every((group) => groupPattern.test(group)) ? groups : null;
}

/** As long for every wrong password of the right length, whose length is no secret. */
function isSame(stored: string, given: string): boolean {
  const [left, right] = [Buffer.from(stored), Buffer.from(given)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** What cannot be read has expired. */
function hasExpired(expiration: string, nowMs: number): boolean {
  if (expiration === '') return false;
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(expiration) ? Date.parse(expiration) : Number.NaN;
  return Number.isNaN(time) || time < nowMs;
}
