/** Autoscalers between v1 and v2: annotations carry what v1 has no fields for. (pkg/apis/autoscaling/v1/conversion.go) Pure. */
import { parseJson, stringifyJson } from '../../apiserver/objects/json-text.ts';
import { isNestedDeeper } from '../../apiserver/objects/nesting.ts';
import type { ApiObject, ObjectMetadata } from '../../apiserver/objects/object-bytes.ts';
import { isSet, listAt, numberAt, objectAt, stringAt } from '../../apiserver/objects/read-path.ts';
import type { JsonValue } from '../../apiserver/schemas/protobuf/json-value.ts';
import { behaviorFromGo, behaviorToGo } from './behavior-annotation.ts';
import { metricToV1, metricToV2 } from './metrics.ts';

const prefix = 'autoscaling.alpha.kubernetes.io';
const annotations = {
  ...{ metrics: `${prefix}/metrics`, behavior: `${prefix}/behavior` },
  ...{ current: `${prefix}/current-metrics`, conditions: `${prefix}/conditions` },
};
const usualUtilization = 80;

export function autoscalerToV1(object: ApiObject): ApiObject {
  const metrics = listAt(object, 'spec', 'metrics');
  const current = listAt(object, 'status', 'currentMetrics');
  const conditions = listAt(object, 'status', 'conditions');
  const { metrics: _, behavior, ...spec } = objectAt(object, 'spec');
  const { currentMetrics: __, conditions: ___, ...status } = objectAt(object, 'status');
  const others = metrics
    .filter((metric) => !isCpuUtilization(metric))
    .map((one) => metricToV1(one, 'target'));
  const target = utilizationOf(metrics.find(isCpu), 'target');
  const used = current.filter(isCpu).map((one) => utilizationOf(one, 'current'));
  const known = used.findLast((utilization) => utilization !== null) ?? null;
  const carried = {
    ...carry(annotations.metrics, others),
    ...carry(
      annotations.current,
      current.map((one) => metricToV1(one, 'current')),
    ),
    ...(isSet(behavior) ? { [annotations.behavior]: stringifyJson(behaviorToGo(behavior)) } : {}),
    ...carry(annotations.conditions, conditions as readonly JsonValue[]),
  };
  return {
    ...object,
    apiVersion: 'autoscaling/v1',
    metadata: withAnnotations(object.metadata, carried),
    spec: { ...spec, ...(target === null ? {} : { targetCPUUtilizationPercentage: target }) },
    status: { ...status, ...(known === null ? {} : { currentCPUUtilizationPercentage: known }) },
  };
}

export function autoscalerToV2(object: ApiObject): ApiObject {
  const carried = objectAt(object, 'metadata', 'annotations');
  const { targetCPUUtilizationPercentage: target, ...spec } = objectAt(object, 'spec');
  const { currentCPUUtilizationPercentage: used, ...status } = objectAt(object, 'status');
  const others = readList(carried[annotations.metrics]).map((one) => metricToV2(one, 'target'));
  const metrics = [...others, ...(isSet(target) ? [cpuMetric(target)] : [])];
  const behavior = behaviorFromGo(read(carried[annotations.behavior]));
  const currentMetrics = currentOf(carried[annotations.current], used);
  const conditions = readList(carried[annotations.conditions]).map(conditionOf);
  return {
    ...object,
    apiVersion: 'autoscaling/v2',
    metadata: withAnnotations(object.metadata, {}),
    spec: {
      ...spec,
      metrics: metrics.length > 0 ? metrics : [cpuMetric(usualUtilization)],
      ...(behavior === null ? {} : { behavior }),
    },
    status: {
      ...status,
      ...(currentMetrics.length > 0 ? { currentMetrics } : {}),
      ...(conditions.length > 0 ? { conditions } : {}),
    },
  };
}

function currentOf(carried: unknown, used: unknown): readonly unknown[] {
  const current = readList(carried).map((one) => metricToV2(one, 'current'));
  if (current.length > 0 || !isSet(used)) return current;
  return [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: used } } }];
}

function cpuMetric(averageUtilization: unknown): object {
  const target = { type: 'Utilization', averageUtilization };
  return { type: 'Resource', resource: { name: 'cpu', target } };
}

function isCpu(metric: unknown): boolean {
  return stringAt(metric, 'type') === 'Resource' && stringAt(metric, 'resource', 'name') === 'cpu';
}

function isCpuUtilization(metric: unknown): boolean {
  return isCpu(metric) && utilizationOf(metric, 'target') !== null;
}

function utilizationOf(metric: unknown, tense: 'target' | 'current'): number | null {
  const path = ['resource', tense, 'averageUtilization'];
  return isSet(metric, ...path) ? numberAt(metric, ...path) : null;
}

function conditionOf(condition: unknown): object {
  const names = ['type', 'status', 'lastTransitionTime', 'reason', 'message'];
  const entries = names.map((name) => [name, stringAt(condition, name)] as const);
  return Object.fromEntries(
    entries.filter(([name, text]) => text !== '' || name === 'type' || name === 'status'),
  );
}

function carry(name: string, list: readonly JsonValue[]): Readonly<Record<string, string>> {
  return list.length === 0 ? {} : { [name]: stringifyJson(list) };
}

/** Without what other versions left there. */
function withAnnotations(
  metadata: ObjectMetadata,
  carried: Readonly<Record<string, string>>,
): ObjectMetadata {
  const { annotations: before, ...others } = metadata;
  const own = Object.values(annotations);
  const kept = Object.entries(objectAt(before)).filter(([name]) => !own.includes(name));
  const all = { ...Object.fromEntries(kept), ...carried };
  return Object.keys(all).length === 0 ? others : { ...others, annotations: all };
}

function readList(text: unknown): readonly unknown[] {
  return listAt(read(text));
}

/** What is no JSON says nothing, nor does what is deeper than any object. */
function read(text: unknown): unknown {
  if (typeof text !== 'string' || isNestedDeeper(Buffer.from(text))) return null;
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
