/** Quotas: how much all objects of a namespace may ask for. (pkg/apis/core/validation) Pure. */
import type { Strategy } from '../../apiserver/handlers/served-kind.ts';
import { dnsSubdomain } from '../../apiserver/objects/name-rules.ts';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import type {
  ResourceQuota,
  ResourceQuotaSpec,
  ScopedResourceSelectorRequirement,
} from '../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { invalidShown, invalidValue, required } from '../field-errors.ts';
import { when } from '../meta/field-checks.ts';
import { showStrings } from '../meta/go-syntax.ts';
import { roundUpToMilli } from '../meta/quantities.ts';
import { checkQuantities, checkQuotaResourceName, isQuotaResource } from './resource-names.ts';

export const resourceQuotas: Strategy = {
  name: dnsSubdomain,
  countsGenerations: false,
  hasStatus: true,
  fillIn,
  check: (object) => checkSpec((object as unknown as ResourceQuota).spec ?? {}),
  checkUpdate: checkScopesKept,
  checkStatusUpdate: (next) => checkStatus(next as unknown as ResourceQuota),
};

const scopes = [
  ...['Terminating', 'NotTerminating', 'BestEffort', 'NotBestEffort', 'PriorityClass'],
  'CrossNamespacePodAffinity',
];
const opposites = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
] as const;
const ofPods = new Set([
  'cpu',
  'memory',
  'limits.cpu',
  'limits.memory',
  'requests.cpu',
  'requests.memory',
  'pods',
]);

function fillIn(object: ApiObject): ApiObject {
  const { spec, status } = object as unknown as ResourceQuota;
  const rounded = <T extends { hard?: Readonly<Record<string, string>> | undefined }>(part: T | undefined) =>
    part?.hard === undefined ? part : { ...part, hard: roundUpToMilli(part.hard) };
  const used = status?.used === undefined ? {} : { used: roundUpToMilli(status.used) };
  return { ...object, spec: rounded(spec), status: { ...rounded(status), ...used } };
}

function checkSpec(spec: ResourceQuotaSpec): readonly FieldError[] {
  const hard = Object.keys(spec.hard ?? {}).sort();
  return [
    ...checkQuantities(spec.hard, 'spec.hard', checkQuotaResourceName),
    ...checkScopes(spec.scopes ?? [], hard),
    ...checkSelector(spec, hard),
  ];
}

function checkScopes(given: readonly string[], hard: readonly string[]): readonly FieldError[] {
  const shown = showStrings(given, 'core.ResourceQuotaScope');
  const wrong = (why: string): FieldError => invalidShown('spec.scopes', shown, why);
  return [
    // A list can be long, and each error shows all of it.
    ...[...new Set(given)].flatMap((scope) => [
      ...when(!scopes.includes(scope), wrong('unsupported scope')),
      ...unfit(scope, hard).map(() => wrong('unsupported scope applied to resource')),
    ]),
    ...contradictions(given).map(() => wrong('conflicting scopes')),
  ];
}

function checkSelector(spec: ResourceQuotaSpec, hard: readonly string[]): readonly FieldError[] {
  const field = 'spec.scopeSelector.matchExpressions';
  const requirements = spec.scopeSelector?.matchExpressions ?? [];
  const shown = showStrings(spec.scopes, 'core.ResourceQuotaScope');
  const unfitting = invalidValue(field, spec.scopeSelector ?? null, 'unsupported scope applied to resource');
  return [
    ...requirements.flatMap((requirement) => [
      ...when(
        !scopes.includes(requirement.scopeName),
        invalidValue(`${field}.scopeName`, requirement.scopeName, 'unsupported scope'),
      ),
      ...checkOperator(requirement, field),
    ]),
    ...[...new Set(requirements.map(({ scopeName }) => scopeName))]
      .flatMap((scope) => unfit(scope, hard))
      .map(() => unfitting),
    ...contradictions(requirements.map(({ scopeName }) => scopeName)).map(() =>
      invalidShown(field, shown, 'conflicting scopes'),
    ),
  ];
}

function checkOperator(
  { scopeName, operator, values = [] }: ScopedResourceSelectorRequirement,
  field: string,
): readonly FieldError[] {
  const mustExist = scopes.includes(scopeName) && scopeName !== 'PriorityClass' && operator !== 'Exists';
  const why =
    "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";
  const ofScope = when(mustExist, invalidValue(`${field}.operator`, operator, why));
  switch (operator) {
    case 'In':
    case 'NotIn': {
      const sentence = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
      return [...ofScope, ...when(values.length === 0, required(`${field}.values`, sentence))];
    }
    case 'Exists':
    case 'DoesNotExist': {
      const sentence = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
      const error = invalidShown(`${field}.values`, showStrings(values), sentence);
      return [...ofScope, ...when(values.length > 0, error)];
    }
    default:
      return [...ofScope, invalidValue(`${field}.operator`, operator, 'not a valid selector operator')];
  }
}

/** The resources that a scope does not count. */
function unfit(scope: string, hard: readonly string[]): readonly string[] {
  if (!scopes.includes(scope)) return [];
  return hard.filter(
    (name) => isQuotaResource(name) && !(scope === 'BestEffort' ? name === 'pods' : ofPods.has(name)),
  );
}

function contradictions(given: readonly string[]): readonly unknown[] {
  return opposites.filter((pair) => pair.every((scope) => given.includes(scope)));
}

function checkScopesKept(next: ApiObject, old: ApiObject): readonly FieldError[] {
  const scopesOf = (object: ApiObject): readonly string[] =>
    (object as unknown as ResourceQuota).spec?.scopes ?? [];
  const [after, before] = [new Set(scopesOf(next)), new Set(scopesOf(old))];
  const isSame = after.size === before.size && [...after].every((scope) => before.has(scope));
  const shown = showStrings(scopesOf(next), 'core.ResourceQuotaScope');
  return when(!isSame, invalidShown('spec.scopes', shown, 'field is immutable'));
}

function checkStatus({ status }: ResourceQuota): readonly FieldError[] {
  return [
    ...checkQuantities(status?.hard, 'status.hard', checkQuotaResourceName),
    ...checkQuantities(status?.used, 'status.used', checkQuotaResourceName),
  ];
}
