/** What a timestamp says in a time zone, and a duration in its units. (cel-spec, doc/langdef.md) Pure. */
import { EvaluationError } from '../budget.ts';
import type { FunctionTable } from '../signature.ts';
import { type Calendar, calendarOf, nanosecondsPerSecond } from '../times.ts';
import type { DurationValue, TimestampValue, Value } from '../values.ts';

const parts: Readonly<Record<string, (calendar: Calendar) => number>> = {
  getFullYear: ({ year }) => year,
  getMonth: ({ month }) => month - 1,
  getDate: ({ day }) => day,
  getDayOfMonth: ({ day }) => day - 1,
  getDayOfWeek: ({ dayOfWeek }) => dayOfWeek,
  getDayOfYear: ({ dayOfYear }) => dayOfYear,
  getHours: ({ hours }) => hours,
  getMinutes: ({ minutes }) => minutes,
  getSeconds: ({ seconds }) => seconds,
  getMilliseconds: ({ milliseconds }) => milliseconds,
};

const spans: Readonly<Record<string, bigint>> = {
  getHours: 3600n * nanosecondsPerSecond,
  getMinutes: 60n * nanosecondsPerSecond,
  getSeconds: nanosecondsPerSecond,
  getMilliseconds: 1_000_000n,
};

export const times: FunctionTable = Object.fromEntries([
  ...Object.entries(parts).flatMap(([name, read]) => [
    [
      `timestamp.${name}(): int`,
      ([at]: readonly Value[]) => BigInt(read(calendarOf((at as TimestampValue).nanoseconds))),
    ],
    [
      `timestamp.${name}(string): int`,
      (args: readonly Value[]) => {
        const [{ nanoseconds }, zone] = args as [TimestampValue, string];
        return BigInt(read(calendarOf(nanoseconds + offsetOf(nanoseconds, zone))));
      },
    ],
  ]),
  ...Object.entries(spans).map(([name, unit]) => [
    `duration.${name}(): int`,
    ([span]: readonly Value[]) => (span as DurationValue).nanoseconds / unit,
  ]),
]);

/** Of `UTC`, `+02:00` or `Europe/Berlin`, in nanoseconds. */
function offsetOf(nanoseconds: bigint, zone: string): bigint {
  const fixed = /^([+-]?)(\d\d):(\d\d)$/.exec(zone);
  if (fixed !== null) {
    const minutes = BigInt(Number(fixed[2]) * 60 + Number(fixed[3]));
    return (fixed[1] === '-' ? -minutes : minutes) * 60n * nanosecondsPerSecond;
  }
  try {
    const format = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' });
    const milliseconds = Number(nanoseconds / 1_000_000n);
    const name = format.formatToParts(milliseconds).find(({ type }) => type === 'timeZoneName')?.value ?? '';
    const offset = /([+-]\d\d:\d\d)/.exec(name)?.[1];
    return offset === undefined ? 0n : offsetOf(nanoseconds, offset);
  } catch {
    throw new EvaluationError(`unknown time zone ${zone}`);
  }
}
