/** Events of the core group and of `events.k8s.io`: the same under other names. (pkg/apis/events/v1/conversion.go) Pure. */
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';

/** Of the core group, and of `events.k8s.io`. */
const names: readonly (readonly [core: string, events: string])[] = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
  ['reportingComponent', 'reportingController'],
];
const toEvents = new Map(names);
const toCore = new Map(names.map(([core, events]) => [events, core]));

export function eventToCore(event: ApiObject): ApiObject {
  return renamed(event, toCore, 'v1');
}

export function eventFromCore(event: ApiObject): ApiObject {
  return renamed(event, toEvents, 'events.k8s.io/v1');
}

function renamed(event: ApiObject, names: ReadonlyMap<string, string>, apiVersion: string): ApiObject {
  const fields = Object.entries(event).map(([name, value]) => [names.get(name) ?? name, value]);
  return { ...(Object.fromEntries(fields) as ApiObject), apiVersion };
}
