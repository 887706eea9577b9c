/** Whether the rules of a schema can be asked. (…/apis/apiextensions/validation, x-kubernetes-validations) Pure. */
import { compileOne } from '../../apiserver/custom-resources/rules/compile-rules.ts';
import { costOfRule } from '../../apiserver/custom-resources/rules/rule-cost.ts';
import { mostPlaces } from '../../apiserver/custom-resources/rules/schema-extent.ts';
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
import { forbiddenField, invalidValue, notSupported, required } from '../field-errors.ts';
import { inList, when } from '../meta/field-checks.ts';

/** @param isMeasured whether the rules have to keep within what they may cost */
export function checkRules(
  schema: Schema,
  field: string,
  { isMeasured }: { readonly isMeasured: boolean },
): readonly FieldError[] {
  const costs: PlacedCost[] | null = isMeasured ? [] : null;
  const errors = checkPlace(schema, schema, field, {
    ...{ isRoot: true, uncorrelatable: null, mostTimes: 1, costs },
  });
  return [...errors, ...checkTotal(costs ?? [], field)];
}

interface PlacedCost {
  readonly field: string;
  readonly cost: number;
}

const mostOfOneRule = 10_000_000;
const mostOfSchema = 100_000_000;
/** So many rules are named where all together are too much. */
const mostNamed = 4;

/** Of a schema whose rules are too much together: those that cost the most. */
function checkTotal(costs: readonly PlacedCost[], field: string): readonly FieldError[] {
  const total = costs.reduce((sum, { cost }) => sum + cost, 0);
  if (total <= mostOfSchema) return [];
  const dearest = costs.toSorted((a, b) => b.cost - a.cost).slice(0, mostNamed);
  const part = 'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema';
  const whole = tooDear(
    'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema',
    total,
    mostOfSchema,
  );
  return [
    ...dearest.filter(({ cost }) => cost > 0).map((one) => forbiddenField(one.field, part)),
    forbiddenField(field, whole),
  ];
}

function tooDear(what: string, cost: number, limit: number): string {
  const times = cost / limit;
  const factor = times > 100 ? 'more than 100x' : `${times.toFixed(times < 1.5 ? 6 : 1)}x`;
  const hint =
    'try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared';
  return `${what} exceeds budget by factor of ${factor} (${hint})`;
}

interface Place {
  readonly isRoot: boolean;
  /** Where an old and a new object cannot be told to be the same part any more; null: they can. */
  readonly uncorrelatable: string | null;
  /** So often can it be there; null: there is no bound. */
  readonly mostTimes: number | null;
  /** Of all rules so far; null: nobody asks. */
  readonly costs: PlacedCost[] | null;
}

/** @param said where rules stand; @param place what they are about */
function checkPlace(said: Schema, place: Schema | null, field: string, where: Place): readonly FieldError[] {
  if (place === null) return [];
  const below = (
    [next, nextPlace]: readonly [Schema | null, Schema | null],
    step: string,
    { breaks, times = 1 }: { readonly breaks: boolean; readonly times?: number | null | undefined },
  ) => {
    const at = `${field}.${step}`;
    const uncorrelatable = where.uncorrelatable ?? (breaks ? at : null);
    const isBounded = where.mostTimes !== null && times !== null;
    const mostTimes = isBounded ? Number(where.mostTimes) * times : null;
    const within = { isRoot: false, uncorrelatable, mostTimes, costs: where.costs };
    return next === null ? [] : checkPlace(next, nextPlace, at, within);
  };
  const isAtomic = place['x-kubernetes-map-type'] === 'atomic';
  return [
    ...inList(said['x-kubernetes-validations'], `${field}.x-kubernetes-validations`, (rule, at) =>
      checkRule(rule, place, at, where),
    ),
    ...Object.entries(said.properties ?? {}).flatMap(([name, property]) =>
      below([property, propertyOf(place, name)], `properties[${name}]`, { breaks: isAtomic }),
    ),
    ...below([itemsOf(said), itemsOf(place)], 'items', {
      breaks: listTypeOf(place) !== 'map',
      times: place.maxItems === undefined || place.maxItems === null ? null : Number(place.maxItems),
    }),
    ...below([valuesOf(said), valuesOf(place)], 'additionalProperties', {
      breaks: isAtomic,
      times:
        place.maxProperties === undefined || place.maxProperties === null
          ? null
          : Number(place.maxProperties),
    }),
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
  return [...checkCost(rule, place, field, where), ...checkOldSelf(rule, field, where, compiled.usesOldSelf)];
}

function checkCost(rule: ValidationRule, place: Schema, field: string, where: Place): readonly FieldError[] {
  if (where.costs === null) return [];
  const isRoot = where.isRoot || isResource(place);
  const cost = costOfRule(rule, place, isRoot);
  const times = where.mostTimes ?? mostPlaces(place, isRoot);
  const placed = [
    { field: `${field}.rule`, cost: cost.rule * times, what: 'estimated rule cost' },
    { field: `${field}.messageExpression`, cost: cost.message, what: 'estimated messageExpression cost' },
  ];
  where.costs.push(...placed);
  return placed.flatMap(({ field: at, cost, what }) =>
    when(cost > mostOfOneRule, forbiddenField(at, tooDear(what, cost, mostOfOneRule))),
  );
}

function checkOldSelf(
  rule: ValidationRule,
  field: string,
  { uncorrelatable }: Place,
  usesOldSelf: boolean,
): readonly FieldError[] {
  if (!usesOldSelf) {
    const why = 'may not be set if oldSelf is not used in rule';
    return when(rule.optionalOldSelf === true, invalidValue(`${field}.optionalOldSelf`, true, why));
  }
  if (uncorrelatable === null) return [];
  const why = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelatable}`;
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
