/** Limit ranges: how much one object of a namespace may ask for. (pkg/apis/core/validation) Pure. */
import type { Strategy } from '../../apiserver/handlers/served-kind.ts';
import { dnsSubdomain, labelKey } from '../../apiserver/objects/name-rules.ts';
import type { LimitRange, LimitRangeItem } from '../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { forbiddenField, invalidValue, required } from '../field-errors.ts';
import { checkUnique, inList, when } from '../meta/field-checks.ts';
import { compareQuantities, nanosOf, type Quantities, roundUpToMilli } from '../meta/quantities.ts';
import { checkContainerResourceName, checkResourceName, mayOvercommit } from './resource-names.ts';

export const limitRanges: Strategy = {
  name: dnsSubdomain,
  countsGenerations: false,
  hasStatus: false,
  createsOnUpdate: true,
  fillIn: (object) => {
    const { spec } = object as unknown as LimitRange;
    return spec === undefined ? object : { ...object, spec: { ...spec, limits: spec.limits?.map(fillIn) } };
  },
  check: (object) => {
    const limits = (object as unknown as LimitRange).spec?.limits ?? [];
    const types = checkUnique(limits, 'spec.limits', ({ type }) => type, '.type');
    return [...inList(limits, 'spec.limits', checkItem), ...types];
  },
};

const lists = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const;

/** What is said of most is also the limit, and what is said of the limit is also the request. */
function fillIn(item: LimitRangeItem): LimitRangeItem {
  const rounded = { ...item };
  for (const name of lists) {
    const quantities = item[name];
    if (quantities !== undefined) rounded[name] = roundUpToMilli(quantities);
  }
  if (item.type !== 'Container') return rounded;
  const limit = { ...rounded.max, ...rounded.default };
  return {
    ...rounded,
    default: limit,
    defaultRequest: { ...rounded.min, ...limit, ...rounded.defaultRequest },
  };
}

function checkItem(item: LimitRangeItem, field: string): readonly FieldError[] {
  const isOfPods = item.type === 'Pod';
  const checkResource =
    isOfPods || item.type === 'Container' ? checkContainerResourceName : checkResourceName;
  const forbidden = (isOfPods ? (['default', 'defaultRequest'] as const) : []).filter(
    (name) => Object.keys(item[name] ?? {}).length > 0,
  );
  const names = lists.filter((name) => !isOfPods || !name.startsWith('default'));
  const hasStorage = [item.min, item.max].some((limit) => limit?.storage !== undefined);
  const keys = new Set(names.flatMap((name) => Object.keys(item[name] ?? {})));
  return [
    ...checkType(item.type, `${field}.type`),
    ...names.flatMap((name) =>
      Object.keys(item[name] ?? {}).flatMap((key) => checkResource(key, `${field}.${name}[${key}]`)),
    ),
    ...forbidden.map((name) =>
      forbiddenField(`${field}.${name}`, "may not be specified when `type` is 'Pod'"),
    ),
    ...when(
      item.type === 'PersistentVolumeClaim' && !hasStorage,
      required(
        `${field}.limits`,
        'either minimum or maximum storage value is required, but neither was provided',
      ),
    ),
    ...[...keys].flatMap((key) => checkResourceLimits(item, key, isOfPods, field)),
  ];
}

function checkType(type: string, field: string): readonly FieldError[] {
  const errors = labelKey(type).map((why) => invalidValue(field, type, why));
  const isKnown = ['Pod', 'Container', 'PersistentVolumeClaim'].includes(type) || type.includes('/');
  if (errors.length > 0 || isKnown) return errors;
  return [invalidValue(field, type, 'must be a standard limit type or fully qualified')];
}

/** The limits of one resource, beside each other. */
function checkResourceLimits(
  item: LimitRangeItem,
  key: string,
  isOfPods: boolean,
  field: string,
): FieldError[] {
  const pick = (quantities: Quantities | undefined): string | undefined => quantities?.[key];
  const [min, max, ratio] = [pick(item.min), pick(item.max), pick(item.maxLimitRequestRatio)];
  const limit = isOfPods ? undefined : pick(item.default);
  const request = isOfPods ? undefined : pick(item.defaultRequest);
  const isAbove = (a: string | undefined, b: string | undefined): boolean =>
    a !== undefined && b !== undefined && compareQuantities(a, b) > 0;
  const wrong = (name: string, value: unknown, why: string): FieldError =>
    invalidValue(`${field}.${name}[${key}]`, value, why);
  const differs = limit !== undefined && request !== undefined && compareQuantities(limit, request) !== 0;
  return [
    ...when(isAbove(min, max), wrong('min', min, `min value ${min} is greater than max value ${max}`)),
    ...when(
      isAbove(min, request),
      wrong('defaultRequest', request, `min value ${min} is greater than default request value ${request}`),
    ),
    ...when(
      isAbove(request, max),
      wrong('defaultRequest', request, `default request value ${request} is greater than max value ${max}`),
    ),
    ...when(
      isAbove(request, limit),
      wrong(
        'defaultRequest',
        request,
        `default request value ${request} is greater than default limit value ${limit}`,
      ),
    ),
    ...when(
      isAbove(min, limit),
      wrong('default', min, `min value ${min} is greater than default value ${limit}`),
    ),
    ...when(
      isAbove(limit, max),
      wrong('default', max, `default value ${limit} is greater than max value ${max}`),
    ),
    ...checkRatio(ratio, min, max, `${field}.maxLimitRequestRatio[${key}]`),
    ...when(
      !mayOvercommit(key) && differs,
      wrong(
        'defaultRequest',
        request,
        `default value ${limit} must equal to defaultRequest value ${request} in ${key}`,
      ),
    ),
  ];
}

function checkRatio(
  ratio: string | undefined,
  min: string | undefined,
  max: string | undefined,
  field: string,
): readonly FieldError[] {
  if (ratio === undefined) return [];
  const least = nanosOf(min);
  const most = Number(nanosOf(max)) / Number(least);
  const isAbove = min !== undefined && max !== undefined && least > 0n && Number(nanosOf(ratio)) / 1e9 > most;
  return [
    ...when(compareQuantities(ratio, '1') < 0, invalidValue(field, ratio, `ratio ${ratio} is less than 1`)),
    ...when(
      isAbove,
      invalidValue(field, ratio, `ratio ${ratio} is greater than max/min = ${most.toFixed(6)}`),
    ),
  ];
}
