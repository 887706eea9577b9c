/** Which requests admission is asked about. (pkg/apis/admissionregistration/validation/validation.go) Pure. */
import { pathSegment } from '../../apiserver/objects/name-rules.ts';
import type {
  NamedRuleWithOperations,
  RuleWithOperations,
} from '../../apiserver/schemas/generated/types/api-admissionregistration-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { invalidShown, invalidValue, required } from '../field-errors.ts';
import {
  checkName,
  checkOneOf,
  checkOptionalOneOf,
  checkUnique,
  inList,
  when,
} from '../meta/field-checks.ts';
import { showStrings } from '../meta/go-syntax.ts';

const operations = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];
const scopes = ['*', 'Cluster', 'Namespaced'];

export function fillInRule<T extends RuleWithOperations>(rule: T): T {
  return { ...rule, scope: rule.scope ?? '*' };
}

export function checkNamedRule(rule: NamedRuleWithOperations, field: string): FieldError[] {
  const at = `${field}.resourceNames`;
  return [
    ...inList(rule.resourceNames, at, (name, each) => checkName(pathSegment, name, each)),
    ...checkUnique(rule.resourceNames, at, (name) => name),
    ...checkRule(rule, field),
  ];
}

export function checkRule(rule: RuleWithOperations, field: string): FieldError[] {
  const [asked, apiVersions] = [rule.operations ?? [], rule.apiVersions ?? []];
  const ofOperations = showStrings(asked, 'admissionregistration.OperationType');
  return [
    ...checkStar(asked, `${field}.operations`, 'operations', ofOperations),
    ...inList(asked, `${field}.operations`, (operation, at) => checkOneOf(operation, at, operations)),
    ...checkStar(rule.apiGroups ?? [], `${field}.apiGroups`, 'API groups'),
    ...checkStar(apiVersions, `${field}.apiVersions`, 'API versions'),
    ...inList(apiVersions, `${field}.apiVersions`, (version, at) => when(version === '', required(at))),
    ...checkResources(rule.resources ?? [], `${field}.resources`),
    ...checkOptionalOneOf(rule.scope, `${field}.scope`, scopes),
  ];
}

/** At least one; what is everything stands alone. */
function checkStar(
  list: readonly string[],
  field: string,
  what: string,
  shown = showStrings(list),
): readonly FieldError[] {
  if (list.length === 0) return [required(field)];
  const why = `if '*' is present, must not specify other ${what}`;
  return when(list.length > 1 && list.includes('*'), invalidShown(field, shown, why));
}

function checkResources(resources: readonly string[], field: string): FieldError[] {
  const plain = resources.filter((resource) => resource !== '' && !resource.includes('/'));
  const wide = [...new Set(resources.filter((resource) => resource.includes('/')))];
  // As the real server: it looks at the last one without a subresource.
  const hasOther = plain.length > 0 && plain.at(-1) !== '*';
  const all = "if '*/*' is present, must not specify other resources";
  const some = "if '*' is present, must not specify other resources without subresources";
  const shown = showStrings(resources);
  const before = new Set<string>();
  return [
    ...when(resources.length === 0, required(field)),
    ...inList(resources, field, (resource, at) => {
      const covers = coversOf(resource).filter((cover) => before.has(cover));
      before.add(resource);
      if (resource === '') return [required(at)];
      return covers.map((cover) =>
        invalidValue(at, resource, `if '${cover}' is present, must not specify ${resource}`),
      );
    }),
    ...when(resources.length > 1 && wide.includes('*/*'), invalidShown(field, shown, all)),
    ...when(plain.includes('*') && hasOther, invalidShown(field, shown, some)),
  ];
}

/** What says the same and more. */
function coversOf(resource: string): readonly string[] {
  const slash = resource.indexOf('/');
  if (slash < 0) return [];
  return [`${resource.slice(0, slash)}/*`, `*/${resource.slice(slash + 1)}`];
}
