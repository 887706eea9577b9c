/**
 * Asks a schema's rules about an object. All of them share a budget; what is as it was before is not held against a change.
 * (k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/validation.go) Pure.
 */
import type { Budget } from '../../cel/budget.ts';
import { fromJson } from '../../cel/json-values.ts';
import { costOfOneRequest, evaluate, type Rule } from '../../cel/rule.ts';
import { none, type Value } from '../../cel/values.ts';
import type { ValidationRule } from '../../schemas/generated/types/apiextensions-v1.ts';
import { isObject, isSameJson, type JsonValue } from '../../schemas/protobuf/json-value.ts';
import type { FieldError } from '../../status.ts';
import { oldItems, oldProperty } from '../schema/correlate.ts';
import { below, duplicateAt, forbiddenAt, invalidAt, requiredAt, within } from '../schema/faults.ts';
import { isIntOrString } from '../schema/schema.ts';
import type { PlacedRule, RuleTree } from './compile-rules.ts';

export interface RulesOutcome {
  readonly errors: readonly FieldError[];
  /** For the `Warning` headers: what is wrong, and was so before. */
  readonly warnings: readonly string[];
}

interface Run {
  readonly errors: FieldError[];
  readonly warnings: string[];
  readonly budget: Budget;
}

/** Ends the walk: nothing is left of the budget. */
class OverBudget extends Error {}

/** @param old undefined: the object is made */
export function checkRules(tree: RuleTree, value: JsonValue, old: JsonValue | undefined): RulesOutcome {
  const run: Run = { errors: [], warnings: [], budget: { left: costOfOneRequest } };
  try {
    walk(run, tree, { value, old, path: '', isUnchanged: isSame(value, old) });
  } catch (error) {
    if (!(error instanceof OverBudget)) throw error;
  }
  return run;
}

interface Place {
  readonly value: JsonValue;
  readonly old: JsonValue | undefined;
  readonly path: string;
  /** It, or what it is a part of, is as it was. */
  readonly isUnchanged: boolean;
}

function isSame(value: JsonValue, old: JsonValue | undefined): boolean {
  return old !== undefined && isSameJson(value, old);
}

function walk(run: Run, tree: RuleTree, place: Place): void {
  const { value, old, path, isUnchanged } = place;
  if (value === null) return;
  for (const rule of tree.rules) ask(run, tree, rule, place);
  for (const one of tree.allOf) walk(run, one, place);
  const enter = (next: RuleTree, item: JsonValue, before: JsonValue | undefined, at: string): void =>
    walk(run, next, { value: item, old: before, path: at, isUnchanged: isUnchanged || isSame(item, before) });
  if (Array.isArray(value)) {
    if (tree.items === null) return;
    const before = oldItems(old, tree.schema);
    for (const [index, item] of value.entries()) enter(tree.items, item, before?.(item), within(path, index));
    return;
  }
  if (!isObject(value)) return;
  for (const [name, item] of Object.entries(value)) {
    const known = tree.properties.get(name);
    const next = known ?? tree.values;
    const at = known === undefined ? within(path, name) : below(path, name);
    if (next !== null) enter(next, item as JsonValue, oldProperty(old, tree.schema, name), at);
  }
}

function ask(run: Run, tree: RuleTree, { source, compiled }: PlacedRule, place: Place): void {
  const { path, isUnchanged } = place;
  const typeName = isIntOrString(tree.schema) ? '' : (tree.schema.type ?? '');
  const wrong = (why: string): FieldError => invalidAt(path, typeName, why);
  if (compiled.kind === 'fault') {
    run.errors.push(wrong(`rule compile error: ${compiled.message}`));
    return;
  }
  const { rule, message, usesOldSelf } = compiled;
  if (usesOldSelf && place.old === undefined && source.optionalOldSelf !== true) return;
  const bindings = bindingsOf(tree, source, place);
  const outcome = evaluate(rule, bindings, run.budget);
  switch (outcome.kind) {
    case 'error':
      run.errors.push(wrong(wordsOfError(outcome.message, source)));
      return;
    case 'exhausted': {
      const cost = "'operation cancelled: actual cost limit exceeded'";
      const why = `${cost}: no further validation rules will be run due to call cost exceeds limit for rule: ${nameOf(source)}`;
      const all =
        'validation failed due to running out of cost budget, no further validation rules will be run';
      run.errors.push(wrong(outcome.all ? all : why));
      throw new OverBudget();
    }
    case 'value': {
      if (outcome.value === true) return;
      const words = messageOf(message, bindings, run.budget) ?? usualMessage(source);
      const error = errorOf(source, path, typeName, words);
      if (usesOldSelf || !isUnchanged) run.errors.push(error);
      else run.warnings.push(`${error.field}: ${error.message}`);
    }
  }
}

type Bindings = Readonly<Record<string, Value | undefined>>;

function bindingsOf(
  { type }: RuleTree,
  { optionalOldSelf }: ValidationRule,
  { value, old }: Place,
): Bindings {
  const self = fromJsonOrNull(value, type);
  const before = old === undefined || old === null ? undefined : fromJsonOrNull(old, type);
  if (optionalOldSelf !== true) return { self, oldSelf: before };
  return { self, oldSelf: before === undefined ? none : { kind: 'optional', value: before } };
}

/** A text that is not of its format has its own error. */
function fromJsonOrNull(value: JsonValue, type: RuleTree['type']): Value {
  try {
    return fromJson(value, type);
  } catch {
    return null;
  }
}

function wordsOfError(message: string, source: ValidationRule): string {
  if (!message.startsWith('no such overload')) return `${message} evaluating rule: ${nameOf(source)}`;
  return `'${message}': call arguments did not match a supported operator, function or macro signature for rule: ${nameOf(source)}`;
}

function nameOf({ message = '', rule }: ValidationRule): string {
  return (message === '' ? rule : message).trim();
}

function usualMessage(source: ValidationRule): string {
  const { message = '' } = source;
  return message === '' ? `failed rule: ${nameOf(source)}` : message.trim();
}

const longestMessage = 5 * 1024;

/** Null: it gives none, and the usual words have to do. */
function messageOf(message: Rule | null, bindings: Bindings, budget: Budget): string | null {
  if (message === null) return null;
  const outcome = evaluate(message, bindings, budget);
  if (outcome.kind !== 'value' || typeof outcome.value !== 'string') return null;
  const text = outcome.value.trim();
  return text === '' || text.includes('\n') || Buffer.byteLength(text) > longestMessage ? null : text;
}

function errorOf(source: ValidationRule, path: string, typeName: string, words: string): FieldError {
  const { fieldPath = '', reason } = source;
  const at = fieldPath === '' ? path : joined(path, fieldPath);
  switch (reason) {
    case 'FieldValueForbidden':
      return forbiddenAt(at, words);
    case 'FieldValueRequired':
      return requiredAt(at, words);
    case 'FieldValueDuplicate':
      return duplicateAt(at, typeName);
    default:
      return invalidAt(at, typeName, words);
  }
}

/** `.a.b` and `['c']` behind a place. */
function joined(path: string, fieldPath: string): string {
  const normal = fieldPath.replace(
    /\['((?:\\.|[^'\\])*)'\]/g,
    (_, name: string) => `.${name.replace(/\\(.)/g, '$1')}`,
  );
  const plain = normal.replace(/^\./, '');
  return path === '' ? plain : `${path}.${plain}`;
}
