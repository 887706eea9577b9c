/**
 * Places in an object as columns and replicas name them: `.spec.x`, `.list[0]`, `.conditions[?(@.type=="Ready")].status`.
 * (k8s.io/client-go/util/jsonpath, what of it definitions use) Pure; a text that cannot be read is null.
 */

type Step =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'all' }
  | { readonly kind: 'filter'; readonly path: JsonPath; readonly sign: string; readonly than: unknown };

export type JsonPath = readonly Step[];

const longestPath = 1000;
const name = /\.((?:\\.|[^.[\]\\\s])+)/y;
const quoted = /\[\s*(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)")\s*\]/y;
const index = /\[\s*(-?\d{1,9})\s*\]/y;
const all = /\.\*|\[\s*\*\s*\]/y;
const filter =
  /\[\?\(\s*@((?:\.[\w-]+)+)\s*(?:(==|!=|<=|>=|<|>)\s*("[^"]*"|'[^']*'|-?[\d.]+|true|false|null)\s*)?\)\]/y;

export function readJsonPath(text: string): JsonPath | null {
  if (text.length > longestPath) return null;
  const steps: Step[] = [];
  let at = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    at += found?.[0].length ?? 0;
    return found;
  };
  while (at < text.length) {
    const step = readStep(match);
    if (step === null) return null;
    steps.push(step);
  }
  return steps;
}

function readStep(match: (pattern: RegExp) => RegExpExecArray | null): Step | null {
  if (match(all) !== null) return { kind: 'all' };
  const named = match(name);
  if (named !== null) return { kind: 'field', name: plain(named[1] as string) };
  const key = match(quoted);
  if (key !== null) return { kind: 'field', name: plain(key[1] ?? key[2] ?? '') };
  const place = match(index);
  if (place !== null) return { kind: 'index', index: Number(place[1]) };
  const condition = match(filter);
  const path = condition === null ? null : readJsonPath(condition[1] as string);
  if (condition === null || path === null) return null;
  return { kind: 'filter', path, sign: condition[2] ?? '', than: readLiteral(condition[3] ?? 'null') };
}

function plain(text: string): string {
  return text.replace(/\\(.)/g, '$1');
}

function readLiteral(text: string): unknown {
  if (/^["']/.test(text)) return text.slice(1, -1);
  const words: Readonly<Record<string, unknown>> = { true: true, false: false, null: null };
  return Object.hasOwn(words, text) ? words[text] : Number(text);
}

/** The first thing that stands there; undefined: nothing does. */
export function firstAt(path: JsonPath, value: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  for (const next of below(step, value)) {
    const found = firstAt(rest, next);
    if (found !== undefined) return found;
  }
  return undefined;
}

function below(step: Step, value: unknown): readonly unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  const items: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  switch (step.kind) {
    case 'field':
      return !Array.isArray(value) && Object.hasOwn(value, step.name)
        ? [(value as Readonly<Record<string, unknown>>)[step.name]]
        : [];
    case 'index': {
      const item = Array.isArray(value) ? value.at(step.index) : undefined;
      return item === undefined ? [] : [item];
    }
    case 'all':
      return items;
    case 'filter':
      return items.filter((item) => holds(step, firstAt(step.path, item)));
  }
}

function holds({ sign, than }: Extract<Step, { kind: 'filter' }>, value: unknown): boolean {
  if (sign === '') return value !== undefined;
  if (sign === '==') return value === than;
  if (sign === '!=') return value !== undefined && value !== than;
  if (typeof value !== 'number' || typeof than !== 'number') return false;
  return sign === '<'
    ? value < than
    : sign === '>'
      ? value > than
      : sign === '<='
        ? value <= than
        : value >= than;
}
