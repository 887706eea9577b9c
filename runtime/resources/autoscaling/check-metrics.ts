/** By what an autoscaler decides. (pkg/apis/autoscaling/validation/validation.go) Pure. */
import { dnsLabel, pathSegment } from '../../apiserver/objects/name-rules.ts';
import type {
  MetricIdentifier,
  MetricSpec,
  MetricTarget,
} from '../../apiserver/schemas/generated/types/api-autoscaling-v2.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { goQuantity } from '../checks/go-syntax.ts';
import { checkContainerResourceName } from '../core/resource-names.ts';
import { forbiddenField, invalidShown, invalidValue, notSupported, required } from '../field-errors.ts';
import { checkFilledName, checkName, inList, when } from '../meta/field-checks.ts';
import { nanosOf } from '../meta/quantities.ts';

type SourceName = 'object' | 'external' | 'pods' | 'resource' | 'containerResource';

/** By type, in the order in which the real server lists them. */
const sourceOf: Readonly<Record<string, SourceName>> = {
  ...{ ContainerResource: 'containerResource', External: 'external', Object: 'object' },
  ...{ Pods: 'pods', Resource: 'resource' },
};
const types = Object.keys(sourceOf);
const sources: readonly SourceName[] = ['object', 'external', 'pods', 'resource', 'containerResource'];

export function checkMetrics(
  metrics: readonly MetricSpec[],
  minReplicas: number | null | undefined,
  field: string,
): FieldError[] {
  const isAwake = metrics.some(({ type }) => type === 'Object' || type === 'External');
  const words = 'must specify at least one Object or External metric to support scaling to zero replicas';
  return [
    ...inList(metrics, field, checkMetric),
    ...when(minReplicas === 0 && !isAwake, forbiddenField(field, words)),
  ];
}

function checkMetric(metric: MetricSpec, field: string): FieldError[] {
  const { type = '' } = metric;
  const expected = Object.hasOwn(sourceOf, type) ? sourceOf[type] : undefined;
  const given = sources.filter((name) => metric[name]);
  const unknown = notSupported(`${field}.type`, type, types);
  const missing = 'must populate information for the given metric source';
  return [
    ...when(type === '', required(`${field}.type`, 'must specify a metric source type')),
    // The real server says it twice.
    ...when(expected === undefined, unknown),
    ...given.slice(0, 1).flatMap((name) => checkSource[name](metric, `${field}.${name}`)),
    ...when(expected === undefined, unknown),
    ...(expected !== undefined && !metric[expected] ? [required(`${field}.${expected}`, missing)] : []),
    ...(given.length === 1 ? [] : given)
      .filter((name) => name !== expected)
      .map((name) => forbiddenField(`${field}.${name}`, 'must populate the given metric source only')),
  ];
}

const checkSource: Readonly<Record<SourceName, (metric: MetricSpec, field: string) => FieldError[]>> = {
  object: ({ object }, field) => {
    const { kind, name } = object?.describedObject ?? {};
    const either = 'must set either a target value or averageValue';
    return [
      ...checkFilledName(pathSegment, kind, `${field}.describedObject.kind`),
      ...checkFilledName(pathSegment, name, `${field}.describedObject.name`),
      ...checkIdentifier(object?.metric, `${field}.metric`),
      ...checkTarget(object?.target, `${field}.target`),
      ...needsOne(object?.target, ['value', 'averageValue'], `${field}.target.averageValue`, either),
    ];
  },
  external: ({ external }, field) => {
    const either = 'must set either a target value for metric or a per-pod target';
    const both = 'may not set both a target value for metric and a per-pod target';
    return [
      ...checkIdentifier(external?.metric, `${field}.metric`),
      ...checkTarget(external?.target, `${field}.target`),
      ...needsOne(external?.target, ['value', 'averageValue'], `${field}.target.averageValue`, either),
      ...notBoth(external?.target, ['value', 'averageValue'], `${field}.target.value`, both),
    ];
  },
  pods: ({ pods }, field) => [
    ...checkIdentifier(pods?.metric, `${field}.metric`),
    ...checkTarget(pods?.target, `${field}.target`),
    ...needsOne(
      ...([pods?.target, ['averageValue'], `${field}.target.averageValue`] as const),
      'must specify a positive target averageValue',
    ),
  ],
  resource: ({ resource }, field) => [
    ...when((resource?.name ?? '') === '', required(`${field}.name`, 'must specify a resource name')),
    ...checkResourceTarget(resource?.target, `${field}.target`),
  ],
  containerResource: ({ containerResource: source }, field) => [
    ...((source?.name ?? '') === ''
      ? [required(`${field}.name`, 'must specify a resource name')]
      : checkContainerResourceName(source?.name ?? '', `${field}.name`)),
    ...((source?.container ?? '') === ''
      ? [required(`${field}.container`, 'must specify a container')]
      : checkName(dnsLabel, source?.container, `${field}.container`)),
    ...checkResourceTarget(source?.target, `${field}.target`),
  ],
};

function checkResourceTarget(target: MetricTarget | undefined, field: string): FieldError[] {
  const names = ['averageUtilization', 'averageValue'] as const;
  const either = 'must set either a target raw value or a target utilization';
  const both = 'may not set both a target raw value and a target utilization';
  return [
    ...checkTarget(target, field),
    ...needsOne(target, names, `${field}.averageUtilization`, either),
    ...notBoth(target, names, `${field}.averageValue`, both),
  ];
}

type TargetName = 'value' | 'averageValue' | 'averageUtilization';

function isSet(target: MetricTarget | undefined, name: TargetName): boolean {
  return (target?.[name] ?? null) !== null;
}

function needsOne(
  target: MetricTarget | undefined,
  names: readonly TargetName[],
  field: string,
  why: string,
): readonly FieldError[] {
  return when(!names.some((name) => isSet(target, name)), required(field, why));
}

function notBoth(
  target: MetricTarget | undefined,
  names: readonly TargetName[],
  field: string,
  why: string,
): readonly FieldError[] {
  return when(
    names.every((name) => isSet(target, name)),
    forbiddenField(field, why),
  );
}

function checkTarget(target: MetricTarget | undefined, field: string): FieldError[] {
  const { type = '', averageUtilization: utilization } = target ?? {};
  const isType = ['Utilization', 'Value', 'AverageValue'].includes(type);
  const words = 'must be either Utilization, Value, or AverageValue';
  const amounts = (['value', 'averageValue'] as const).filter((name) => isSet(target, name));
  return [
    ...when(type === '', required(`${field}.type`, 'must specify a metric target type')),
    ...when(!isType, invalidValue(`${field}.type`, type, words)),
    ...amounts
      .filter((name) => nanosOf(target?.[name]) <= 0n)
      .map((name) => invalidShown(`${field}.${name}`, goQuantity(target?.[name] ?? ''), 'must be positive')),
    ...when(
      isSet(target, 'averageUtilization') && (utilization ?? 0) < 1,
      invalidValue(`${field}.averageUtilization`, utilization, 'must be greater than 0'),
    ),
  ];
}

function checkIdentifier(metric: MetricIdentifier | undefined, field: string): FieldError[] {
  const { name = '' } = metric ?? {};
  if (name === '') return [required(`${field}.name`, 'must specify a metric name')];
  return checkName(pathSegment, name, `${field}.name`);
}
