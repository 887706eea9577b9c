/**
 * Whether expressions in CEL can be read, and give what they are to give: so that a policy that could never decide is refused when it
 * is written. (pkg/apis/admissionregistration/validation, k8s.io/apiserver/pkg/admission/plugin/cel) Pure.
 */
import {
  authorizerFunctions,
  authorizerType,
} from '../../apiserver/admission/expressions/authorizer-library.ts';
import { type CompileOutcome, compileRule } from '../../apiserver/cel/rule.ts';
import { dyn, type FieldType, type Type } from '../../apiserver/cel/types.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { invalidValue } from '../field-errors.ts';

export interface Seen {
  readonly hasParams: boolean;
  readonly hasAuthorizer: boolean;
  /** What the policy's own variables are, those before this expression; absent where there is no `variables` at all. */
  readonly variables?: ReadonlyMap<string, Type>;
}

/** @param results what it has to give, one of them */
export function checkExpression(
  expression: string,
  field: string,
  seen: Seen,
  results: readonly Type[],
): FieldError[] {
  if (expression.trim() === '') return [];
  const outcome = compile(expression, seen, results);
  if (outcome.kind === 'rule') return [];
  const why = outcome.isResult ? outcome.message : `compilation failed: ${outcome.message}`;
  return [invalidValue(field, expression, why)];
}

/** Of a variable's expression; anything where it cannot be read. */
export function typeOfExpression(expression: string, seen: Seen): Type {
  const outcome = compile(expression, seen, [dyn]);
  return outcome.kind === 'rule' ? outcome.rule.type : dyn;
}

function compile(
  expression: string,
  { hasParams, hasAuthorizer, variables }: Seen,
  results: readonly Type[],
): CompileOutcome {
  return compileRule(expression, {
    variables: {
      ...{ object: dyn, oldObject: dyn, request: dyn, namespaceObject: dyn },
      ...(hasParams ? { params: dyn } : {}),
      ...(hasAuthorizer ? { authorizer: authorizerType } : {}),
      ...(variables === undefined ? {} : { variables: variablesType(variables) }),
    },
    results,
    functions: authorizerFunctions,
  });
}

function variablesType(variables: ReadonlyMap<string, Type>): Type {
  const fields = [...variables].map(([name, type]): [string, FieldType] => [name, { property: name, type }]);
  return { kind: 'object', name: 'kubernetes.variables', fields: new Map(fields) };
}
