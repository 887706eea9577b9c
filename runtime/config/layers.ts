/**
 * The order of the sources of configuration, decided: maps are merged from the lowest to the highest, the whole is checked
 * after each, and a source that is broken or away gives way to what it last said. Pure; `load.ts` reads the files.
 */
import type * as z from 'zod';
import { parseCheckedYaml } from './checked-yaml.ts';
import { judgeSettings, overlaySettings, type Settings } from './cluster-settings.ts';
import { type Tags, tagNames } from './collect/tags.ts';
import { type Config, configSchema, memberClusterSchema } from './schema.ts';
import { type FieldPath, YamlFaultsError } from './yaml-faults.ts';

/** A configuration may leave open which cluster the machine belongs to. */
const openSchema = configSchema.partial({ cluster: true });
/** And a member is not asked for a secret any more. */
const openMemberSchema = configSchema.extend({ cluster: memberClusterSchema }).partial({ cluster: true });
export type OpenConfig = z.infer<typeof openSchema>;

/** Lowest first. */
export type SourceName = 'image' | 'tags' | 'bootPartition' | 'platform' | 'credential' | 'join' | 'cluster';

/** What a look at a source found. */
export type Sight =
  | { readonly kind: 'text'; readonly text: string }
  /** It can be asked, and says nothing: what it said before is no longer meant. */
  | { readonly kind: 'nothing'; readonly note: string }
  /** It is not there to be asked, and nobody says that it should be: what it last said serves. */
  | { readonly kind: 'away'; readonly note: string }
  /** Something is wrong; what it last said serves. */
  | { readonly kind: 'unreadable'; readonly problem: string };

export interface ObservedSource {
  readonly name: SourceName;
  /** Begins a sentence: "The configuration on the boot partition". */
  readonly title: string;
  /** Names it in messages with a line: a file, or "user data of EC2". */
  readonly place: string;
  readonly sight: Sight;
  /** What it said when it was last in order; null for nothing. */
  readonly kept: string | null;
}

/** What became of a source. */
export interface Layer extends Pick<ObservedSource, 'name' | 'title' | 'place'> {
  readonly serves: 'now' | 'kept' | 'nothing';
  readonly problem: string | null;
  readonly note: string | null;
  /** What to keep of it from now on: a text, null for nothing, undefined for what is kept already. */
  readonly keep: string | null | undefined;
  /** What it says, as far as it is in force, and on which line. */
  readonly own: Readonly<Record<string, unknown>>;
  lineOf(path: FieldPath): number;
}

export interface StackedConfig {
  /** `waiting`: nobody has said yet which cluster this machine belongs to. */
  readonly state: 'complete' | 'waiting';
  readonly config: OpenConfig;
  /** Without the cluster's own settings. */
  readonly base: OpenConfig;
  /** Those, where this machine knows any. */
  readonly settings: Settings | null;
  /** Lowest first. */
  readonly layers: readonly Layer[];
}

interface Below {
  readonly schema: typeof openSchema;
  readonly config: OpenConfig;
  readonly written: Readonly<Record<string, unknown>>;
}

type Put = Below & Pick<Layer, 'own' | 'lineOf'>;

const what = 'a configuration is a map of fields, such as "cluster: { name: edge, secret: … }"';

export function isComplete(config: OpenConfig): config is Config {
  return config.cluster !== undefined;
}

/** The lowest source alone, which must be in order. Throws `YamlFaultsError`. */
export function readImageConfig(
  text: string,
  file: string,
  needsNoSecret: (config: OpenConfig) => boolean = () => false,
): StackedConfig & Below {
  // A text that may leave the secret out says where to look whether this machine needs one.
  const open = parseCheckedYaml(text, file, openMemberSchema, what);
  const schema = needsNoSecret(open.value) ? openMemberSchema : openSchema;
  const { value, written, own, lineOf } = parseCheckedYaml(text, file, schema, what);
  const layer: Layer = {
    ...{ name: 'image', title: 'The configuration of the image', place: file, serves: 'now' },
    ...{ problem: null, note: null, keep: undefined, own, lineOf },
  };
  return { ...judge(value, [layer]), written, schema };
}

/** @param over lowest first. */
export function stackSources(image: StackedConfig & Below, over: readonly ObservedSource[]): StackedConfig {
  let below: Below = image;
  const layers = [...image.layers];
  for (const source of over) {
    const { put, layer } = putSource(below, source);
    if (put !== null) below = put;
    layers.push(layer);
  }
  return judge(below.config, layers);
}

function judge(config: OpenConfig, layers: readonly Layer[]): StackedConfig {
  const state = isComplete(config) ? 'complete' : 'waiting';
  return { state, config, base: config, settings: null, layers };
}

/**
 * With what the tags of the machine say, over the image alone: any other source knows better. The peers count where the tags
 * name no other cluster; the zone is the failure domain. @param note why they are those of before; null where they are not.
 */
export function withTags(stacked: StackedConfig, tags: Tags, note: string | null): StackedConfig {
  const { config } = stacked;
  const isOther = tags.cluster !== null && isComplete(config) && config.cluster.name !== tags.cluster;
  const own = {
    ...(tags.peers.length > 0 && !isOther ? { discovery: { addresses: tags.peers } } : {}),
    // Where nobody has named a cluster, a part of one would be no configuration.
    ...(tags.zone !== null && isComplete(config) ? { cluster: { failureDomain: tags.zone } } : {}),
  };
  const other = `the tag ${tagNames.cluster} names the cluster "${tags.cluster}", and the configuration another one: the peers in ${tagNames.peers} are not asked`;
  const problems = [...tags.problems, ...(isOther ? [other] : [])];
  const layer: Layer = {
    ...{ name: 'tags', title: 'What the tags of this machine say', place: tags.place },
    ...{ serves: note === null ? 'now' : 'kept', note, keep: undefined, own, lineOf: () => 0 },
    problem: problems.length === 0 ? null : problems.join('; '),
  };
  const [image, ...over] = stacked.layers;
  const isSaid = (section: string, field: string): boolean =>
    over.some((each) => Object.hasOwn((each.own[section] ?? {}) as object, field));
  const addresses = isSaid('discovery', 'addresses') ? undefined : own.discovery?.addresses;
  const failureDomain = isSaid('cluster', 'failureDomain') ? undefined : own.cluster?.failureDomain;
  const told: OpenConfig = {
    ...config,
    ...(addresses === undefined ? {} : { discovery: { ...config.discovery, addresses } }),
    ...(failureDomain === undefined || config.cluster === undefined
      ? {}
      : { cluster: { ...config.cluster, failureDomain } }),
  };
  return { ...stacked, config: told, base: told, layers: [image!, layer, ...over] };
}

/** With these settings of the cluster over all, in place of those that were; null for none. */
export function withSettings(stacked: StackedConfig, settings: Settings | null): StackedConfig {
  const { base } = stacked;
  const layers = stacked.layers.filter(({ name }) => name !== 'cluster');
  if (settings === null || !isComplete(base)) return { ...stacked, config: base, settings: null, layers };
  const { tree, problems } = judgeSettings(settings);
  const layer: Layer = {
    ...{ name: 'cluster', title: 'What the cluster has set', place: 'the cluster (trivet config settings)' },
    ...{ serves: 'now', note: null, problem: problems.length === 0 ? null : problems.join('; ') },
    // They come from the cluster and not from a text.
    ...{ keep: undefined, own: tree, lineOf: () => 0 },
  };
  return { ...stacked, config: overlaySettings(base, settings), settings, layers: [...layers, layer] };
}

function putSource(below: Below, source: ObservedSource): { put: Put | null; layer: Layer } {
  const { sight } = source;
  if (sight.kind === 'nothing') return withoutText(source, { note: sight.note, keep: null });
  if (sight.kind === 'away') return putKept(below, source, { note: sight.note });
  if (sight.kind === 'unreadable') return putKept(below, source, { problem: sight.problem });
  const { put, fault } = tryPut(below, sight.text, source.place);
  if (put === null) return putKept(below, source, { problem: fault });
  return {
    put,
    layer: describe(source, { serves: 'now', keep: sight.text, own: put.own, lineOf: put.lineOf }),
  };
}

function putKept(below: Below, source: ObservedSource, why: Partial<Layer>): ReturnType<typeof putSource> {
  if (source.kept === null) return withoutText(source, why);
  const { put, fault } = tryPut(below, source.kept, `${source.place}, as last read`);
  // It was in order over other sources, or for an earlier version.
  if (put === null) return withoutText(source, { ...why, problem: why.problem ?? fault });
  return { put, layer: describe(source, { ...why, serves: 'kept', own: put.own, lineOf: put.lineOf }) };
}

function withoutText(source: ObservedSource, why: Partial<Layer>): ReturnType<typeof putSource> {
  return { put: null, layer: describe(source, why) };
}

function describe({ name, title, place }: ObservedSource, more: Partial<Layer>): Layer {
  const nothing = { serves: 'nothing', problem: null, note: null, keep: undefined, own: {} } as const;
  return { ...{ name, title, place }, ...nothing, lineOf: () => 1, ...more };
}

function tryPut(
  below: Below,
  text: string,
  place: string,
): { put: Put; fault: null } | { put: null; fault: string } {
  // A text of nothing but comments says nothing, and is no fault.
  if (text.split('\n').every((line) => /^\s*(#|$)/.test(line)))
    return { put: { ...below, own: {}, lineOf: () => 1 }, fault: null };
  try {
    const { schema } = below;
    const { value, written, own, lineOf } = parseCheckedYaml(text, place, schema, what, below.written);
    return { put: { schema, config: value, written, own, lineOf }, fault: null };
  } catch (error) {
    if (!(error instanceof YamlFaultsError)) throw error;
    return { put: null, fault: error.message };
  }
}
