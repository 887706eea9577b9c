/**
 * YAML as a value of JSON, and which keys stand twice in it: the last one counts, and field validation warns of them or refuses
 * them. (sigs.k8s.io/yaml) Pure.
 */
import { isScalar, LineCounter, parseDocument, visit, type YAMLMap } from 'yaml';

export interface YamlText {
  readonly value: unknown;
  /** What the real server says of keys that stand twice; '' where there are none. */
  readonly repeated: string;
}

/** @throws Error where it is no YAML, in the first line of its message why */
export function readYaml(text: string): YamlText {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: false, logLevel: 'error' });
  const [fault] = document.errors;
  if (fault !== undefined) throw fault;
  const found: Repeated[] = [];
  visit(document, { Map: (_, map) => void found.push(...repeatedIn(map, lines)) });
  return { value: document.toJS({ maxAliasCount: 100 }), repeated: sentenceOf(found) };
}

interface Repeated {
  readonly line: number;
  readonly name: string;
}

function sentenceOf(found: readonly Repeated[]): string {
  if (found.length === 0) return '';
  const ordered = found.toSorted((a, b) => a.line - b.line);
  const all = ordered.map(({ line, name }) => `line ${line}: key ${JSON.stringify(name)} already set in map`);
  return `yaml: unmarshal errors:\n  ${all.join('\n  ')}`;
}

function repeatedIn(map: YAMLMap, lines: LineCounter): readonly Repeated[] {
  const known = new Set<string>();
  return map.items.flatMap(({ key }) => {
    if (!isScalar(key)) return [];
    const name = String(key.value);
    if (!known.has(name)) {
      known.add(name);
      return [];
    }
    const { line } = lines.linePos(key.range?.[0] ?? 0);
    return [{ line, name }];
  });
}
