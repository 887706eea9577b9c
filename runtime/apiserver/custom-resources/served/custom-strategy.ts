/**
 * What a custom resource adds to what all objects have in common: its schema's defaults, limits and rules.
 * (k8s.io/apiextensions-apiserver/pkg/registry/customresource/strategy.go) Pure.
 */
import type { Strategy } from '../../handlers/served-kind.ts';
import { finalizersOf } from '../../handlers/server-fields.ts';
import { dnsSubdomain } from '../../objects/name-rules.ts';
import type { ApiObject } from '../../objects/object-bytes.ts';
import type { CustomResourceDefinitionVersion } from '../../schemas/generated/types/apiextensions-v1.ts';
import type { JsonObject } from '../../schemas/protobuf/json-value.ts';
import type { FieldError } from '../../status.ts';
import { checkRules, type RulesOutcome } from '../rules/check-rules.ts';
import { compileRules } from '../rules/compile-rules.ts';
import { fillDefaults } from '../schema/defaults.ts';
import { checkEmbedded } from '../schema/embedded.ts';
import { invalidAt } from '../schema/faults.ts';
import { checkLists } from '../schema/list-types.ts';
import type { Schema } from '../schema/schema.ts';
import { validateValue } from '../schema/validate.ts';
import { checkScale } from './custom-scale.ts';

export function customStrategy(schema: Schema, { subresources }: CustomResourceDefinitionVersion): Strategy {
  const rules = compileRules(schema, true);
  const scale = subresources?.scale ?? null;
  // A change is checked, and then asked for its warnings: it is the same object.
  const asked = new WeakMap<ApiObject, RulesOutcome>();
  const ask = (next: ApiObject, old: ApiObject | null): RulesOutcome => {
    const known = asked.get(next);
    if (known !== undefined || rules === null) return known ?? { errors: [], warnings: [] };
    const outcome = checkRules(rules, next as JsonObject, old === null ? undefined : (old as JsonObject));
    asked.set(next, outcome);
    return outcome;
  };
  const check = (next: ApiObject, old: ApiObject | null, part: 'spec' | 'status'): readonly FieldError[] => {
    const errors = [
      ...validateValue(next as JsonObject, schema, '', old === null ? undefined : (old as JsonObject)),
      ...(scale === null ? [] : checkScale(scale, next, part)),
      ...checkEmbedded(next as JsonObject, schema),
      ...checkListsOf(next as JsonObject, old as JsonObject | null, schema),
    ];
    if (rules === null) return errors;
    return errors.some(blocks) ? [...errors, unasked] : [...errors, ...ask(next, old).errors];
  };
  return {
    ...{ name: dnsSubdomain, countsGenerations: true, needsVersion: true, takesPlainFinalizers: true },
    hasStatus: (subresources?.status ?? null) !== null,
    fillIn: (object) => fillDefaults(object as JsonObject, schema) as unknown as ApiObject,
    checkCreate: (object) => check(object, null, 'spec'),
    checkUpdate: (next, old) => check(next, old, 'spec'),
    checkStatusUpdate: (next, old) => check(next, old, 'status'),
    warn: (next, old) => [...warnOfFinalizers(next, old), ...(old === null ? [] : ask(next, old).warnings)],
  };
}

/** Many operators name theirs without a path, which is a warning here, and refused of kinds that Kubernetes has itself. */
function warnOfFinalizers(next: ApiObject, old: ApiObject | null): readonly string[] {
  const before = new Set(old === null ? [] : finalizersOf(old));
  const isPlain = (name: string): boolean =>
    !before.has(name) && !name.includes('/') && name !== 'orphan' && name !== 'foregroundDeletion';
  const why =
    'prefer a domain-qualified finalizer name including a path (/) to avoid accidental conflicts with other finalizer writers';
  return [...new Set(finalizersOf(next))]
    .filter(isPlain)
    .sort()
    .map((name) => `metadata.finalizers: ${JSON.stringify(name)}: ${why}`);
}

/** Lists that were wrong before may stay so. */
function checkListsOf(next: JsonObject, old: JsonObject | null, schema: Schema): readonly FieldError[] {
  const errors = checkLists(next, schema, '');
  if (errors.length === 0 || old === null) return errors;
  return checkLists(old, schema, '').length === 0 ? errors : [];
}

const blocking: ReadonlySet<FieldError['reason']> = new Set([
  ...(['FieldValueNotSupported', 'FieldValueRequired', 'FieldValueTooLong', 'FieldValueTooMany'] as const),
]);

/** Rules are asked of objects that are what they seem. */
function blocks({ reason, message }: FieldError): boolean {
  return blocking.has(reason) || message.includes(' in body must be of type ');
}

const unasked = invalidAt(
  ...(['', null] as const),
  'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
);
