/**
 * Who a request comes from, as authentication says and authorization, admission and audit read it, and the names that
 * have a meaning of their own. (k8s.io/apiserver/pkg/authentication/user) Pure.
 */

/** A user, a node or a service account. `extra` is what an authenticator adds for authorizers of its own. */
export interface UserInfo {
  readonly name: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

export const groups = {
  /** May do anything, whatever the rules say. */
  masters: 'system:masters',
  authenticated: 'system:authenticated',
  unauthenticated: 'system:unauthenticated',
  nodes: 'system:nodes',
  serviceAccounts: 'system:serviceaccounts',
} as const;

export const anonymousName = 'system:anonymous';

/** Where in `extra` stands which token or certificate it was. */
export const credentialKey = 'authentication.kubernetes.io/credential-id';

/** Nobody in particular. */
export const anonymous: UserInfo = {
  ...{ name: anonymousName, uid: '', extra: {} },
  groups: [groups.unauthenticated],
};

/** Whoever has shown who they are is in a group of all those. */
export function withAuthenticatedGroup(user: UserInfo): UserInfo {
  const isSettled =
    user.name === anonymousName ||
    user.groups.some((group) => group === groups.authenticated || group === groups.unauthenticated);
  return isSettled ? user : { ...user, groups: [...user.groups, groups.authenticated] };
}
