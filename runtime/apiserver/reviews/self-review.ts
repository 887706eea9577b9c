/**
 * Who one is, and what one may: SelfSubjectReview (`kubectl auth whoami`) and SelfSubjectRulesReview (`kubectl auth can-i
 * --list`). (pkg/registry/authentication/selfsubjectreview, pkg/registry/authorization/selfsubjectrulesreview) Pure.
 */
import type { UserInfo } from '../authentication/user.ts';
import { isNode } from '../authorization/node-authorizer.ts';
import { aggregate, rulesFor } from '../authorization/rbac.ts';
import type { RbacReader } from '../authorization/rbac-index.ts';
import type { ApiObject } from '../objects/object-bytes.ts';
import { stringAt } from '../objects/read-path.ts';
import { ApiError } from '../status.ts';

/** @param now RFC 3339, whole seconds. */
export function reviewSelf(object: ApiObject, user: UserInfo, now: string): ApiObject {
  const metadata = { ...object.metadata, creationTimestamp: now };
  return { ...object, metadata, status: { userInfo: writeUser(user) } };
}

/** `authentication/v1.UserInfo`: without what is empty. */
export function writeUser({ name, uid, groups, extra }: UserInfo): Readonly<Record<string, unknown>> {
  return {
    ...(name === '' ? {} : { username: name }),
    ...(uid === '' ? {} : { uid }),
    ...(groups.length === 0 ? {} : { groups }),
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  };
}

/** Answers without the question, as the real server. @throws ApiError */
export function reviewRules(object: ApiObject, user: UserInfo, reader: RbacReader): ApiObject {
  const namespace = stringAt(object, 'spec', 'namespace');
  if (namespace === '') throw new ApiError('BadRequest', 'no namespace on request');
  const { rules, errors } = rulesFor(reader, user, namespace);
  const isIncomplete = isNode(user);
  const problems = isIncomplete
    ? ['node authorizer does not support user rule resolution', ...errors]
    : errors;
  const status = {
    resourceRules: rules
      .filter(({ resources }) => resources.length > 0)
      .map(({ verbs, apiGroups, resources, resourceNames }) => ({
        ...{ verbs, apiGroups, resources },
        ...(resourceNames.length === 0 ? {} : { resourceNames }),
      })),
    nonResourceRules: rules
      .filter(({ nonResourceURLs }) => nonResourceURLs.length > 0)
      .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
    incomplete: isIncomplete,
    ...(problems.length === 0 ? {} : { evaluationError: aggregate(problems) }),
  };
  const { kind, apiVersion, metadata } = object;
  return { kind, apiVersion, metadata, spec: {}, status };
}
