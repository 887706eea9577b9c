/** What has changed, told to the one who may not have changed it. Go's own words for this differ from run to run. Pure. */
import { stringifyJson } from '../../apiserver/objects/json-text.ts';
import { isObject, isSameJson, type JsonValue } from '../../apiserver/schemas/protobuf/json-value.ts';

/** Enough to see what it is about. */
const mostLines = 20;
const longestLine = 500;

/** `-` and `+` with a path and a value, a line each. */
export function describeChanges(old: unknown, next: unknown): string {
  const lines = changesOf(old as JsonValue | undefined, next as JsonValue | undefined, '');
  const more = lines.length > mostLines ? ['  ...'] : [];
  return [...lines.slice(0, mostLines), ...more].map((line) => `${line}\n`).join('');
}

function changesOf(old: JsonValue | undefined, next: JsonValue | undefined, path: string): readonly string[] {
  if (isSameJson(old ?? null, next ?? null)) return [];
  if (isObject(old) && isObject(next)) {
    const names = new Set([...Object.keys(old), ...Object.keys(next)]);
    return [...names]
      .sort()
      .flatMap((name) =>
        changesOf(ownOf(old, name), ownOf(next, name), path === '' ? name : `${path}.${name}`),
      );
  }
  if (Array.isArray(old) && Array.isArray(next) && old.length === next.length) {
    return old.flatMap((item, index) => changesOf(item, next[index], `${path}[${index}]`));
  }
  return [...line('-', path, old), ...line('+', path, next)];
}

function ownOf(object: Readonly<Record<string, JsonValue | undefined>>, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function line(sign: string, path: string, value: JsonValue | undefined): readonly string[] {
  return value === undefined ? [] : [`${sign} \t${path}: ${stringifyJson(value).slice(0, longestLine)}`];
}
