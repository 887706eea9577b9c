/** What the kubelet does with a container: asks whether it lives, and tells it that it starts or stops. Pure. */
import type {
  Lifecycle,
  LifecycleHandler,
  Probe,
  ProbeHandler,
} from '../../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { FieldError } from '../../../apiserver/status.ts';
import { forbiddenField, invalidValue, required } from '../../field-errors.ts';
import {
  checkFilled,
  checkName,
  checkNotNegative,
  checkOneOf,
  checkPort,
  when,
} from '../../meta/field-checks.ts';
import { headerName } from '../../meta/names.ts';
import { checkPortOrName } from '../../meta/port-or-name.ts';

/** Of the pod, in seconds. */
export type GracePeriod = number | bigint | undefined;

/** A container that is not up once is not alive; only being ready may take more than one answer. */
export function checkLivingProbe(
  probe: Probe | undefined,
  grace: GracePeriod,
  field: string,
): readonly FieldError[] {
  if (probe === undefined) return [];
  const { successThreshold = 0 } = probe;
  return [
    ...checkProbe(probe, grace, field),
    ...when(successThreshold !== 1, invalidValue(`${field}.successThreshold`, successThreshold, 'must be 1')),
  ];
}

export function checkReadinessProbe(
  probe: Probe | undefined,
  grace: GracePeriod,
  field: string,
): readonly FieldError[] {
  if (probe === undefined) return [];
  const { terminationGracePeriodSeconds: seconds } = probe;
  const why = 'must not be set for readinessProbes';
  return [
    ...checkProbe(probe, grace, field),
    ...when(seconds !== undefined, invalidValue(`${field}.terminationGracePeriodSeconds`, seconds, why)),
  ];
}

export function checkLifecycle(
  lifecycle: Lifecycle | undefined,
  grace: GracePeriod,
  field: string,
): readonly FieldError[] {
  const { postStart, preStop } = lifecycle ?? {};
  return [
    ...(postStart === undefined ? [] : checkHandler(postStart, grace, `${field}.postStart`)),
    ...(preStop === undefined ? [] : checkHandler(preStop, grace, `${field}.preStop`)),
  ];
}

const counts = [
  ...(['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds'] as const),
  ...(['successThreshold', 'failureThreshold'] as const),
];

function checkProbe(probe: Probe, grace: GracePeriod, field: string): readonly FieldError[] {
  const { terminationGracePeriodSeconds: seconds } = probe;
  return [
    ...checkHandler(probe, grace, field),
    ...counts.flatMap((name) => checkNotNegative(probe[name], `${field}.${name}`)),
    ...when(
      seconds !== undefined && seconds <= 0,
      invalidValue(`${field}.terminationGracePeriodSeconds`, seconds, 'must be greater than 0'),
    ),
  ];
}

type Handler = ProbeHandler & LifecycleHandler;
const handlers = ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const;

function checkHandler(handler: Handler, grace: GracePeriod, field: string): readonly FieldError[] {
  const [first, ...others] = handlers.filter((name) => handler[name] !== undefined);
  if (first === undefined) return [required(field, 'must specify a handler type')];
  const why = 'may not specify more than 1 handler type';
  return [
    ...checkAction(handler, first, grace, `${field}.${first}`),
    ...others.map((name) => forbiddenField(`${field}.${name}`, why)),
  ];
}

function checkAction(
  handler: Handler,
  name: (typeof handlers)[number],
  grace: GracePeriod,
  field: string,
): readonly FieldError[] {
  switch (name) {
    case 'exec':
      return when((handler.exec?.command ?? []).length === 0, required(`${field}.command`));
    case 'httpGet': {
      const { path, port, scheme, httpHeaders = [] } = handler.httpGet!;
      return [
        ...checkFilled(path, `${field}.path`),
        ...checkPortOrName(port, `${field}.port`),
        ...checkOneOf(scheme, `${field}.scheme`, ['HTTP', 'HTTPS']),
        ...httpHeaders.flatMap((header) => checkName(headerName, header.name, `${field}.httpHeaders`)),
      ];
    }
    case 'tcpSocket':
      return checkPortOrName(handler.tcpSocket!.port, `${field}.port`);
    case 'grpc':
      return checkPort(handler.grpc!.port, `${field}.port`);
    case 'sleep': {
      const { seconds } = handler.sleep!;
      const isWrong = grace !== undefined && (seconds <= 0 || seconds > grace);
      const why = `must be greater than 0 and less than terminationGracePeriodSeconds (${grace}). Enable AllowPodLifecycleSleepActionZeroValue feature gate for zero sleep.`;
      return when(isWrong, invalidValue(field, seconds, why));
    }
  }
}
