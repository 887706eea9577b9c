/** JSON as Go's `%v` prints it, since the real server's sentences do. */
import { compareAsBytes, isObject, type JsonValue } from '../schemas/protobuf/json-value.ts';

/** A sentence that repeats a client's body needs no more of it. */
const limit = 10_000;

/** `map[image:web name:a]`, `[1 2]`, `<nil>`; long ones are cut. */
export function formatAsGo(value: JsonValue): string {
  const text = format(value);
  return text.length > limit ? `${text.slice(0, limit)}...` : text;
}

function format(value: JsonValue): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return `[${value.map((item) => format(item as JsonValue)).join(' ')}]`;
  if (!isObject(value)) return String(value);
  const names = Object.keys(value).sort(compareAsBytes);
  return `map[${names.map((name) => `${name}:${format(value[name] ?? null)}`).join(' ')}]`;
}
