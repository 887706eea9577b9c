/**
 * Metrics of an autoscaler in its two versions: v1 had no place for them but an annotation, with a form of their own.
 * What is read there is whatever a client wrote. (pkg/apis/autoscaling/v1/conversion.go) Pure.
 */
import { isSet, numberAt, objectAt, type Reader, stringAt } from '../../apiserver/objects/read-path.ts';
import type { JsonObject, JsonValue } from '../../apiserver/schemas/protobuf/json-value.ts';

/** What a metric is to be, or what it is: the words differ. */
type Tense = 'target' | 'current';

/** @param metric of v2 */
export function metricToV1(metric: unknown, tense: Tense): JsonObject {
  return { type: stringAt(metric, 'type'), ...eachSource(metric, sourcesToV1, tense) };
}

/** @param metric of v1 */
export function metricToV2(metric: unknown, tense: Tense): JsonObject {
  return { type: stringAt(metric, 'type'), ...eachSource(metric, sourcesToV2, tense) };
}

type SourceName = 'object' | 'pods' | 'resource' | 'containerResource' | 'external';
type Change = (source: Reader, tense: Tense) => JsonObject;

function eachSource(
  metric: unknown,
  changes: Readonly<Record<SourceName, Change>>,
  tense: Tense,
): JsonObject {
  const names = Object.keys(changes) as SourceName[];
  const found = names.filter((name) => isSet(metric, name));
  return Object.fromEntries(found.map((name) => [name, changes[name](objectAt(metric, name), tense)]));
}

const sourcesToV1: Readonly<Record<SourceName, Change>> = {
  object: (source, tense) => {
    const amount = objectAt(source, tense);
    return present({
      target: referenceOf(source.describedObject),
      metricName: stringAt(source, 'metric', 'name'),
      [`${tense}Value`]: textOf(amount.value) ?? '0',
      selector: jsonAt(source, 'metric', 'selector'),
      averageValue: textOf(amount.averageValue),
    });
  },
  pods: (source, tense) =>
    present({
      metricName: stringAt(source, 'metric', 'name'),
      [`${tense}AverageValue`]: textOf(objectAt(source, tense).averageValue) ?? '0',
      selector: jsonAt(source, 'metric', 'selector'),
    }),
  resource: (source, tense) => resourceToV1(source, tense),
  containerResource: (source, tense) => ({
    ...resourceToV1(source, tense),
    container: stringAt(source, 'container'),
  }),
  external: (source, tense) => {
    const amount = objectAt(source, tense);
    return present({
      metricName: stringAt(source, 'metric', 'name'),
      metricSelector: jsonAt(source, 'metric', 'selector'),
      [`${tense}Value`]: textOf(amount.value) ?? (tense === 'current' ? '0' : undefined),
      [`${tense}AverageValue`]: textOf(amount.averageValue),
    });
  },
};

const sourcesToV2: Readonly<Record<SourceName, Change>> = {
  object: (source, tense) => {
    const averageValue = textOf(source.averageValue);
    const value = textOf(source[`${tense}Value`]);
    // A target that was none had to be written as zero.
    const isNone = averageValue !== undefined && value === '0';
    return {
      describedObject: referenceOf(source.target),
      metric: metricOf(source, 'selector'),
      [tense]: typed(tense, { value: isNone ? undefined : value, averageValue }),
    };
  },
  pods: (source, tense) => ({
    metric: metricOf(source, 'selector'),
    [tense]: typed(tense, { averageValue: textOf(source[`${tense}AverageValue`]) }),
  }),
  resource: (source, tense) => resourceToV2(source, tense),
  containerResource: (source, tense) => ({
    ...resourceToV2(source, tense),
    container: stringAt(source, 'container'),
  }),
  external: (source, tense) => {
    const averageValue = textOf(source[`${tense}AverageValue`]);
    const value = textOf(source[`${tense}Value`]);
    const isNone = tense === 'current' && averageValue !== undefined && value === '0';
    const amount = { value: isNone ? undefined : value, averageValue };
    const type = value === undefined ? 'AverageValue' : 'Value';
    return {
      metric: metricOf(source, 'metricSelector'),
      [tense]: { ...(tense === 'target' ? { type } : {}), ...present(amount) },
    };
  },
};

function resourceToV1(source: Reader, tense: Tense): JsonObject {
  const amount = objectAt(source, tense);
  const averageValue = textOf(amount.averageValue) ?? (tense === 'current' ? '0' : undefined);
  return present({
    name: stringAt(source, 'name'),
    [`${tense}AverageUtilization`]: countOf(amount.averageUtilization),
    [`${tense}AverageValue`]: averageValue,
  });
}

function resourceToV2(source: Reader, tense: Tense): JsonObject {
  const averageUtilization = countOf(source[`${tense}AverageUtilization`]);
  const averageValue = textOf(source[`${tense}AverageValue`]);
  return {
    name: stringAt(source, 'name'),
    [tense]: typed(tense, { averageValue, averageUtilization }),
  };
}

interface Amount {
  readonly value?: string | undefined;
  readonly averageValue?: string | undefined;
  readonly averageUtilization?: number | undefined;
}

/** Only a target says which of its numbers counts. */
function typed(tense: Tense, amount: Amount): JsonObject {
  if (tense === 'current') return present({ ...amount });
  const { averageValue, averageUtilization } = amount;
  const type =
    averageUtilization !== undefined ? 'Utilization' : averageValue !== undefined ? 'AverageValue' : 'Value';
  return { type, ...present({ ...amount }) };
}

function metricOf(source: Reader, selector: string): JsonObject {
  return present({ name: stringAt(source, 'metricName'), selector: jsonAt(source, selector) });
}

function referenceOf(value: unknown): JsonObject {
  const apiVersion = stringAt(value, 'apiVersion');
  return present({
    kind: stringAt(value, 'kind'),
    name: stringAt(value, 'name'),
    apiVersion: apiVersion === '' ? undefined : apiVersion,
  });
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function countOf(value: unknown): number | undefined {
  return typeof value === 'number' ? numberAt({ value }, 'value') : undefined;
}

/** An object there; undefined where there is none. */
function jsonAt(value: unknown, ...path: readonly string[]): JsonValue | undefined {
  return isSet(value, ...path) ? (objectAt(value, ...path) as JsonObject) : undefined;
}

function present(object: Readonly<Record<string, JsonValue | undefined>>): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
