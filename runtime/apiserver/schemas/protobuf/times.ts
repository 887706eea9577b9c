/** Points in time and durations: RFC 3339 text in JSON, numbers on the wire; as Go's `time` and Kubernetes' `meta/v1` have them. */

export interface Instant {
  /** Since 1970. */
  readonly seconds: number;
  /** From 0 to 999,999,999. */
  readonly nanoseconds: number;
}

/** Go's zero time, the start of the year 1, stands for none. */
export const zeroSeconds = -62_135_596_800;
/** The end of the year 9999. */
const lastSeconds = 253_402_300_799;

const pattern = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d{1,18}))?(?:Z|([+-])(\d\d):(\d\d))$/;

/** Null when the text is no time. */
export function parseTime(text: string): Instant | null {
  const match = pattern.exec(text);
  if (match === null) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  const isDay = month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month);
  if (!isDay || hour > 23 || minute > 59 || second > 59) return null;
  const [offsetHours, offsetMinutes] = [Number(match[9] ?? 0), Number(match[10] ?? 0)];
  if (offsetHours > 24 || offsetMinutes > 60) return null;
  // Date.UTC takes years below 100 for those of the twentieth century.
  const milliseconds = new Date(0).setUTCFullYear(year, month - 1, day);
  const offset = (match[8] === '-' ? -1 : 1) * (offsetHours * 3600 + offsetMinutes * 60);
  const seconds = milliseconds / 1000 + hour * 3600 + minute * 60 + second - offset;
  return { seconds, nanoseconds: Number((match[7] ?? '').padEnd(9, '0').slice(0, 9)) };
}

function daysIn(year: number, month: number): number {
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return month === 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/** Null when it is not between the years 1 and 9999. @param fractionDigits 0, or 6 for a `MicroTime`. */
export function formatTime({ seconds, nanoseconds }: Instant, fractionDigits: 0 | 6): string | null {
  if (seconds < zeroSeconds || seconds > lastSeconds) return null;
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
  if (fractionDigits === 0) return `${whole}Z`;
  return `${whole}.${String(Math.floor(nanoseconds / 1000)).padStart(6, '0')}Z`;
}

const unitNanoseconds: readonly (readonly [string, bigint])[] = [
  ['h', 3_600_000_000_000n],
  ['m', 60_000_000_000n],
  ['s', 1_000_000_000n],
  ['ms', 1_000_000n],
  ['us', 1000n],
  ['µs', 1000n],
  ['μs', 1000n],
  ['ns', 1n],
];
const largest = 2n ** 63n - 1n;

/** What Go's `time.ParseDuration` takes, in nanoseconds; null when it does not. */
export function parseDuration(text: string): bigint | null {
  const match = /^([+-]?)((?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.exec(text);
  if (text.replace(/^[+-]/, '') === '0') return 0n;
  if (match === null || text.length > 200) return null;
  let sum = 0n;
  for (const [, whole = '', fraction = '', unit] of text.matchAll(/(\d*)\.?(\d*)(ns|us|µs|μs|ms|s|m|h)/g)) {
    const nanoseconds = unitNanoseconds.find(([name]) => name === unit)![1];
    sum += BigInt(whole || 0) * nanoseconds;
    sum += (BigInt(fraction || 0) * nanoseconds) / 10n ** BigInt(fraction.length);
  }
  if (sum > largest) return null;
  return match[1] === '-' ? -sum : sum;
}

/** As Go's `Duration.String`: `1h2m3.5s`, `1.5ms`, `0s`. */
export function formatDuration(nanoseconds: bigint): string {
  const absolute = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  const sign = nanoseconds < 0n ? '-' : '';
  if (absolute === 0n) return '0s';
  if (absolute < 1000n) return `${sign}${absolute}ns`;
  if (absolute < 1_000_000n) return `${sign}${decimal(absolute, 1000n, 3)}µs`;
  if (absolute < 1_000_000_000n) return `${sign}${decimal(absolute, 1_000_000n, 6)}ms`;
  const minutes = absolute / 60_000_000_000n;
  const seconds = `${decimal(absolute % 60_000_000_000n, 1_000_000_000n, 9)}s`;
  if (minutes === 0n) return `${sign}${seconds}`;
  const hours = minutes / 60n;
  return hours === 0n ? `${sign}${minutes}m${seconds}` : `${sign}${hours}h${minutes % 60n}m${seconds}`;
}

function decimal(value: bigint, unit: bigint, digits: number): string {
  const fraction = String(value % unit)
    .padStart(digits, '0')
    .replace(/0+$/, '');
  return fraction === '' ? `${value / unit}` : `${value / unit}.${fraction}`;
}
