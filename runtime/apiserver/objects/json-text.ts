/**
 * JSON as Go reads and writes it where JavaScript would lose something: whole numbers beyond 2^53 are bigints here. Pure.
 */
import type { JsonValue } from '../schemas/protobuf/json-value.ts';

/** Sixteen digits or more in a row: only then can a number be too large, and is the slow way needed. */
const longNumber = /\d{16}/;

/** Throws `SyntaxError`. */
export function parseJson(text: string): JsonValue {
  if (!longNumber.test(text)) return JSON.parse(text) as JsonValue;
  return JSON.parse(text, reviveExactly as (key: string, value: unknown) => unknown) as JsonValue;
}

export function stringifyJson(value: JsonValue | object): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    // The only thing that such values have and JSON has not.
    if (!(error instanceof TypeError)) throw error;
    return JSON.stringify(value, writeExactly);
  }
}

/** The same text, on lines of their own and indented, as Go does it. */
export function indentJson(text: string): string {
  let depth = 0;
  const line = (): string => `\n${'  '.repeat(depth)}`;
  return text.replace(/"(?:[^"\\]|\\.)*"|\{\}|\[\]|[{}[\]:,]/g, (token) => {
    switch (token) {
      case '{':
      case '[':
        depth += 1;
        return token + line();
      case '}':
      case ']':
        depth -= 1;
        return line() + token;
      case ',':
        return token + line();
      case ':':
        return ': ';
      default:
        return token;
    }
  });
}

function reviveExactly(_: string, value: unknown, context: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || context.source === undefined) return value;
  return /^-?\d+$/.test(context.source) ? BigInt(context.source) : value;
}

function writeExactly(_: string, value: unknown): unknown {
  // Part of JavaScript since 2025; TypeScript's library does not know it yet.
  const { rawJSON } = JSON as typeof JSON & { rawJSON(text: string): unknown };
  return typeof value === 'bigint' ? rawJSON(value.toString()) : value;
}
