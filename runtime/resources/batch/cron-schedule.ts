/** Schedules of cron jobs, and what is wrong with them, as the parser of the real server says it. (github.com/robfig/cron v3) Pure. */

interface Bounds {
  readonly lowest: number;
  readonly highest: number;
  readonly names: readonly string[];
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
/** Minute, hour, day of the month, month, day of the week. */
const fieldBounds: readonly Bounds[] = [
  { lowest: 0, highest: 59, names: [] },
  { lowest: 0, highest: 23, names: [] },
  { lowest: 1, highest: 31, names: [] },
  { lowest: 1, highest: 12, names: months },
  { lowest: 0, highest: 6, names: days },
];
const descriptors = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'];

/** @returns what is wrong; null for a schedule that can be read. */
export function checkSchedule(text: string): string | null {
  const spec = /^(?:CRON_)?TZ=/.test(text) ? text.slice(text.indexOf(' ') + 1).trim() : text;
  if (spec === '') return 'empty spec string';
  if (spec.startsWith('@')) return checkDescriptor(spec);
  const fields = spec.split(/\s+/).filter((field) => field !== '');
  if (fields.length !== fieldBounds.length) {
    return `expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`;
  }
  for (const [index, field] of fields.entries()) {
    const why = checkField(field, fieldBounds[index]!);
    if (why !== null) return why;
  }
  return null;
}

function checkDescriptor(descriptor: string): string | null {
  if (descriptors.includes(descriptor)) return null;
  const every = /^@every (.*)$/s.exec(descriptor)?.[1];
  if (every === undefined) return `unrecognized descriptor: ${descriptor}`;
  if (/^[-+]?(\d+(\.\d*)?(ns|us|µs|ms|s|m|h))+$/.test(every) || every === '0') return null;
  return `failed to parse duration ${descriptor}: time: invalid duration ${JSON.stringify(every)}`;
}

function checkField(field: string, bounds: Bounds): string | null {
  for (const range of field.split(',').filter((part) => part !== '')) {
    const why = checkRange(range, bounds);
    if (why !== null) return why;
  }
  return null;
}

/** `*`, `3`, `1-5`, `1-31/2`. */
function checkRange(range: string, bounds: Bounds): string | null {
  const [limits = '', ...steps] = range.split('/');
  const [from = '', ...to] = limits.split('-');
  const isAny = from === '*' || from === '?';
  const start = isAny ? bounds.lowest : numberOf(from, bounds);
  if (typeof start === 'string') return start;
  if (!isAny && to.length > 1) return `too many hyphens: ${range}`;
  const given = isAny ? bounds.highest : to.length === 0 ? start : numberOf(to[0]!, bounds);
  if (typeof given === 'string') return given;
  if (steps.length > 1) return `too many slashes: ${range}`;
  const step = steps.length === 0 ? 1 : wholeNumber(steps[0]!);
  if (typeof step === 'string') return step;
  // A step makes a range of a single number: from there on.
  const end = steps.length > 0 && !isAny && to.length === 0 ? bounds.highest : given;
  return checkLimits(start, end, step, range, bounds);
}

function checkLimits(
  start: number,
  end: number,
  step: number,
  range: string,
  { lowest, highest }: Bounds,
): string | null {
  if (start < lowest) return `beginning of range (${start}) below minimum (${lowest}): ${range}`;
  if (end > highest) return `end of range (${end}) above maximum (${highest}): ${range}`;
  if (start > end) return `beginning of range (${start}) beyond end of range (${end}): ${range}`;
  return step === 0 ? `step of range should be a positive number: ${range}` : null;
}

/** A number, or a name of one; what is wrong where it is neither. */
function numberOf(text: string, { names, lowest }: Bounds): number | string {
  const index = names.indexOf(text.toLowerCase());
  return index >= 0 ? index + lowest : wholeNumber(text);
}

function wholeNumber(text: string): number | string {
  if (!/^[-+]?\d+$/.test(text)) {
    return `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`;
  }
  const number = Number(text);
  if (number > 2 ** 53) {
    return `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: value out of range`;
  }
  return number < 0 ? `negative number (${number}) not allowed: ${text}` : number;
}
