/**
 * Which flow a request belongs to: the first schema that is about it, and what tells its flows apart.
 * (k8s.io/apiserver/pkg/util/flowcontrol/rule.go) Pure.
 */
import type { UserInfo } from '../authentication/user.ts';
import type { RequestInfo, ResourceRequest } from '../request/request-info.ts';
import type {
  FlowSchema,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  Subject,
} from '../schemas/generated/types/api-flowcontrol-v1.ts';

export interface Flow {
  readonly schema: FlowSchema;
  readonly level: string;
  /** '' where all requests of the schema are one flow. */
  readonly distinguisher: string;
}

const usualPrecedence = 1_000;

/** In the order in which they are tried. */
export function inOrder(schemas: readonly FlowSchema[]): readonly FlowSchema[] {
  const precedence = ({ spec }: FlowSchema): number => spec?.matchingPrecedence ?? usualPrecedence;
  const nameOf = ({ metadata }: FlowSchema): string => metadata?.name ?? '';
  return [...schemas].sort(
    (a, b) => precedence(a) - precedence(b) || (nameOf(a) < nameOf(b) ? -1 : nameOf(a) > nameOf(b) ? 1 : 0),
  );
}

/** @param schemas in order. @returns null where none is about it */
export function flowOf(schemas: readonly FlowSchema[], user: UserInfo, info: RequestInfo): Flow | null {
  const schema = schemas.find(({ spec }) => spec?.rules?.some((rule) => isAbout(rule, user, info)));
  if (schema === undefined) return null;
  const level = schema.spec?.priorityLevelConfiguration?.name ?? '';
  return { schema, level, distinguisher: distinguisherOf(schema, user, info) };
}

function distinguisherOf({ spec }: FlowSchema, user: UserInfo, info: RequestInfo): string {
  switch (spec?.distinguisherMethod?.type) {
    case 'ByUser':
      return user.name;
    case 'ByNamespace':
      return info.kind === 'resource' ? info.namespace : '';
    default:
      return '';
  }
}

function isAbout(rule: PolicyRulesWithSubjects, user: UserInfo, info: RequestInfo): boolean {
  if (!rule.subjects?.some((subject) => isSubject(subject, user))) return false;
  if (info.kind === 'resource') return rule.resourceRules?.some((one) => coversResource(one, info)) === true;
  return rule.nonResourceRules?.some((one) => coversPath(one, info.verb, info.path)) === true;
}

const accountPrefix = 'system:serviceaccount:';

function isSubject({ kind, user, group, serviceAccount }: Subject, { name, groups }: UserInfo): boolean {
  switch (kind) {
    case 'User':
      return user?.name === '*' || user?.name === name;
    case 'Group':
      return group?.name === '*' || groups.includes(group?.name ?? '');
    case 'ServiceAccount': {
      const start = `${accountPrefix}${serviceAccount?.namespace}:`;
      if (!name.startsWith(start)) return false;
      return serviceAccount?.name === '*' || name === `${start}${serviceAccount?.name}`;
    }
    default:
      return false;
  }
}

function has(list: readonly string[] | undefined, value: string): boolean {
  return list?.some((one) => one === '*' || one === value) === true;
}

function coversResource(rule: ResourcePolicyRule, info: ResourceRequest): boolean {
  const { verb, group, resource, subresource, namespace } = info;
  const full = subresource === '' ? resource : `${resource}/${subresource}`;
  return (
    has(rule.verbs, verb) &&
    has(rule.apiGroups, group) &&
    has(rule.resources, full) &&
    (namespace === '' ? rule.clusterScope === true : has(rule.namespaces, namespace))
  );
}

function coversPath(rule: NonResourcePolicyRule, verb: string, path: string): boolean {
  const covers = (pattern: string): boolean =>
    pattern === '*' || pattern === path || (pattern.endsWith('/*') && path.startsWith(pattern.slice(0, -1)));
  return has(rule.verbs, verb) && rule.nonResourceURLs?.some(covers) === true;
}
