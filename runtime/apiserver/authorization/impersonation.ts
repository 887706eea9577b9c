/**
 * Asking as somebody else, by `Impersonate-*` headers: each name, group and further value has to be allowed to who asks
 * in truth. (k8s.io/apiserver/pkg/endpoints/filters/impersonation.go) Pure.
 */
import { readExtra } from '../authentication/front-proxy.ts';
import type { Headers } from '../authentication/headers.ts';
import { accountGroups, readAccountUserName } from '../authentication/service-account-name.ts';
import { anonymousName, groups as knownGroups, type UserInfo } from '../authentication/user.ts';
import { ApiError } from '../status.ts';
import { forbiddenRequest, type ResourceAttributes } from './attributes.ts';
import type { Authorizer } from './authorizer.ts';

export type Impersonation =
  | { readonly kind: 'none' }
  /** From here on the request is this user's; the headers are not to be passed on. */
  | { readonly kind: 'user'; readonly user: UserInfo }
  | { readonly kind: 'refused'; readonly error: ApiError };

const extraPrefix = 'impersonate-extra-';

/** Reads the headers, and asks for each part whether `user` may be it. */
export function impersonate(user: UserInfo, headers: Headers, authorizer: Authorizer): Impersonation {
  const name = headers['impersonate-user']?.[0] ?? '';
  const uid = headers['impersonate-uid']?.[0] ?? '';
  const groups = headers['impersonate-group'] ?? [];
  const extra = readExtra(headers, [extraPrefix]);
  if (name === '') {
    const isNothing = uid === '' && groups.length === 0 && Object.keys(extra).length === 0;
    if (isNothing) return { kind: 'none' };
    const sentence = 'requested impersonation of groups, a UID or extra values without impersonating a user';
    return { kind: 'refused', error: new ApiError('InternalError', sentence) };
  }
  const wanted: UserInfo = { name, uid, groups, extra };
  for (const attributes of questions(user, wanted)) {
    const { isAllowed, reason } = authorizer(attributes);
    if (!isAllowed) return { kind: 'refused', error: forbiddenRequest(attributes, reason) };
  }
  return { kind: 'user', user: { ...wanted, groups: completeGroups(wanted) } };
}

function questions(user: UserInfo, wanted: UserInfo): readonly ResourceAttributes[] {
  const account = readAccountUserName(wanted.name);
  const ask = (
    resource: string,
    name: string,
    more: Partial<ResourceAttributes> = {},
  ): ResourceAttributes => ({
    ...{ kind: 'resource', user, verb: 'impersonate', group: '', version: '', resource, subresource: '' },
    ...{ namespace: '', name, fields: [] },
    ...more,
  });
  const authentication = { group: 'authentication.k8s.io', version: 'v1' };
  return [
    account === null
      ? ask('users', wanted.name)
      : ask('serviceaccounts', account.name, { namespace: account.namespace }),
    ...wanted.groups.map((group) => ask('groups', group)),
    ...Object.entries(wanted.extra).flatMap(([key, values]) =>
      values.map((value) => ask('userextras', value, { ...authentication, subresource: key })),
    ),
    ...(wanted.uid === '' ? [] : [ask('uids', wanted.uid, authentication)]),
  ];
}

/** Groups that are named are all there are, but for the one of everybody who has shown who they are, or has not. */
function completeGroups({ name, groups }: UserInfo): readonly string[] {
  const account = readAccountUserName(name);
  const own = groups.length === 0 && account !== null ? accountGroups(account.namespace) : groups;
  const { authenticated, unauthenticated } = knownGroups;
  if (name === anonymousName) return own.includes(unauthenticated) ? own : [...own, unauthenticated];
  return own.includes(authenticated) || own.includes(unauthenticated) ? own : [...own, authenticated];
}
