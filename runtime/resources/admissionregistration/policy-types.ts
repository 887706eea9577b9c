/**
 * What is wrong with the expressions of a policy for the kinds that it is about: fields that they have not, and values of other types.
 * It is said in the policy's status and keeps nothing from happening. (k8s.io/apiserver/pkg/admission/plugin/policy/validating/typechecking.go)
 * Pure.
 */
import {
  authorizerFunctions,
  authorizerType,
} from '../../apiserver/admission/expressions/authorizer-library.ts';
import { namespaceType, requestType } from '../../apiserver/admission/expressions/kind-type.ts';
import { compileRule } from '../../apiserver/cel/rule.ts';
import { dyn, type FieldType, type Type } from '../../apiserver/cel/types.ts';
import type {
  ExpressionWarning,
  RuleWithOperations,
  ValidatingAdmissionPolicy,
  Variable,
} from '../../apiserver/schemas/generated/types/api-admissionregistration-v1.ts';
import type { GroupVersionKind } from '../../apiserver/schemas/registry.ts';

export interface PolicyKinds {
  /** Of the objects. */
  readonly objects: readonly GroupVersionKind[];
  /** Null: there are none. */
  readonly params: GroupVersionKind | null;
}

/** The kinds of a resource; without a group those of any. */
export type KindsOf = (group: string, version: string, resource: string) => readonly GroupVersionKind[];

/** What the expressions see where an object is of this kind. */
export interface SeenKind {
  readonly kind: GroupVersionKind;
  readonly type: Type;
}

const mostKinds = 10;

/** What a policy is about, as far as it says so. */
export function kindsOfPolicy({ spec }: ValidatingAdmissionPolicy, kindsOf: KindsOf): PolicyKinds {
  const { matchConstraints, paramKind } = spec ?? {};
  const [version = '', group = ''] = (paramKind?.apiVersion ?? '').split('/').reverse();
  return {
    objects: kindsToCheck(matchConstraints?.resourceRules ?? [], kindsOf),
    params: paramKind ? { group, version, kind: paramKind.kind ?? '' } : null,
  };
}

/**
 * @param params null where there are none, or nobody knows how they look
 * @returns one for each expression that fits not all of the kinds
 */
export function checkPolicyTypes(
  { spec = {} }: ValidatingAdmissionPolicy,
  objects: readonly SeenKind[],
  params: Type | null,
): readonly ExpressionWarning[] {
  const check = (fieldRef: string, expression: string): readonly ExpressionWarning[] => {
    const said = objects.flatMap((one) => complaintOf(one, params, spec.variables ?? [], expression));
    return said.length === 0 ? [] : [{ fieldRef, warning: said.join('\n') }];
  };
  return (spec.validations ?? []).flatMap(({ expression = '', messageExpression = '' }, index) => [
    ...check(`spec.validations[${index}].expression`, expression),
    ...(messageExpression === ''
      ? []
      : check(`spec.validations[${index}].messageExpression`, messageExpression)),
  ]);
}

/** Sorted; of rules with a wildcard there are none, since nobody knows what they will be about. */
function kindsToCheck(rules: readonly RuleWithOperations[], kindsOf: KindsOf): readonly GroupVersionKind[] {
  const found = new Map<string, GroupVersionKind>();
  for (const { apiGroups = [], apiVersions = [], resources = [] } of rules) {
    if ([...apiGroups, ...apiVersions].some((one) => one.includes('*'))) continue;
    const plain = resources.filter((one) => !/[*/]/.test(one)).toSorted();
    const kinds = apiGroups
      .toSorted()
      .flatMap((group) =>
        apiVersions
          .toSorted()
          .flatMap((version) => plain.flatMap((resource) => kindsOf(group, version, resource))),
      );
    for (const kind of kinds.slice(0, mostKinds)) found.set(nameOf(kind), kind);
    if (kinds.length >= mostKinds) break;
  }
  const key = ({ group, version, kind }: GroupVersionKind): string => [group, version, kind].join('\0');
  return [...found.values()].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

function complaintOf(
  { kind, type: object }: SeenKind,
  params: Type | null,
  variables: readonly Variable[],
  expression: string,
): readonly string[] {
  const fields = new Map<string, FieldType>();
  const compile = (text: string) =>
    compileRule(text, {
      variables: {
        ...{ object, oldObject: object, request: requestType, namespaceObject: namespaceType },
        ...(params === null ? {} : { params }),
        authorizer: authorizerType,
        variables: { kind: 'object', name: 'kubernetes.variables', fields },
      },
      results: [dyn],
      functions: authorizerFunctions,
    });
  for (const { name = '', expression: text = '' } of variables) {
    const outcome = compile(text);
    // One that is wrong is not the fault of those that read it.
    fields.set(name, { property: name, type: outcome.kind === 'rule' ? outcome.rule.type : dyn });
  }
  const outcome = compile(expression);
  return outcome.kind === 'rule' ? [] : [`${nameOf(kind)}: ${outcome.message}\n`];
}

/** `apps/v1, Kind=Deployment`, as Go writes it. */
function nameOf({ group, version, kind }: GroupVersionKind): string {
  return `${group}/${version}, Kind=${kind}`;
}
