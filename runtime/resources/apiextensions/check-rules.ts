/** Whether the rules of a schema can be asked. (…/apis/apiextensions/validation, x-kubernetes-validations) Pure. */
import { compileOne } from '../../apiserver/custom-resources/rules/compile-rules.ts';
import { typeOfSchema } from '../../apiserver/custom-resources/rules/schema-type.ts';
import {
  isResource,
  itemsOf,
  listTypeOf,
  propertyOf,
  type Schema,
  valuesOf,
} from '../../apiserver/custom-resources/schema/schema.ts';
import type { ValidationRule } from '../../apiserver/schemas/generated/types/apiextensions-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { invalidValue, notSupported, required } from '../field-errors.ts';
import { inList, when } from '../meta/field-checks.ts';

export function checkRules(schema: Schema, field: string): readonly FieldError[] {
  return checkPlace(schema, schema, field, { isRoot: true, uncorrelatable: null });
}

interface Place {
  readonly isRoot: boolean;
  /** Where an old and a new object cannot be told to be the same part any more; null: they can. */
  readonly uncorrelatable: string | null;
}

/** @param said where rules stand; @param place what they are about */
function checkPlace(said: Schema, place: Schema | null, field: string, where: Place): readonly FieldError[] {
  if (place === null) return [];
  const below = (next: Schema | null, nextPlace: Schema | null, step: string, breaks: boolean) => {
    const at = `${field}.${step}`;
    const uncorrelatable = where.uncorrelatable ?? (breaks ? at : null);
    return next === null ? [] : checkPlace(next, nextPlace, at, { isRoot: false, uncorrelatable });
  };
  const isAtomic = place['x-kubernetes-map-type'] === 'atomic';
  return [
    ...inList(said['x-kubernetes-validations'], `${field}.x-kubernetes-validations`, (rule, at) =>
      checkRule(rule, place, at, where),
    ),
    ...Object.entries(said.properties ?? {}).flatMap(([name, property]) =>
      below(property, propertyOf(place, name), `properties[${name}]`, isAtomic),
    ),
    ...below(itemsOf(said), itemsOf(place), 'items', listTypeOf(place) !== 'map'),
    ...below(valuesOf(said), valuesOf(place), 'additionalProperties', isAtomic),
    ...(said.allOf ?? []).flatMap((one, index) => checkPlace(one, place, `${field}.allOf[${index}]`, where)),
  ];
}

const reasons = ['FieldValueInvalid', 'FieldValueForbidden', 'FieldValueRequired', 'FieldValueDuplicate'];

function checkRule(rule: ValidationRule, place: Schema, field: string, where: Place): readonly FieldError[] {
  const text = (rule.rule ?? '').trim();
  const message = (rule.message ?? '').trim();
  const breaks = /[\r\n]/;
  return [
    ...(text === ''
      ? [required(`${field}.rule`, 'rule is not specified')]
      : checkExpression(rule, place, field, where)),
    ...when(
      (rule.message ?? '') !== '' && message === '',
      invalidValue(`${field}.message`, rule.message, 'message must be non-empty if specified'),
    ),
    ...when(
      breaks.test(message),
      invalidValue(`${field}.message`, rule.message, 'message must not contain line breaks'),
    ),
    ...when(
      message === '' && breaks.test(text),
      required(`${field}.message`, 'message must be specified if rule contains line breaks'),
    ),
    ...((rule.reason ?? '') === '' || reasons.includes(rule.reason ?? '')
      ? []
      : [notSupported(`${field}.reason`, rule.reason, reasons.toSorted())]),
    ...checkFieldPath(rule.fieldPath ?? '', place, `${field}.fieldPath`),
  ];
}

function checkExpression(
  rule: ValidationRule,
  place: Schema,
  field: string,
  where: Place,
): readonly FieldError[] {
  const type = typeOfSchema(place, where.isRoot || isResource(place));
  if (type === null) {
    const why = 'compilation failed: the schema of this place has no type that rules can see';
    return [invalidValue(`${field}.rule`, rule.rule, why)];
  }
  const compiled = compileOne(rule, type);
  if (compiled.kind === 'fault') {
    const value = compiled.of === 'rule' ? rule.rule : rule.messageExpression;
    return [invalidValue(`${field}.${compiled.of}`, value, compiled.message)];
  }
  if (!compiled.usesOldSelf) {
    const why = 'may not be set if oldSelf is not used in rule';
    return when(rule.optionalOldSelf === true, invalidValue(`${field}.optionalOldSelf`, true, why));
  }
  if (where.uncorrelatable === null) return [];
  const why = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${where.uncorrelatable}`;
  return [invalidValue(`${field}.rule`, rule.rule, why)];
}

function checkFieldPath(path: string, place: Schema, field: string): readonly FieldError[] {
  if (path === '') return [];
  const wrong = (why: string): readonly FieldError[] => [invalidValue(field, path, `fieldPath ${why}`)];
  const steps = path.match(/\.[^.[\]]+|\['(?:\\.|[^'\\])*'\]/g) ?? [];
  if (steps.join('') !== path) return wrong(`must be a valid path: expected [ or . but got: ${path}`);
  let schema: Schema | null = place;
  for (const step of steps) {
    const name = step.startsWith('.') ? step.slice(1) : step.slice(2, -2).replace(/\\(.)/g, '$1');
    schema = schema === null ? null : (propertyOf(schema, name) ?? valuesOf(schema));
  }
  return schema === null ? wrong('must be a valid path: does not refer to a valid field') : [];
}
