/** Indexes of a job's pods in one line: `1,3-5,7`. (pkg/apis/batch/validation/validation.go) Pure. */

interface Interval {
  readonly first: number;
  readonly last: number;
}

/** How many there are, or what is wrong. @param completions one more than the largest index */
export function countIndexes(text: string, completions: number): number | string {
  if (text === '') return 0;
  let total = 0;
  let last = -1;
  for (const part of text.split(',')) {
    const interval = readInterval(part, completions);
    if (typeof interval === 'string') return interval;
    if (total > 0 && last >= interval.first) {
      return `non-increasing order, previous: ${last}, current: ${interval.first}`;
    }
    total += interval.last - interval.first + 1;
    last = interval.last;
  }
  return total;
}

/** The first index that stands in both; null: none. Parts that cannot be read are not looked at. */
export function commonIndex(a: string, b: string, completions: number): number | null {
  const [left, right] = [readable(a, completions), readable(b, completions)];
  let [i, j] = [0, 0];
  while (i < left.length && j < right.length) {
    const [one, other] = [left[i]!, right[j]!];
    if (one.first <= other.last && other.first <= one.last) return Math.max(one.first, other.first);
    if (one.first <= other.first) i += 1;
    else j += 1;
  }
  return null;
}

function readable(text: string, completions: number): readonly Interval[] {
  if (text === '') return [];
  return text
    .split(',')
    .map((part) => readInterval(part, completions))
    .filter((interval) => typeof interval !== 'string');
}

function readInterval(text: string, completions: number): Interval | string {
  const limits = text.split('-');
  if (limits.length > 2) {
    return `the fragment ${JSON.stringify(text)} violates the requirement that an index interval can have at most two parts separated by '-'`;
  }
  const [first, last] = limits.map((limit) => readIndex(limit, completions));
  if (typeof first === 'string') return first;
  if (last === undefined) return { first: first!, last: first! };
  if (typeof last === 'string') return last;
  return first! >= last
    ? `non-increasing order, previous: ${first}, current: ${last}`
    : { first: first!, last };
}

function readIndex(text: string, completions: number): number | string {
  if (!/^[-+]?\d{1,18}$/.test(text))
    return `cannot convert string to integer for index: ${JSON.stringify(text)}`;
  return Number(text) >= completions ? `too large index: ${JSON.stringify(text)}` : Number(text);
}
