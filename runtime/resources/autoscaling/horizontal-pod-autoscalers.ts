/** Horizontal pod autoscalers; v1 is checked as the v2 that it means. (pkg/apis/autoscaling, pkg/registry/autoscaling) Pure. */
import { dnsSubdomain, pathSegment } from '../../apiserver/objects/name-rules.ts';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import type {
  CrossVersionObjectReference,
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerSpec,
} from '../../apiserver/schemas/generated/types/api-autoscaling-v2.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { nonNegative } from '../checks/fields.ts';
import { invalidValue } from '../field-errors.ts';
import { kindStrategy } from '../kind.ts';
import { checkFilledName, when } from '../meta/field-checks.ts';
import { withChanged, withDefaults } from '../meta/fill-in.ts';
import { checkBehavior, fillInBehavior } from './behavior.ts';
import { checkMetrics } from './check-metrics.ts';
import { autoscalerToV2 } from './convert.ts';

const v1 = 'autoscaling/v1';
const usualUtilization = 80;

export const horizontalPodAutoscalers = kindStrategy<ApiObject>({
  ...{ name: dnsSubdomain, countsGenerations: false, hasStatus: true },
  fillIn: (object) =>
    withChanged(object as HorizontalPodAutoscaler, {
      spec: object.apiVersion === v1 ? fillInReplicas : fillInSpec,
    }) as ApiObject,
  check: (object) => {
    const { spec } = asV2(object);
    return spec ? checkSpec(spec) : [];
  },
  checkStatusUpdate: (object) =>
    nonNegative(asV2(object).status, 'status', 'currentReplicas', 'desiredReplicas'),
});

function asV2(object: ApiObject): HorizontalPodAutoscaler {
  return (object.apiVersion === v1 ? autoscalerToV2(object) : object) as HorizontalPodAutoscaler;
}

function fillInReplicas(spec: HorizontalPodAutoscalerSpec): HorizontalPodAutoscalerSpec {
  return withDefaults(spec, { minReplicas: 1 });
}

function fillInSpec(spec: HorizontalPodAutoscalerSpec): HorizontalPodAutoscalerSpec {
  const target = { type: 'Utilization', averageUtilization: usualUtilization };
  const cpu = { type: 'Resource', resource: { name: 'cpu', target } };
  const hasMetrics = (spec.metrics ?? []).length > 0;
  const filled = { ...fillInReplicas(spec), ...(hasMetrics ? {} : { metrics: [cpu] }) };
  return withChanged(filled, { behavior: fillInBehavior });
}

function checkSpec(spec: HorizontalPodAutoscalerSpec): FieldError[] {
  const { minReplicas: least, maxReplicas: most = 0 } = spec;
  const hasLeast = least !== undefined && least !== null;
  const field = 'spec.maxReplicas';
  return [
    ...when(
      hasLeast && least < 1,
      invalidValue('spec.minReplicas', least, 'must be greater than or equal to 1'),
    ),
    ...when(most < 1, invalidValue(field, most, 'must be greater than 0')),
    ...when(
      hasLeast && most < least,
      invalidValue(field, most, 'must be greater than or equal to `minReplicas`'),
    ),
    ...checkReference(spec.scaleTargetRef ?? {}, 'spec.scaleTargetRef'),
    ...checkMetrics(spec.metrics ?? [], least, 'spec.metrics'),
    ...(spec.behavior ? checkBehavior(spec.behavior, 'spec.behavior') : []),
  ];
}

function checkReference({ kind, name }: Partial<CrossVersionObjectReference>, field: string): FieldError[] {
  return [
    ...checkFilledName(pathSegment, kind, `${field}.kind`),
    ...checkFilledName(pathSegment, name, `${field}.name`),
  ];
}
