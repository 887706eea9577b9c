/** Which requests a flow schema is about. (pkg/apis/flowcontrol/validation/validation.go) Pure. */
import { dnsLabel, dnsSubdomain } from '../../apiserver/objects/name-rules.ts';
import type {
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  Subject,
} from '../../apiserver/schemas/generated/types/api-flowcontrol-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { notSupportedGo } from '../checks/go-syntax.ts';
import { forbiddenField, invalidShown, invalidValue, notSupported, required } from '../field-errors.ts';
import { checkFilled, checkFilledName, checkName, inList, when } from '../meta/field-checks.ts';
import { showStrings } from '../meta/go-syntax.ts';

const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch'];

export function checkRule(rule: PolicyRulesWithSubjects, field: string): FieldError[] {
  const subjects = rule.subjects ?? [];
  const [ofResources, ofPaths] = [rule.resourceRules ?? [], rule.nonResourceRules ?? []];
  const none = 'at least one of resourceRules and nonResourceRules has to be non-empty';
  return [
    ...inList(subjects, `${field}.subjects`, checkSubject),
    ...when(subjects.length === 0, required(`${field}.subjects`, 'subjects must contain at least one value')),
    ...when(ofResources.length === 0 && ofPaths.length === 0, required(field, none)),
    ...inList(ofResources, `${field}.resourceRules`, checkResourceRule),
    ...inList(ofPaths, `${field}.nonResourceRules`, checkPathRule),
  ];
}

const subjectFields = { ServiceAccount: 'serviceAccount', User: 'user', Group: 'group' } as const;
type SubjectKind = keyof typeof subjectFields;

function checkSubject(subject: Subject, field: string): FieldError[] {
  const { kind = '' } = subject;
  if (!Object.hasOwn(subjectFields, kind)) {
    return [notSupported(`${field}.kind`, kind, ['Group', 'ServiceAccount', 'User'])];
  }
  const others = (Object.keys(subjectFields) as SubjectKind[]).filter((other) => other !== kind);
  return [
    ...checkWho(subject, kind as SubjectKind, field),
    ...others
      .filter((other) => subject[subjectFields[other]])
      .map((other) => {
        const name = subjectFields[other];
        return forbiddenField(`${field}.${name}`, `${name} is forbidden when subject kind is not '${other}'`);
      }),
  ];
}

function checkWho(subject: Subject, kind: SubjectKind, field: string): readonly FieldError[] {
  const name = subjectFields[kind];
  const who = subject[name];
  const at = `${field}.${name}`;
  if (!who) return [required(at, `${name} is required when subject kind is '${kind}'`)];
  if (kind !== 'ServiceAccount') return checkFilled(who.name, `${at}.name`);
  const { namespace = '' } = subject.serviceAccount ?? {};
  return [
    ...(who.name === '*' ? [] : checkFilledName(dnsSubdomain, who.name, `${at}.name`)),
    ...(namespace === ''
      ? [required(`${at}.namespace`, 'must specify namespace for service account')]
      : checkName(dnsLabel, namespace, `${at}.namespace`)),
  ];
}

function checkPathRule(rule: NonResourcePolicyRule, field: string): FieldError[] {
  const paths = rule.nonResourceURLs ?? [];
  const at = `${field}.nonResourceURLs`;
  const none = 'nonResourceURLs must contain at least one value';
  return [
    ...checkVerbs(rule.verbs ?? [], `${field}.verbs`),
    ...when(paths.length === 0, required(at, none)),
    ...checkStar(paths, at, 'non-resource URLs'),
    ...(paths.includes('*') ? [] : inList(paths, at, checkPath)),
  ];
}

function checkResourceRule(rule: ResourcePolicyRule, field: string): FieldError[] {
  const [apiGroups, resources] = [rule.apiGroups ?? [], rule.resources ?? []];
  const namespaces = rule.namespaces ?? [];
  const needs = (list: readonly string[], name: string, what: string): readonly FieldError[] =>
    when(list.length === 0, required(`${field}.${name}`, `resource rules must supply at least one ${what}`));
  const at = `${field}.namespaces`;
  const none = 'resource rules that are not cluster scoped must supply at least one namespace';
  return [
    ...checkVerbs(rule.verbs ?? [], `${field}.verbs`),
    ...needs(apiGroups, 'apiGroups', 'api group'),
    ...checkStar(apiGroups, `${field}.apiGroups`, 'api groups'),
    ...needs(resources, 'resources', 'resource'),
    ...checkStar(resources, `${field}.resources`, 'resources'),
    ...when(namespaces.length === 0 && rule.clusterScope !== true, required(at, none)),
    ...checkStar(namespaces, at, 'namespaces'),
    ...(namespaces.includes('*') ? [] : inList(namespaces, at, checkNamespace)),
  ];
}

function checkNamespace(namespace: string, field: string): FieldError[] {
  const intro = "each member of this list must be '*' or a DNS-1123 label; ";
  return dnsLabel(namespace).map((why) => invalidValue(field, namespace, `${intro}${why}`));
}

function checkVerbs(list: readonly string[], field: string): readonly FieldError[] {
  if (list.length === 0) return [required(field, 'verbs must contain at least one value')];
  if (list.includes('*')) return checkStar(list, field, 'verbs');
  return when(!list.every((verb) => verbs.includes(verb)), notSupportedGo(field, showStrings(list), verbs));
}

function checkStar(list: readonly string[], field: string, what: string): readonly FieldError[] {
  const why = `if '*' is present, must not specify other ${what}`;
  return when(list.length > 1 && list.includes('*'), invalidShown(field, showStrings(list), why));
}

function checkPath(path: string, field: string): readonly FieldError[] {
  const why = wrongPath(path);
  return why === null ? [] : [invalidValue(field, path, why)];
}

function wrongPath(path: string): string | null {
  if (path === '') return 'must not be empty';
  if (path === '/') return null;
  if (!path.startsWith('/')) return 'must start with slash';
  if (path.includes(' ')) return 'must not contain white-space';
  if (path.includes('//')) return 'must not contain double slash';
  const stars = path.split('*').length - 1;
  const isSuffix = stars === 0 || (stars === 1 && path.endsWith('/*'));
  return isSuffix ? null : 'wildcard can only do suffix matching';
}
