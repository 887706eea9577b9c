/**
 * What of a request is written down: by the first rule that is about it. (k8s.io/apiserver/pkg/audit/policy) Pure.
 */
import type { UserInfo } from '../authentication/user.ts';
import { coversPath } from '../authorization/policy-rule.ts';
import type { RequestInfo, ResourceRequest } from '../request/request-info.ts';

export type Level = 'None' | 'Metadata' | 'Request' | 'RequestResponse';
export type Stage = 'RequestReceived' | 'ResponseStarted' | 'ResponseComplete' | 'Panic';

/** `audit.k8s.io/v1` Policy, whose lists are empty where nothing is said. */
export interface AuditPolicy {
  readonly rules: readonly AuditRule[];
  readonly omitStages: readonly Stage[];
  readonly omitManagedFields: boolean;
}

export interface AuditRule {
  readonly level: Level;
  readonly users: readonly string[];
  readonly userGroups: readonly string[];
  readonly verbs: readonly string[];
  readonly resources: readonly {
    readonly group: string;
    readonly resources: readonly string[];
    readonly resourceNames: readonly string[];
  }[];
  readonly namespaces: readonly string[];
  readonly nonResourceURLs: readonly string[];
  readonly omitStages: readonly Stage[];
  /** As the policy has it where it is not said. */
  readonly omitManagedFields?: boolean | undefined;
}

export interface AuditPlan {
  readonly level: Level;
  readonly omitStages: ReadonlySet<Stage>;
  readonly omitManagedFields: boolean;
}

export function planAudit(policy: AuditPolicy, user: UserInfo, info: RequestInfo): AuditPlan {
  const rule = policy.rules.find((one) => isAbout(one, user, info));
  return {
    level: rule?.level ?? 'None',
    omitStages: new Set([...policy.omitStages, ...(rule?.omitStages ?? [])]),
    omitManagedFields: rule?.omitManagedFields ?? policy.omitManagedFields,
  };
}

function isAbout(rule: AuditRule, user: UserInfo, info: RequestInfo): boolean {
  if (rule.users.length > 0 && !rule.users.includes(user.name)) return false;
  if (rule.userGroups.length > 0 && !rule.userGroups.some((group) => user.groups.includes(group)))
    return false;
  if (rule.verbs.length > 0 && !rule.verbs.includes(info.verb)) return false;
  const saysResources = rule.resources.length > 0 || rule.namespaces.length > 0;
  if (!saysResources && rule.nonResourceURLs.length === 0) return true;
  if (info.kind === 'nonResource')
    return rule.nonResourceURLs.some((pattern) => coversPath(pattern, info.path));
  return saysResources && isAboutResource(rule, info);
}

function isAboutResource({ namespaces, resources }: AuditRule, info: ResourceRequest): boolean {
  const { group, resource, subresource, namespace, name } = info;
  // '' is what is in none.
  if (namespaces.length > 0 && !namespaces.includes(namespace)) return false;
  const full = subresource === '' ? resource : `${resource}/${subresource}`;
  const patterns = [full, '*', ...(subresource === '' ? [] : [`*/${subresource}`, `${resource}/*`])];
  return (
    resources.length === 0 ||
    resources.some(
      (one) =>
        one.group === group &&
        (one.resources.length === 0 || one.resources.some((pattern) => patterns.includes(pattern))) &&
        (one.resourceNames.length === 0 || one.resourceNames.includes(name)),
    )
  );
}
