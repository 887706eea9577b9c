/** Events, of the core group and of events.k8s.io, which has other names for the same fields. Pure. */
import { isSet, numberAt, objectAt, stringAt } from '../../objects/read-path.ts';
import { ageOf } from '../human-duration.ts';
import { column, name, nameOf, printer, text, wide } from '../printer.ts';

export const events = printer([
  column('Last Seen', lastSeen),
  text('Type', 'type'),
  text('Reason', 'reason'),
  column('Object', (event) => {
    const kind = stringAt(subjectOf(event), 'kind').toLowerCase();
    const subject = stringAt(subjectOf(event), 'name');
    return subject === '' ? kind : `${kind}/${subject}`;
  }),
  wide('Subobject', (event) => stringAt(subjectOf(event), 'fieldPath')),
  wide('Source', formatSource),
  column('Message', (event) => (stringAt(event, 'message') || stringAt(event, 'note')).trim()),
  wide('First Seen', firstSeen),
  wide('Count', (event) => {
    if (isSet(event, 'series')) return numberAt(event, 'series', 'count');
    // One that happened once has no count.
    return numberAt(event, 'count') || numberAt(event, 'deprecatedCount') || 1;
  }),
  wide('Name', nameOf, { ...name.definition, priority: 1 }),
]);

function subjectOf(event: unknown): unknown {
  return objectAt(event, isSet(event, 'regarding') ? 'regarding' : 'involvedObject');
}

function firstSeen(event: unknown, nowMs: number): string {
  const first = stringAt(event, 'firstTimestamp') || stringAt(event, 'deprecatedFirstTimestamp');
  return ageOf(first || stringAt(event, 'eventTime'), nowMs);
}

function lastSeen(event: unknown, nowMs: number): string {
  if (isSet(event, 'series')) return ageOf(stringAt(event, 'series', 'lastObservedTime'), nowMs);
  const last = stringAt(event, 'lastTimestamp') || stringAt(event, 'deprecatedLastTimestamp');
  return last === '' ? firstSeen(event, nowMs) : ageOf(last, nowMs);
}

function formatSource(event: unknown): string {
  const source = objectAt(event, isSet(event, 'deprecatedSource') ? 'deprecatedSource' : 'source');
  const component =
    stringAt(source, 'component') ||
    stringAt(event, 'reportingComponent') ||
    stringAt(event, 'reportingController');
  const instance = stringAt(source, 'host') || stringAt(event, 'reportingInstance');
  return instance === '' ? component : `${component}, ${instance}`;
}
