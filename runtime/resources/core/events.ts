/**
 * Events of `v1`. Those with a time of their own came with `events.k8s.io`, and have to say more.
 * (pkg/apis/core/validation/events.go) Pure.
 */
import type { Strategy } from '../../apiserver/handlers/served-kind.ts';
import { dnsSubdomain, labelKey, pathSegment } from '../../apiserver/objects/name-rules.ts';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import type { Event } from '../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { invalidValue } from '../field-errors.ts';
import { checkFilled, checkName, when } from '../meta/field-checks.ts';

export const events: Strategy = {
  name: pathSegment,
  countsGenerations: false,
  hasStatus: false,
  createsOnUpdate: true,
  check: (object) => checkEvent(object, 'reportingComponent'),
};

/** What every event has to be like, of whatever version. @param controllerField as the version names it */
export function checkEvent(
  object: ApiObject,
  controllerField: 'reportingComponent' | 'reportingController',
): readonly FieldError[] {
  const event = object as unknown as Event;
  const namespace = event.metadata?.namespace ?? '';
  return [
    ...(isTimed(event) ? checkTimed(event, namespace, controllerField) : checkUntimed(event, namespace)),
    ...checkName(dnsSubdomain, namespace, 'namespace'),
  ];
}

function isTimed({ eventTime }: Event): boolean {
  return eventTime !== undefined && eventTime !== null;
}

function checkUntimed({ involvedObject }: Event, namespace: string): readonly FieldError[] {
  const about = involvedObject?.namespace ?? '';
  const fits = about === namespace || (about === '' && namespace === 'default');
  return when(!fits, invalidValue('involvedObject.namespace', about, 'does not match event.namespace'));
}

function checkTimed(event: Event, namespace: string, controllerField: string): readonly FieldError[] {
  const { involvedObject, reportingComponent = '', reportingInstance, action, reason, message } = event;
  const about = involvedObject?.namespace ?? '';
  return [
    // What is of no namespace is told of in that of the cluster's own programs.
    ...when(
      about === '' && namespace !== 'default' && namespace !== 'kube-system',
      invalidValue('involvedObject.namespace', about, 'does not match event.namespace'),
    ),
    ...checkFilled(reportingComponent, controllerField),
    ...checkName(labelKey, reportingComponent, controllerField),
    ...checkFilled(reportingInstance, 'reportingInstance'),
    ...checkLength(reportingInstance, 'reportingInstance', 128),
    ...checkFilled(action, 'action'),
    ...checkLength(action, 'action', 128),
    ...checkFilled(reason, 'reason'),
    ...checkLength(reason, 'reason', 128),
    ...checkLength(message, 'message', 1024),
  ];
}

function checkLength(text: string | undefined, field: string, most: number): readonly FieldError[] {
  const isLonger = Buffer.byteLength(text ?? '') > most;
  return when(isLonger, invalidValue(field, '', `can have at most ${most} characters`));
}
