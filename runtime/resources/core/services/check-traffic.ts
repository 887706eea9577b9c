/** To which endpoints a service sends what it gets. (pkg/apis/core/validation) Pure. */
import type { ServiceSpec } from '../../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { FieldError } from '../../../apiserver/status.ts';
import { invalidValue, required } from '../../field-errors.ts';
import { checkFilledOneOf, checkOneOf, checkPort, when } from '../../meta/field-checks.ts';
import { needsHealthCheck } from './kept-values.ts';
import { isReachedFromOutside } from './service-defaults.ts';

const policies = ['Cluster', 'Local'];

export function checkTraffic(spec: ServiceSpec): readonly FieldError[] {
  const { externalTrafficPolicy: external = '', internalTrafficPolicy: internal, type = '' } = spec;
  const isInCluster = ['ClusterIP', 'NodePort', 'LoadBalancer'].includes(type);
  return [
    ...(isReachedFromOutside(spec)
      ? checkFilledOneOf(external, 'spec.externalTrafficPolicy', policies)
      : when(
          external !== '',
          invalidValue(
            'spec.externalTrafficPolicy',
            external,
            'may only be set for externally-accessible services',
          ),
        )),
    ...checkHealthPort(spec),
    ...when(internal === undefined && isInCluster, required('spec.internalTrafficPolicy')),
    ...(internal === undefined ? [] : checkOneOf(internal, 'spec.internalTrafficPolicy', policies)),
  ];
}

function checkHealthPort(spec: ServiceSpec): readonly FieldError[] {
  const field = 'spec.healthCheckNodePort';
  const { healthCheckNodePort: port = 0 } = spec;
  if (needsHealthCheck(spec)) return port === 0 ? [required(field)] : checkPort(port, field);
  const why = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
  return when(port !== 0, invalidValue(field, port, why));
}
