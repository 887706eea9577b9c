/** Functions of text. (cel-spec, and cel-go's ext.Strings in its version 2) Pure. */
import { type Budget, EvaluationError, spend, spendFor } from '../budget.ts';
import type { FunctionTable, Run } from '../signature.ts';
import { itemsOf, type ListValue, list, type Value } from '../values.ts';
import { formatText } from './format-text.ts';

/** Both texts are gone through. */
function ofTwo(apply: (text: string, other: string) => Value): Run {
  return (args, budget) => {
    const [text, other] = args as [string, string];
    spendFor(budget, text.length + other.length);
    return apply(text, other);
  };
}

function ofOne(apply: (text: string) => Value): Run {
  return ([text], budget) => {
    spendFor(budget, (text as string).length);
    return apply(text as string);
  };
}

/** Places are counted in code points; most texts have none beyond the basic plane. */
function pointsOf(text: string, budget: Budget): readonly string[] {
  spendFor(budget, text.length);
  return [...text];
}

function place(value: Value | undefined, most: number): number {
  const index = Number(value);
  if (index < 0 || index > most) throw new EvaluationError(`index out of range: ${value}`);
  return index;
}

function search(isLast: boolean): Run {
  return ([text, wanted, start], budget) => {
    const points = pointsOf(text as string, budget);
    const part = pointsOf(wanted as string, budget);
    spend(budget, Math.ceil((points.length * part.length) / 100));
    if (part.length === 0 && start === undefined) return isLast ? BigInt(points.length) : 0n;
    const last = points.length - part.length;
    const from = start === undefined ? (isLast ? last : 0) : place(start, points.length);
    const isAt = (index: number): boolean => part.every((point, offset) => points[index + offset] === point);
    if (isLast) {
      for (let index = Math.min(from, last); index >= 0; index -= 1) if (isAt(index)) return BigInt(index);
    } else for (let index = from; index <= last; index += 1) if (isAt(index)) return BigInt(index);
    return -1n;
  };
}

const replace: Run = ([text, old, next, count], budget) => {
  const [whole, wanted, instead] = [text, old, next] as [string, string, string];
  spendFor(budget, whole.length);
  const most = count === undefined || (count as bigint) < 0n ? Infinity : Number(count);
  const pieces = wanted === '' ? ['', ...whole, ''] : whole.split(wanted);
  const replaced = Math.min(most, pieces.length - 1);
  spendFor(budget, replaced * instead.length + whole.length);
  const head = pieces.slice(0, replaced + 1).join(instead);
  return (
    head +
    pieces
      .slice(replaced + 1)
      .map((piece) => wanted + piece)
      .join('')
  );
};

const split: Run = ([text, separator, count], budget) => {
  const [whole, between] = [text, separator] as [string, string];
  spendFor(budget, whole.length);
  const most = count === undefined ? -1 : Number(count);
  if (most === 0) return list([]);
  const pieces = between === '' ? [...whole] : whole.split(between);
  if (most < 0 || pieces.length <= most) return list(pieces);
  return list([...pieces.slice(0, most - 1), pieces.slice(most - 1).join(between)]);
};

const joined: Run = ([items, separator], budget) => {
  const texts = itemsOf(items as ListValue);
  if (!texts.every((item) => typeof item === 'string')) throw new EvaluationError('no such overload');
  const between = (separator as string | undefined) ?? '';
  spendFor(
    budget,
    texts.reduce((sum, item) => sum + item.length + between.length, 0),
  );
  return texts.join(between);
};

const substring: Run = ([text, from, to], budget) => {
  const points = pointsOf(text as string, budget);
  const start = place(from, points.length);
  const end = to === undefined ? points.length : place(to, points.length);
  if (start > end) throw new EvaluationError(`invalid substring range. start: ${start}, end: ${end}`);
  return points.slice(start, end).join('');
};

const quoted: ReadonlyMap<string, string> = new Map([
  ['\x07', '\\a'],
  ...(['\b', '\f', '\n', '\r', '\t', '\\', '"'] as const).map(
    (sign) => [sign, JSON.stringify(sign).slice(1, -1)] as const,
  ),
  ['\v', '\\v'],
]);

export const strings: FunctionTable = {
  'string.contains(string): bool': ofTwo((text, part) => text.includes(part)),
  'string.startsWith(string): bool': ofTwo((text, start) => text.startsWith(start)),
  'string.endsWith(string): bool': ofTwo((text, end) => text.endsWith(end)),
  'string.charAt(int): string': ([text, index], budget) => {
    const points = pointsOf(text as string, budget);
    return points[place(index, points.length)] ?? '';
  },
  'string.indexOf(string): int': search(false),
  'string.indexOf(string, int): int': search(false),
  'string.lastIndexOf(string): int': search(true),
  'string.lastIndexOf(string, int): int': search(true),
  'string.lowerAscii(): string': ofOne((text) => text.replace(/[A-Z]+/g, (part) => part.toLowerCase())),
  'string.upperAscii(): string': ofOne((text) => text.replace(/[a-z]+/g, (part) => part.toUpperCase())),
  'string.replace(string, string): string': replace,
  'string.replace(string, string, int): string': replace,
  'string.split(string): list<string>': split,
  'string.split(string, int): list<string>': split,
  'string.substring(int): string': substring,
  'string.substring(int, int): string': substring,
  'string.trim(): string': ofOne((text) => text.trim()),
  'list<string>.join(): string': joined,
  'list<string>.join(string): string': joined,
  'string.format(list<dyn>): string': ([pattern, values], budget) =>
    formatText(pattern as string, itemsOf(values as ListValue), budget),
  '::strings.quote(string): string': ofOne(
    (text) => `"${[...text].map((point) => quoted.get(point) ?? point).join('')}"`,
  ),
};
