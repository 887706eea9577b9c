/**
 * Label selectors as they stand in a query: `app=web,tier in (a,b),!canary`.
 * (k8s.io/apimachinery/pkg/labels/selector.go) Pure.
 */

import { labelKey, labelValueOf } from '../objects/name-rules.ts';

export type Labels = Readonly<Record<string, string>>;

export interface Requirement {
  readonly key: string;
  readonly operator: 'in' | 'notIn' | 'exists' | 'doesNotExist' | 'greater' | 'less';
  /** Sorted; none for `exists` and `doesNotExist`, a whole number for `greater` and `less`. */
  readonly values: readonly string[];
}

/** All requirements hold; none: everything is selected. */
export type LabelSelector = readonly Requirement[];

/** A selector that cannot be read. The message says where. */
export class SelectorError extends Error {
  override readonly name = 'SelectorError';
}

export function matchesLabels(selector: LabelSelector, labels: Labels): boolean {
  return selector.every((requirement) => matches(requirement, labels));
}

function matches({ key, operator, values }: Requirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'in':
      return value !== undefined && values.includes(value);
    case 'notIn':
      return value === undefined || !values.includes(value);
    case 'exists':
      return value !== undefined;
    case 'doesNotExist':
      return value === undefined;
    case 'greater':
    case 'less':
      return value !== undefined && compares(value, operator, values[0] as string);
  }
}

function compares(value: string, operator: 'greater' | 'less', bound: string): boolean {
  if (!isWholeNumber(value)) return false;
  return operator === 'greater' ? BigInt(value) > BigInt(bound) : BigInt(value) < BigInt(bound);
}

/** Reads a selector. Throws `SelectorError`. */
export function parseLabelSelector(text: string): LabelSelector {
  const reader = new TokenReader(text);
  const requirements: Requirement[] = [];
  if (reader.peek() === '') return requirements;
  for (;;) {
    requirements.push(readRequirement(reader));
    const next = reader.take();
    if (next === '') return requirements.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
    if (next !== ',') throw new SelectorError(`found '${next}', expected: ',' or 'end of string'`);
    if (reader.peek() === '') throw new SelectorError("found '', expected: identifier after ','");
  }
}

function readRequirement(reader: TokenReader): Requirement {
  const negated = reader.peek() === '!';
  if (negated) reader.take();
  const key = reader.take();
  if (key === '' || symbols.has(key)) {
    throw new SelectorError(`found '${key}', expected: !, identifier, or 'end of string'`);
  }
  checkKey(key);
  if (negated) return { key, operator: 'doesNotExist', values: [] };
  const next = reader.peek();
  if (next === '' || next === ',') return { key, operator: 'exists', values: [] };
  reader.take();
  switch (next) {
    case '=':
    case '==':
      return { key, operator: 'in', values: [readValue(reader, key)] };
    case '!=':
      return { key, operator: 'notIn', values: [readValue(reader, key)] };
    case 'in':
      return { key, operator: 'in', values: readValues(reader, key) };
    case 'notin':
      return { key, operator: 'notIn', values: readValues(reader, key) };
    case '>':
    case '<':
      return { key, operator: next === '>' ? 'greater' : 'less', values: [readNumber(reader, next)] };
    default:
      throw new SelectorError(`found '${next}', expected: in, notin, =, ==, !=, gt, lt`);
  }
}

/** An empty value may stand before a comma or the end. */
function readValue(reader: TokenReader, key: string): string {
  const next = reader.peek();
  if (next === '' || next === ',') return '';
  if (symbols.has(next)) throw new SelectorError(`found '${next}', expected: identifier`);
  return checkValue(reader.take(), key);
}

function readNumber(reader: TokenReader, operator: string): string {
  const value = reader.take();
  if (!isWholeNumber(value)) {
    throw new SelectorError(
      `values[0]: Invalid value: "${value}": for '${operator}' the value must be an integer`,
    );
  }
  return value;
}

function readValues(reader: TokenReader, key: string): readonly string[] {
  if (reader.take() !== '(') throw new SelectorError("found no '(' after 'in' or 'notin'");
  const values = new Set<string>();
  for (;;) {
    const next = reader.peek();
    if (next === ')' || next === ',') values.add('');
    else if (next === '' || symbols.has(next))
      throw new SelectorError(`found '${next}', expected: ',', or identifier`);
    else values.add(checkValue(reader.take(), key));
    const end = reader.take();
    if (end === ')') return [...values].sort();
    if (end !== ',') throw new SelectorError(`found '${end}', expected: ',' or ')'`);
  }
}

function isWholeNumber(text: string): boolean {
  return /^[+-]?\d{1,18}$/.test(text);
}

function checkKey(key: string): void {
  const [why] = labelKey(key);
  if (why !== undefined) throw new SelectorError(`key: Invalid value: ${JSON.stringify(key)}: ${why}`);
}

function checkValue(value: string, key: string): string {
  const [why] = labelValueOf(value);
  if (why === undefined) return value;
  throw new SelectorError(`values[0][${key}]: Invalid value: ${JSON.stringify(value)}: ${why}`);
}

const symbols: ReadonlySet<string> = new Set(['!', '!=', '=', '==', ',', '(', ')', '<', '>']);

/** Symbols and words; spaces separate. The end is ''. */
class TokenReader {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(text: string) {
    this.#tokens = text.match(/!=|==|[!=,()<>]|[^\s!=,()<>]+/g) ?? [];
  }

  peek(): string {
    return this.#tokens[this.#at] ?? '';
  }

  take(): string {
    const token = this.peek();
    this.#at += 1;
    return token;
  }
}
