/** Events of `events.k8s.io`, which say more than those of the core group, and do not change. (pkg/apis/core/validation/events.go) Pure. */
import { dnsSubdomain } from '../../apiserver/objects/name-rules.ts';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import type { Event } from '../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { immutable, isSame } from '../checks/fields.ts';
import { checkEvent } from '../core/events.ts';
import { invalidValue, required } from '../field-errors.ts';
import { kindStrategy } from '../kind.ts';
import { when } from '../meta/field-checks.ts';
import { eventToCore } from './convert.ts';

const fixed = [
  ...(['involvedObject', 'reason', 'message', 'source', 'firstTimestamp', 'lastTimestamp', 'count'] as const),
  ...(['type', 'eventTime', 'action', 'related'] as const),
];

/** The words name the fields of the core group: that is what the real server checks, whatever was sent. */
export const events = kindStrategy<ApiObject>({
  ...{ name: dnsSubdomain, countsGenerations: false, hasStatus: false, createsOnUpdate: true },
  check: (event) => checkEvent(asCore(event) as unknown as ApiObject, 'reportingController'),
  checkCreate: (event) => checkNew(asCore(event)),
  checkUpdate: (next, old) => checkChange(asCore(next), asCore(old)),
});

function asCore(event: ApiObject): Event {
  return (event.apiVersion === 'v1' ? event : eventToCore(event)) as unknown as Event;
}

function checkNew(event: Event): FieldError[] {
  const { eventTime, type = '', firstTimestamp, lastTimestamp, count = 0, source } = event;
  const unset = (isWrong: boolean, field: string): readonly FieldError[] =>
    when(isWrong, invalidValue(field, '', 'needs to be unset'));
  return [
    ...checkSeries(event),
    ...when(!eventTime, required('eventTime')),
    ...when(type !== 'Normal' && type !== 'Warning', invalidValue('type', '', `has invalid value: ${type}`)),
    ...unset(Boolean(firstTimestamp), 'firstTimestamp'),
    ...unset(Boolean(lastTimestamp), 'lastTimestamp'),
    ...unset((count ?? 0) !== 0, 'count'),
    ...unset(Boolean(source?.component || source?.host), 'source'),
  ];
}

function checkSeries({ series }: Event): FieldError[] {
  if (!series) return [];
  return [
    ...when((series.count ?? 0) < 2, invalidValue('series.count', '', 'should be at least 2')),
    ...when(!series.lastObservedTime, required('series.lastObservedTime')),
  ];
}

function checkChange(next: Event, old: Event): FieldError[] {
  return [
    ...(isSame(next.series, old.series) ? [] : checkSeries(next)),
    ...fixed.flatMap((name) => immutable(next[name], old[name], name)),
    ...immutable(next.reportingComponent, old.reportingComponent, 'reportingController'),
    ...immutable(next.reportingInstance, old.reportingInstance, 'reportingInstance'),
  ];
}
