/**
 * The rules of a schema, `x-kubernetes-validations`, compiled where they stand: a tree of those places that have some.
 * (k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/compilation.go) Pure.
 */
import { compileRule, type Rule } from '../../cel/rule.ts';
import { bool, optionalOf, string, type Type } from '../../cel/types.ts';
import type { ValidationRule } from '../../schemas/generated/types/apiextensions-v1.ts';
import { isResource, itemsOf, propertyOf, type Schema, valuesOf } from '../schema/schema.ts';
import { typeOfSchema } from './schema-type.ts';

export interface RuleTree {
  readonly schema: Schema;
  readonly type: Type;
  readonly rules: readonly PlacedRule[];
  readonly properties: ReadonlyMap<string, RuleTree>;
  readonly items: RuleTree | null;
  readonly values: RuleTree | null;
  /** Of the same value. */
  readonly allOf: readonly RuleTree[];
}

export interface PlacedRule {
  readonly source: ValidationRule;
  readonly compiled: CompiledRule;
}

export type CompiledRule =
  | {
      readonly kind: 'rule';
      readonly rule: Rule;
      readonly message: Rule | null;
      /** It compares with what was, and is asked where something was. */
      readonly usesOldSelf: boolean;
    }
  | { readonly kind: 'fault'; readonly of: 'rule' | 'messageExpression'; readonly message: string };

/** @returns null: there are none. @param isRoot of an object, which has its kind and metadata in any case */
export function compileRules(schema: Schema, isRoot: boolean): RuleTree | null {
  return compileTree(schema, schema, typeOfSchema(schema, isRoot));
}

/** @param said where rules stand: the place itself, or what is said of it once more */
function compileTree(said: Schema, place: Schema, type: Type | null): RuleTree | null {
  if (type === null) return null;
  const below = (next: Schema | null, nextPlace: Schema | null): RuleTree | null =>
    next === null || nextPlace === null
      ? null
      : compileTree(next, nextPlace, typeOfSchema(nextPlace, isResource(nextPlace)));
  const properties = Object.entries(said.properties ?? {}).flatMap(([name, one]) => {
    const tree = below(one, propertyOf(place, name));
    return tree === null ? [] : [[name, tree] as const];
  });
  const tree: RuleTree = {
    ...{ schema: place, type },
    rules: (said['x-kubernetes-validations'] ?? []).map((source) => ({
      source,
      compiled: compileOne(source, type),
    })),
    properties: new Map(properties),
    items: below(itemsOf(said), itemsOf(place)),
    values: below(valuesOf(said), valuesOf(place)),
    allOf: (said.allOf ?? []).map((one) => compileTree(one, place, type)).filter((one) => one !== null),
  };
  const isEmpty =
    tree.rules.length + tree.properties.size + tree.allOf.length === 0 &&
    tree.items === null &&
    tree.values === null;
  return isEmpty ? null : tree;
}

export function compileOne(source: ValidationRule, type: Type): CompiledRule {
  const oldSelf = source.optionalOldSelf === true ? optionalOf(type) : type;
  const variables = { self: type, oldSelf };
  const rule = compileRule(source.rule.trim(), { variables, results: [bool] });
  if (rule.kind === 'fault') {
    const message = rule.isResult
      ? 'cel expression must evaluate to a bool'
      : `compilation failed: ${rule.message}`;
    return { kind: 'fault', of: 'rule', message };
  }
  const usesOldSelf = rule.rule.uses.has('oldSelf');
  const expression = source.messageExpression ?? '';
  if (expression === '') return { kind: 'rule', rule: rule.rule, message: null, usesOldSelf };
  const message = compileRule(expression.trim(), { variables, results: [string] });
  if (message.kind === 'rule') return { kind: 'rule', rule: rule.rule, message: message.rule, usesOldSelf };
  const why = message.isResult
    ? 'messageExpression must evaluate to a string'
    : `messageExpression compilation failed: ${message.message}`;
  return { kind: 'fault', of: 'messageExpression', message: why };
}
