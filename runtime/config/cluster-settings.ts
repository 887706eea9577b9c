/**
 * Settings that the cluster keeps for all of its nodes (`trivet config set`), over every other source of configuration: which
 * they are, and what a node makes of those that it is told. Pure. Settings of a newer version are kept and left alone.
 */
import { nearestWord } from './did-you-mean.ts';
import { type Config, partialConfigSchema } from './schema.ts';

/** Settings by the full names of their fields. */
export type Settings = Readonly<Record<string, unknown>>;

/** The configuration in force, and what it is without the cluster's settings. */
export interface ConfigInForce extends Config {
  readonly base: Config;
}

/** What may be set, and when a node takes it. Everything else is a machine's own. */
export const settableFields: Readonly<Record<string, 'now' | 'nextStart'>> = {
  'roles.voters': 'now',
  'roles.standbys': 'now',
  'cluster.certificateHours': 'now',
  'cluster.enrolment.nodes': 'now',
  'cluster.enrolment.hours': 'now',
  'cluster.enrolment.serials': 'now',
  'datastore.spaceLimitBytes': 'nextStart',
  'datastore.keepRevisions': 'nextStart',
  'datastore.keepEntries': 'nextStart',
  'datastore.compactEvery': 'nextStart',
};

/** All of them together, as they travel and are stored. */
export const longestSettingsCharacters = 16 * 1024;

/** Null for what is no map of settings. */
export function parseSettings(text: string): Settings | null {
  if (text.length > longestSettingsCharacters) return null;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}

/** In order of their names, so that equal settings are equal texts. */
export function encodeSettings(settings: Settings): string {
  return JSON.stringify(Object.fromEntries(Object.entries(settings).sort(([a], [b]) => (a < b ? -1 : 1))));
}

export interface JudgedSettings {
  readonly accepted: Settings;
  /** As a configuration. */
  readonly tree: Readonly<Record<string, unknown>>;
  /** What of them is not taken, and why: sentences without their ends. */
  readonly problems: readonly string[];
}

/** Each by itself: one that this version does not understand must not keep the others from being taken. */
export function judgeSettings(settings: Settings): JudgedSettings {
  const judged = Object.entries(settings).map(([key, value]) => ({ key, value, problem: judge(key, value) }));
  const accepted = judged.filter(({ problem }) => problem === null);
  return {
    accepted: Object.fromEntries(accepted.map(({ key, value }) => [key, value])),
    tree: accepted.reduce((tree, { key, value }) => put(tree, key.split('.'), value), {}),
    problems: judged.flatMap(({ problem }) => problem ?? []),
  };
}

/** A single setting as a configuration. */
export function treeOf(key: string, value: unknown): Readonly<Record<string, unknown>> {
  return put({}, key.split('.'), value);
}

/** The configuration with what of the settings a node can take. */
export function overlaySettings(base: Config, settings: Settings): Config {
  const { accepted } = judgeSettings(settings);
  let config: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(accepted)) config = put(config, key.split('.'), value);
  return config as Config;
}

/** Why there is no such setting, in words; null when there is. */
export function explainUnknown(key: string): string | null {
  if (Object.hasOwn(settableFields, key)) return null;
  const known = Object.keys(settableFields);
  const nearest = nearestWord(key, known);
  const right = nearest ? `did you mean "${nearest}"?` : `there are ${known.join(', ')}`;
  return `the cluster keeps no setting "${key}": ${right}; what else a configuration has is each machine's own (trivet.yaml on its boot partition, trivet config --explain)`;
}

function judge(key: string, value: unknown): string | null {
  if (!Object.hasOwn(settableFields, key))
    return `${printable(key)} is a setting that this version does not know: it is kept`;
  const issue = partialConfigSchema.safeParse(treeOf(key, value)).error?.issues[0];
  return issue === undefined ? null : `${key} is not taken by this version: ${issue.message}`;
}

/** It comes from another version of the program, and is shown to people. */
function printable(key: string): string {
  return key.replace(/[^\x20-\x7e]/g, '?').slice(0, 80);
}

function put(
  tree: Readonly<Record<string, unknown>>,
  path: readonly string[],
  value: unknown,
): Record<string, unknown> {
  const [step = '', ...rest] = path;
  const inner = Object.hasOwn(tree, step) ? (tree[step] as Record<string, unknown>) : {};
  return { ...tree, [step]: rest.length === 0 ? value : put(inner, rest, value) };
}
