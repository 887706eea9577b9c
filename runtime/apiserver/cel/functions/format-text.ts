/** `'%s of %d'.format([…])`. (cel-go, ext/formatting.go) Pure. */
import { type Budget, EvaluationError, spendFor } from '../budget.ts';
import { formatDuration, formatTimestamp } from '../times.ts';
import { isKind, itemsOf, type Value } from '../values.ts';
import { formatDouble } from './operators.ts';

const clause = /%(?:%|(?:\.(\d{1,3}))?([sdfexXob]))/g;
const anyClause = /%(?:%|(?:\.\d{1,3})?[sdfexXob])?/g;
const usualPrecision = 6;

export function formatText(pattern: string, values: readonly Value[], budget: Budget): string {
  spendFor(budget, pattern.length);
  const broken = pattern.match(anyClause)?.find((found) => found === '%');
  if (broken !== undefined)
    throw new EvaluationError('could not parse formatting clause: unrecognized formatting clause');
  let next = 0;
  return pattern.replace(clause, (whole, precision: string | undefined, verb: string | undefined) => {
    if (verb === undefined) return whole.slice(1);
    const value = values[next];
    if (value === undefined) throw new EvaluationError(`index ${next} out of range`);
    next += 1;
    const text = formatOne(verb, precision === undefined ? usualPrecision : Number(precision), value);
    spendFor(budget, text.length);
    return text;
  });
}

function formatOne(verb: string, precision: number, value: Value): string {
  switch (verb) {
    case 's':
      return showText(value);
    case 'd':
      return whole(value, verb).toString();
    case 'f':
      return fraction(value, verb).toFixed(Math.min(precision, 100));
    case 'e':
      return fraction(value, verb)
        .toExponential(Math.min(precision, 100))
        .replace(/e([+-])(\d)$/, 'e$10$2');
    case 'o':
      return whole(value, verb).toString(8);
    case 'b':
      return typeof value === 'boolean' ? (value ? '1' : '0') : whole(value, verb).toString(2);
    default: {
      const hex = hexOf(value, verb);
      return verb === 'X' ? hex.toUpperCase() : hex;
    }
  }
}

function hexOf(value: Value, verb: string): string {
  if (typeof value === 'string') return Buffer.from(value).toString('hex');
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return whole(value, verb).toString(16);
}

function whole(value: Value, verb: string): bigint {
  if (typeof value === 'bigint') return value;
  if (isKind(value, 'uint')) return value.value;
  throw new EvaluationError(`error during formatting: clause %${verb} takes integers`);
}

function fraction(value: Value, verb: string): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint' || isKind(value, 'uint')) return Number(whole(value, verb));
  throw new EvaluationError(`error during formatting: clause %${verb} takes doubles`);
}

/** Deep values are as deep as what they come from: an object, or the expression. */
function showText(value: Value): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return formatDouble(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString();
  if (value === null || typeof value !== 'object') return String(value);
  switch (value.kind) {
    case 'uint':
      return String(value.value);
    case 'timestamp':
      return formatTimestamp(value);
    case 'duration':
      return formatDuration(value);
    case 'list':
      return `[${itemsOf(value).map(showText).join(', ')}]`;
    case 'map': {
      const entries = [...value.keys()].map(
        (key) => `${showText(key)}: ${showText(value.get(key) as Value)}`,
      );
      return `{${entries.sort().join(', ')}}`;
    }
    case 'type':
      return value.name;
    default:
      throw new EvaluationError('error during formatting: no text for this type');
  }
}
