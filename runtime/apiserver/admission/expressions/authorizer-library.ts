/**
 * The variable `authorizer`: what the user of a request may do besides.
 * (k8s.io/apiserver/pkg/cel/library/authz.go) Pure.
 */

import { groups, type UserInfo } from '../../authentication/user.ts';
import type { ResourceAttributes } from '../../authorization/attributes.ts';
import type { Authorizer } from '../../authorization/authorizer.ts';
import { EvaluationError } from '../../cel/budget.ts';
import type { FunctionTable } from '../../cel/signature.ts';
import type { Type } from '../../cel/types.ts';
import type { OpaqueValue, Value } from '../../cel/values.ts';

interface Asking {
  readonly decide: Authorizer;
  readonly user: UserInfo;
}
type Place = Pick<ResourceAttributes, 'group' | 'resource' | 'subresource' | 'namespace' | 'name'>;

interface Check extends Asking {
  readonly place: Place;
}
interface PathCheck extends Asking {
  readonly path: string;
}
interface Decided {
  readonly isAllowed: boolean;
  readonly reason: string;
}

export const authorizerType: Type = { kind: 'opaque', name: 'Authorizer' };

export function authorizerValue(decide: Authorizer, user: UserInfo): Value {
  return held('Authorizer', { decide, user });
}

export const authorizerFunctions: FunctionTable = {
  'Authorizer.path(string): PathCheck': ([self, path]) => {
    if (path === '') throw new EvaluationError('path must not be empty');
    return held('PathCheck', { ...of<Asking>(self), path });
  },
  'Authorizer.group(string): GroupCheck': ([self, group]) =>
    held('GroupCheck', { ...of<Asking>(self), place: { ...nowhere, group } }),
  'Authorizer.serviceAccount(string,string): Authorizer': ([self, namespace, name]) =>
    held('Authorizer', { ...of<Asking>(self), user: accountOf(String(namespace), String(name)) }),
  'GroupCheck.resource(string): ResourceCheck': ([self, resource]) =>
    at(self, { resource: String(resource) }),
  'ResourceCheck.subresource(string): ResourceCheck': ([self, name]) =>
    at(self, { subresource: String(name) }),
  'ResourceCheck.namespace(string): ResourceCheck': ([self, name]) => at(self, { namespace: String(name) }),
  'ResourceCheck.name(string): ResourceCheck': ([self, name]) => at(self, { name: String(name) }),
  'ResourceCheck.check(string): Decision': ([self, verb]) => {
    const { decide, user, place } = of<Check>(self);
    const attributes = {
      kind: 'resource',
      user,
      verb: String(verb),
      version: '*',
      fields: [],
      ...place,
    } as const;
    return held('Decision', decide(attributes));
  },
  'PathCheck.check(string): Decision': ([self, verb]) => {
    const { decide, user, path } = of<PathCheck>(self);
    return held('Decision', decide({ kind: 'nonResource', user, verb: String(verb), path }));
  },
  'Decision.allowed(): bool': ([self]) => of<Decided>(self).isAllowed,
  'Decision.reason(): string': ([self]) => of<Decided>(self).reason,
  'Decision.errored(): bool': () => false,
  'Decision.error(): string': () => '',
};

const nowhere: Place = { group: '', resource: '', subresource: '', namespace: '', name: '' };

function at(self: Value | undefined, more: Partial<Place>): Value {
  const check = of<Check>(self);
  return held('ResourceCheck', { ...check, place: { ...check.place, ...more } });
}

function accountOf(namespace: string, name: string): UserInfo {
  const all = [groups.serviceAccounts, `${groups.serviceAccounts}:${namespace}`, groups.authenticated];
  return { name: `system:serviceaccount:${namespace}:${name}`, uid: '', groups: all, extra: {} };
}

function held(name: string, value: object): OpaqueValue {
  return { kind: 'opaque', name, held: value, equals: (other) => other.held === value };
}

/** The types of the expression have settled what it is. */
function of<T>(value: Value | undefined): T {
  return (value as OpaqueValue).held as T;
}
