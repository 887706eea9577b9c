/** Service accounts as users: `system:serviceaccount:NAMESPACE:NAME`. (k8s.io/apiserver/pkg/authentication/serviceaccount) Pure. */
import { dnsLabel, dnsSubdomain } from '../objects/name-rules.ts';
import { groups } from './user.ts';

const prefix = 'system:serviceaccount:';

export interface AccountName {
  readonly namespace: string;
  readonly name: string;
}

export function accountUserName({ namespace, name }: AccountName): string {
  return `${prefix}${namespace}:${name}`;
}

/** Null for what is no service account's name. */
export function readAccountUserName(userName: string): AccountName | null {
  if (!userName.startsWith(prefix)) return null;
  const [namespace = '', name = '', ...others] = userName.slice(prefix.length).split(':');
  const isName = others.length === 0 && dnsLabel(namespace).length === 0 && dnsSubdomain(name).length === 0;
  return isName ? { namespace, name } : null;
}

/** The groups of all service accounts, and of those of the namespace. */
export function accountGroups(namespace: string): readonly string[] {
  return [groups.serviceAccounts, `${groups.serviceAccounts}:${namespace}`];
}
