/** The configuration in force as a person reads it: every value with the source it came from. Pure. */
import type { Layer, StackedConfig } from './layers.ts';
import { secretFields } from './schema.ts';
import type { FieldPath } from './yaml-faults.ts';

/** What `config.show` of the administration protocol answers. Secrets are not in it. */
export interface ConfigReport {
  readonly state: StackedConfig['state'];
  /** The sources say something else by now, which the agent's next start takes. */
  readonly changed: boolean;
  /** In the order of the schema. */
  readonly values: readonly ExplainedValue[];
  /** Lowest first. */
  readonly sources: readonly ExplainedSource[];
}

export interface ExplainedValue {
  readonly path: readonly string[];
  readonly value: unknown;
  /** Null for a default. */
  readonly origin: Origin | null;
  /** What lower sources say, highest first. */
  readonly overridden: readonly (Origin & { readonly value: unknown })[];
}

export interface Origin {
  readonly source: Layer['name'];
  readonly place: string;
  /** 0 where the source is no text. */
  readonly line: number;
}

export interface ExplainedSource
  extends Pick<Layer, 'name' | 'title' | 'place' | 'serves' | 'problem' | 'note'> {}

/** Sources of which each value is judged by itself. */
export const inParts: readonly Layer['name'][] = ['tags', 'cluster'];

const changedWarning =
  'The configuration has changed since the agent started; its next start takes it (trivet config --explain).';

/** Everything that is in force, and what was not taken. */
export function explainConfig({ state, config, layers }: StackedConfig): ConfigReport {
  return {
    ...{ state, changed: false },
    values: leavesOf(config, []).map(([path, value]) => explainValue(path, value, layers)),
    sources: layers.map(({ name, title, place, serves, problem, note }) => {
      return { name, title, place, serves, problem, note };
    }),
  };
}

/** Full sentences about sources that are broken or have changed, for the log and for `status`. */
export function configWarnings({
  changed,
  sources,
}: Pick<ConfigReport, 'changed' | 'sources'>): readonly string[] {
  const broken = sources
    .filter(({ problem }) => problem !== null)
    .map(({ name, title, serves, problem }) => {
      if (inParts.includes(name)) return `${title} is not taken as a whole: ${problem}`;
      const instead = serves === 'kept' ? ', and the last one in order serves' : '';
      return `${title} is not taken${instead}: ${problem}`;
    });
  return changed ? [...broken, changedWarning] : broken;
}

function explainValue(path: readonly string[], value: unknown, layers: readonly Layer[]): ExplainedValue {
  const said = layers
    .filter(({ serves }) => serves !== 'nothing')
    .map((layer) => ({ layer, value: valueAt(layer.own, path) }))
    .filter((entry) => entry.value !== undefined)
    .map((entry) => ({ ...originOf(entry.layer, path), value: masked(path, entry.value) }))
    .reverse();
  const [top, ...overridden] = said;
  const origin = top === undefined ? null : { source: top.source, place: top.place, line: top.line };
  return { path, value: masked(path, value), origin, overridden };
}

function originOf(layer: Layer, path: FieldPath): Origin {
  const place = layer.serves === 'kept' ? `${layer.place}, as last read` : layer.place;
  return { source: layer.name, place, line: layer.lineOf(path) };
}

/** Lists are one value: a source replaces them as a whole. */
function leavesOf(value: unknown, path: readonly string[]): (readonly [readonly string[], unknown])[] {
  if (value === undefined) return [];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [[path, value]];
  return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, [...path, key]));
}

function valueAt(root: unknown, path: readonly string[]): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string, unknown>)[step];
  }
  return value;
}

function masked(path: readonly string[], value: unknown): unknown {
  if (!secretFields.includes(path.join('.'))) return value;
  return `(secret, ${String(value).length} characters)`;
}
