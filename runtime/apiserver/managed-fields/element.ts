/**
 * One step of a path in an object, as the text that FieldsV1 has for it: `f:<name>` a field, `k:{…}` the item of a list with
 * these keys, `v:<value>` an item of a set, `i:<number>` an item by its place. Equal steps have equal texts.
 */
import { compareAsBytes, isObject, type JsonObject, type JsonValue } from '../schemas/protobuf/json-value.ts';

export type Element = string;

export function fieldElement(name: string): Element {
  return `f:${name}`;
}

export function indexElement(index: number): Element {
  return `i:${index}`;
}

export function valueElement(value: JsonValue): Element {
  return `v:${toJson(value)}`;
}

export function keyElement(keys: JsonObject): Element {
  return `k:${toJson(keys)}`;
}

/** The element that a client's text means, in the one form of its own; null when the text is none. */
export function readElement(text: string): Element | null {
  if (text.startsWith('f:')) return text;
  if (/^i:(0|[1-9]\d{0,8})$/.test(text)) return text;
  const kind = text.slice(0, 2);
  if (kind !== 'v:' && kind !== 'k:') return null;
  const value = parse(text.slice(2));
  if (value === undefined) return null;
  if (kind === 'v:') return valueElement(value);
  const isKey = isObject(value) && Object.keys(value).length > 0 && Object.values(value).every(isScalar);
  return isKey ? keyElement(value) : null;
}

/** As Go sorts them: fields, items by key, by value, by place. */
export function compareElements(a: Element, b: Element): number {
  const [left, right] = [kinds.indexOf(a.slice(0, 2)), kinds.indexOf(b.slice(0, 2))];
  if (left !== right) return left - right;
  const [x, y] = [a.slice(2), b.slice(2)];
  if (a.startsWith('f:')) return compareAsBytes(x, y);
  return compareValues(parse(x) ?? null, parse(y) ?? null);
}

/** `.name`, `[name="web"]`, `[="value"]`, `[3]`. */
export function formatElement(element: Element): string {
  const text = element.slice(2);
  if (element.startsWith('f:')) return `.${text}`;
  if (element.startsWith('i:')) return `[${text}]`;
  if (element.startsWith('v:')) return `[=${text}]`;
  const keys = Object.entries(parse(text) as JsonObject);
  return `[${keys.map(([name, value]) => `${name}=${toJson(value ?? null)}`).join(',')}]`;
}

const kinds = ['f:', 'k:', 'v:', 'i:'];

function isScalar(value: unknown): boolean {
  return value === null || typeof value !== 'object';
}

/** Names are sorted, so that one text stands for one key. */
function toJson(value: JsonValue): string {
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return `[${value.map((item) => toJson(item as JsonValue)).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const names = Object.keys(value).sort(compareAsBytes);
  return `{${names.map((name) => `${JSON.stringify(name)}:${toJson(value[name] ?? null)}`).join(',')}}`;
}

function parse(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}

/** Numbers before text before the rest; keys by their names, then by their values. */
function compareValues(a: JsonValue, b: JsonValue): number {
  const [left, right] = [rank(a), rank(b)];
  if (left !== right) return left - right;
  if (typeof a === 'number') return a - (b as number);
  if (typeof a === 'string') return compareAsBytes(a, b as string);
  if (typeof a === 'boolean') return Number(a) - Number(b);
  if (!isObject(a) || !isObject(b)) return compareAsBytes(toJson(a), toJson(b));
  const [names, others] = [Object.keys(a), Object.keys(b)];
  for (let index = 0; index < Math.min(names.length, others.length); index += 1) {
    const [name, other] = [names[index]!, others[index]!];
    const order = compareAsBytes(name, other) || compareValues(a[name] ?? null, b[other] ?? null);
    if (order !== 0) return order;
  }
  return names.length - others.length;
}

function rank(value: JsonValue): number {
  const order = ['number', 'string', 'boolean', 'object'];
  return value === null ? order.length : order.indexOf(typeof value);
}
