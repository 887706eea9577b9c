/**
 * Takes the enrolment secret and a token out of a configuration's text, and leaves every other byte where it is: the file is
 * overwritten in its place, so that nothing of the secret stays on the disk. Pure.
 */
import { isDeepStrictEqual } from 'node:util';
import { isMap, isScalar, type Pair, parseDocument, type YAMLMap } from 'yaml';

export type Withdrawal =
  | { readonly kind: 'nothing' }
  /** Of the same size. */
  | { readonly kind: 'taken'; readonly bytes: Buffer }
  /** It is written in such a way that only a person can take it out. */
  | { readonly kind: 'unable' };

const section = 'cluster';
const secretKeys = ['secret', 'token'];
/** Shorter than any secret with its key. */
const comment = '# taken out by trivet';

interface Range {
  readonly start: number;
  readonly end: number;
}

export function withoutSecrets(text: string): Withdrawal {
  const before = parse(text);
  if (before === null) return { kind: 'nothing' };
  const secrets = secretsOf(before.value);
  if (secrets.length === 0) return { kind: 'nothing' };
  const ranges = before.root === null ? [] : rangesOf(before.root, text);
  const left = ranges.reduce((now, { start, end }) => blank(now, start, end), text);
  // Aliases, say, may have it elsewhere: the outcome is what is believed.
  const isClean = secrets.every((secret) => !left.includes(secret));
  if (!isClean || !isDeepStrictEqual(parse(left)?.value ?? {}, expected(before.value)))
    return { kind: 'unable' };
  const bytes = Buffer.from(left, 'utf8');
  return bytes.length === Buffer.byteLength(text) ? { kind: 'taken', bytes } : { kind: 'unable' };
}

type Value = Readonly<Record<string, unknown>>;

function parse(text: string): { readonly root: YAMLMap | null; readonly value: Value } | null {
  try {
    const document = parseDocument(text, { prettyErrors: false, logLevel: 'error' });
    const value: unknown = document.errors.length > 0 ? null : document.toJS();
    return isRecord(value) ? { root: isMap(document.contents) ? document.contents : null, value } : null;
  } catch {
    return null;
  }
}

function secretsOf(value: Value): string[] {
  const cluster = value[section];
  if (!isRecord(cluster)) return [];
  return secretKeys.map((key) => String(cluster[key] ?? '')).filter((secret) => secret !== '');
}

/** A section of which nothing else is left goes with them: an empty one would not be a map any more. */
function expected(value: Value): Value {
  const cluster = without(value[section] as Value, secretKeys);
  return Object.keys(cluster).length > 0 ? { ...value, [section]: cluster } : without(value, [section]);
}

function without(value: Value, keys: readonly string[]): Value {
  return Object.fromEntries(Object.entries(value).filter(([key]) => !keys.includes(key)));
}

function rangesOf(root: YAMLMap, text: string): Range[] {
  const [cluster] = pairsOf(root, [section]);
  if (cluster === undefined || !isMap(cluster.value)) return [];
  const secrets = pairsOf(cluster.value, secretKeys);
  if (secrets.length === cluster.value.items.length) return [rangeOf(cluster, root, text)];
  return secrets.map((pair) => rangeOf(pair, cluster.value as YAMLMap, text));
}

function pairsOf(map: YAMLMap, keys: readonly string[]): Pair[] {
  return map.items.filter(({ key }) => isScalar(key) && keys.includes(String(key.value))) as Pair[];
}

/** From the key to the end of the value; between commas with one of them. */
function rangeOf(pair: Pair, map: YAMLMap, text: string): Range {
  const [start] = (pair.key as YAMLMap).range ?? [0];
  const [, end] = (pair.value as YAMLMap).range ?? [0, 0];
  if (!map.flow) return { start, end };
  const [after = ''] = /^\s*,/.exec(text.slice(end)) ?? [];
  const [before = ''] = after === '' ? (/,\s*$/.exec(text.slice(0, start)) ?? []) : [];
  return { start: start - before.length, end: end + after.length };
}

/** Spaces for every byte but line breaks; a comment says why where the rest of the line can be one. */
function blank(text: string, start: number, end: number): string {
  const taken = text.slice(start, end);
  const spaces = [...taken].map((each) =>
    each === '\n' || each === '\r' ? each : ' '.repeat(Buffer.byteLength(each)),
  );
  const rest = /^[^\n]*/.exec(text.slice(end))?.[0] ?? '';
  const [line = ''] = taken.split(/\r?\n/);
  const says = line.length >= comment.length && /^\s*(#.*)?\r?$/.test(rest);
  const blanked = spaces.join('');
  return text.slice(0, start) + (says ? comment + blanked.slice(comment.length) : blanked) + text.slice(end);
}

function isRecord(value: unknown): value is Value {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
