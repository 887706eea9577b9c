/** Times as people read them in tables: `5m30s`, `3d4h`. (k8s.io/apimachinery/pkg/util/duration) Pure. */

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;
const year = 365 * day;

/** From this many seconds on, with this unit and, where one is named, the rest in a smaller one. */
const steps: readonly (readonly [
  from: number,
  unit: readonly [number, string],
  rest: readonly [number, string] | null,
])[] = [
  [8 * year, [year, 'y'], null],
  [2 * year, [year, 'y'], [day, 'd']],
  [8 * day, [day, 'd'], null],
  [2 * day, [day, 'd'], [hour, 'h']],
  [8 * hour, [hour, 'h'], null],
  [3 * hour, [hour, 'h'], [minute, 'm']],
  [10 * minute, [minute, 'm'], null],
  [2 * minute, [minute, 'm'], [1, 's']],
];

/** @param milliseconds a little below zero is taken for a clock that goes slightly wrong. */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.trunc(milliseconds / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  const step = steps.find(([from]) => seconds >= from);
  if (step === undefined) return `${seconds}s`;
  const [, [unit, name], rest] = step;
  const whole = `${Math.floor(seconds / unit)}${name}`;
  const more = rest === null ? 0 : Math.floor((seconds % unit) / rest[0]);
  return more === 0 ? whole : `${whole}${more}${rest?.[1]}`;
}

/** How long ago a timestamp of an object is; `<unknown>` where there is none. @param nowMs since 1970. */
export function ageOf(timestamp: string, nowMs: number): string {
  const at = parseTimestamp(timestamp);
  return at === null ? '<unknown>' : humanDuration(nowMs - at);
}

/** RFC 3339 in UTC, as objects have it, in milliseconds since 1970. Null: it is not a time. */
export function parseTimestamp(text: string): number | null {
  const match = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d+)?Z$/.exec(text);
  if (match === null) return null;
  const [years, months, days, hours, minutes, seconds] = match.slice(1, 7).map(Number) as [
    ...[number, number, number, number, number, number],
  ];
  return Date.UTC(years, months - 1, days, hours, minutes, seconds) + Number(match[7] ?? 0) * 1000;
}
