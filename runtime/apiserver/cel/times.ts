/** Timestamps and durations: as text, and what a calendar says of them. Go's and RFC 3339's words, without a clock. Pure. */
import type { DurationValue, TimestampValue } from './values.ts';

export const nanosecondsPerSecond = 1_000_000_000n;
const secondsPerDay = 86_400n;

const timestampText =
  /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;

/** Null: it is none. */
export function parseTimestamp(text: string): TimestampValue | null {
  const match = timestampText.exec(text);
  if (match === null) return null;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    ...[number, number, number, number, number, number],
  ];
  const isDate = month >= 1 && month <= 12 && day >= 1 && day <= daysOf(year, month);
  if (!isDate || hour > 23 || minute > 59 || second > 59) return null;
  const offset = Number(match[9] ?? 0) * 60 + Number(match[10] ?? 0);
  const minutes = BigInt(hour * 60 + minute - (match[8] === '-' ? -offset : offset));
  const seconds = daysBefore(year, month, day) * secondsPerDay + minutes * 60n + BigInt(second);
  const fraction = BigInt((match[7] ?? '').padEnd(9, '0'));
  return { kind: 'timestamp', nanoseconds: seconds * nanosecondsPerSecond + fraction };
}

function daysOf(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/** Since 1970, in the proleptic calendar. */
function daysBefore(year: number, month: number, day: number): bigint {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return BigInt(era * 146_097 + dayOfEra - 719_468);
}

export interface Calendar {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  readonly day: number;
  /** From 0. */
  readonly dayOfYear: number;
  /** Sunday is 0. */
  readonly dayOfWeek: number;
  readonly hours: number;
  readonly minutes: number;
  readonly seconds: number;
  readonly milliseconds: number;
}

export function calendarOf(nanoseconds: bigint): Calendar {
  const seconds = floorDivide(nanoseconds, nanosecondsPerSecond);
  const days = floorDivide(seconds, secondsPerDay);
  const ofDay = Number(seconds - days * secondsPerDay);
  const date = dateOf(Number(days));
  const first = daysBefore(date.year, 1, 1);
  return {
    ...date,
    dayOfYear: Number(days - first),
    dayOfWeek: Number((((days + 4n) % 7n) + 7n) % 7n),
    hours: Math.floor(ofDay / 3600),
    minutes: Math.floor(ofDay / 60) % 60,
    seconds: ofDay % 60,
    milliseconds: Number((nanoseconds - seconds * nanosecondsPerSecond) / 1_000_000n),
  };
}

function dateOf(days: number): { readonly year: number; readonly month: number; readonly day: number } {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const ofEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365,
  );
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * ofYear + 2) / 153);
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  const day = ofYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}

function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b < 0n ? quotient - 1n : quotient;
}

export function formatTimestamp({ nanoseconds }: TimestampValue): string {
  const at = calendarOf(nanoseconds);
  const two = (value: number): string => String(value).padStart(2, '0');
  const date = `${String(at.year).padStart(4, '0')}-${two(at.month)}-${two(at.day)}`;
  const rest = nanoseconds - floorDivide(nanoseconds, nanosecondsPerSecond) * nanosecondsPerSecond;
  const fraction = rest === 0n ? '' : `.${String(rest).padStart(9, '0').replace(/0+$/, '')}`;
  return `${date}T${two(at.hours)}:${two(at.minutes)}:${two(at.seconds)}${fraction}Z`;
}

const units: Readonly<Record<string, bigint>> = {
  ...{ ns: 1n, us: 1000n, µs: 1000n, μs: 1000n, ms: 1_000_000n },
  ...{ s: nanosecondsPerSecond, m: 60n * nanosecondsPerSecond, h: 3600n * nanosecondsPerSecond },
};
const durationPart = /(?:(\d{1,19})(?:\.(\d{0,40}))?|\.(\d{1,40}))(ns|us|µs|μs|ms|s|m|h)/y;
const longestDuration = 2n ** 63n - 1n;

/** Go's `time.ParseDuration`; null: it is none. */
export function parseDuration(text: string): DurationValue | null {
  const isNegative = text.startsWith('-');
  const body = /^[+-]/.test(text) ? text.slice(1) : text;
  if (body === '0') return { kind: 'duration', nanoseconds: 0n };
  let total = 0n;
  let at = 0;
  while (at < body.length) {
    durationPart.lastIndex = at;
    const match = durationPart.exec(body);
    if (match === null) return null;
    const unit = units[match[4] as string] as bigint;
    const fraction = (match[2] ?? match[3] ?? '').padEnd(12, '0').slice(0, 12);
    total += BigInt(match[1] ?? 0) * unit + (BigInt(fraction) * unit) / 10n ** 12n;
    at += match[0].length;
  }
  if (at === 0 || total > longestDuration) return null;
  return { kind: 'duration', nanoseconds: isNegative ? -total : total };
}

/** As CEL has it: seconds. */
export function formatDuration({ nanoseconds }: DurationValue): string {
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  const fraction = String(size % nanosecondsPerSecond)
    .padStart(9, '0')
    .replace(/0+$/, '');
  const whole = `${size / nanosecondsPerSecond}`;
  return `${nanoseconds < 0n ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}s`;
}
