/**
 * Reads what the sources of configuration say, all of them files: the image's, the one on the boot partition, what
 * `trivet config collect` found at the machine's cloud, and a systemd credential. Which goes over which: `layers.ts`.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseSettings, type Settings } from './cluster-settings.ts';
import { decodeCollected } from './collect/collected.ts';
import { decodeTags, type Tags } from './collect/tags.ts';
import {
  type ObservedSource,
  type OpenConfig,
  readImageConfig,
  type Sight,
  type StackedConfig,
  stackSources,
  withSettings,
  withTags,
} from './layers.ts';
import { enrolmentKeyFile, joinFile, memberFile, settingsFile, tagsFile } from './member-file.ts';
import { withoutSecrets } from './without-secrets.ts';

/** The image's file cannot be read at all. */
class ConfigFileError extends Error {
  override readonly name = 'ConfigFileError';
}

/** Where the sources are; null for one that is not used. */
export interface ConfigPlaces {
  /** The image's own. */
  readonly image: string;
  /** The file on the boot partition. */
  readonly bootPartition: string | null;
  /** What `trivet config collect` writes. */
  readonly collected: string | null;
  /** The directory of systemd's credentials. */
  readonly credentials: string | null;
}

export interface LoadedConfig extends StackedConfig {
  /** The data directory, as the image has it: where what the sources said is kept, and whether this machine is a member. */
  readonly home: string;
  /** Texts of sources there; a member's hold no secret. */
  readonly keptFiles: readonly string[];
  /** What to keep for a start at which a source is away or broken: file, and text or null for none. */
  readonly toKeep: readonly { readonly file: string; readonly text: string | null }[];
}

/** YAML takes many times its size to be read. */
const fileLimitCharacters = 64 * 1024;
const credentialName = 'trivet.config';

/** In the data directory: the texts of the sources when they were last in order. */
const keptNames = {
  bootPartition: 'trivet.yaml',
  platform: 'platform-config.yaml',
  credential: 'credential-config.yaml',
} as const;

/**
 * Reads, merges and checks, and fills in the defaults. A fault in the image's file throws `ConfigFileError` or
 * `YamlFaultsError`; one in any other source is its layer's problem.
 */
export function loadConfig(places: ConfigPlaces): LoadedConfig {
  const image = readImageConfig(readImageFile(places.image), places.image, needsNoSecret);
  const home = image.config.dataDirectory;
  const keptFile = (name: keyof typeof keptNames): string => path.join(home, keptNames[name]);
  const kept = (name: keyof typeof keptNames): { name: typeof name; kept: string | null } => ({
    name,
    kept: readIfPresent(keptFile(name)),
  });
  const sources = stackSources(image, [
    ...(places.bootPartition === null
      ? []
      : [{ ...lookAtBootPartition(places.bootPartition), ...kept('bootPartition') }]),
    ...(places.collected === null ? [] : [{ ...lookAtPlatform(places.collected), ...kept('platform') }]),
    ...(places.credentials === null
      ? []
      : [{ ...lookAtCredential(places.credentials), ...kept('credential') }]),
    ...lookAtJoin(home),
  ]);
  const tags = places.collected === null ? nobodyAsked : lookAtTags(places.collected, tagsFile(home));
  const tagged = tags.tags === null ? sources : withTags(sources, tags.tags, tags.note);
  const stacked = withSettings(tagged, isMember(image.config) ? lookAtSettings(home) : null);
  const toKeep = stacked.layers.flatMap(({ name, keep }) =>
    !isKept(name) || keep === undefined
      ? []
      : [{ file: keptFile(name), text: isMember(image.config) ? textToKeep(keep) : keep }],
  );
  const keptFiles = [...Object.values(keptNames).map((name) => path.join(home, name)), joinFile(home)];
  const { keep } = tags;
  return { ...stacked, home, toKeep: [...toKeep, ...(keep === undefined ? [] : [keep])], keptFiles };
}

/** A member, and one that has lost its place and may take another by the key that it remembers. */
function needsNoSecret(config: OpenConfig): boolean {
  return isMember(config) || existsSync(enrolmentKeyFile(config.dataDirectory));
}

function isMember({ dataDirectory }: OpenConfig): boolean {
  return existsSync(memberFile(dataDirectory));
}

/** Whose last words are kept as texts here. */
function isKept(name: string): name is keyof typeof keptNames {
  return Object.hasOwn(keptNames, name);
}

/** A member keeps neither a secret nor a token in clear, and rather nothing where they cannot be taken out. */
function textToKeep(text: string | null): string | null {
  const withdrawal = withoutSecrets(text ?? '');
  if (withdrawal.kind === 'nothing') return text;
  return withdrawal.kind === 'taken' ? withdrawal.bytes.toString('utf8') : null;
}

type Look = Omit<ObservedSource, 'name' | 'kept'>;

function lookAtBootPartition(file: string): Look {
  const directory = path.dirname(file);
  const about = { title: 'The configuration on the boot partition', place: file };
  const text = readIfPresent(file);
  if (text !== null && text.length > fileLimitCharacters) {
    return {
      ...about,
      sight: { kind: 'unreadable', problem: `${file} is far too large for a configuration` },
    };
  }
  if (text !== null) return { ...about, sight: { kind: 'text', text } };
  const sight: Sight = holdsFiles(directory)
    ? { kind: 'nothing', note: 'is not there' }
    : { kind: 'unreadable', problem: `${directory} cannot be read` };
  return { ...about, sight };
}

function lookAtPlatform(file: string): Look {
  const title = 'The configuration of the platform';
  const text = readIfPresent(file);
  if (text === null) {
    return { title, place: 'platform', sight: { kind: 'away', note: 'has not been asked' } };
  }
  const collected = decodeCollected(text);
  if (collected === null) {
    return { title, place: file, sight: { kind: 'unreadable', problem: `${file} is damaged` } };
  }
  return { title, place: collected.place, sight: collected.sight };
}

interface TagsSight {
  readonly tags: Tags | null;
  /** Why they are those of before. */
  readonly note: string | null;
  /** What to keep of them, as of the other sources. */
  readonly keep: LoadedConfig['toKeep'][number] | undefined;
}

const nobodyAsked: TagsSight = { tags: null, note: null, keep: undefined };

/** A cloud that cannot be asked says what it last said: a node must not change its failure domain for that. */
function lookAtTags(collectedFile: string, kept: string): TagsSight {
  const tags = decodeCollected(readIfPresent(collectedFile) ?? '')?.tags ?? null;
  if (tags === null)
    return { tags: decodeTags(readIfPresent(kept)), note: 'not told this time', keep: undefined };
  return { tags, note: null, keep: { file: kept, text: JSON.stringify(tags) } };
}

function lookAtCredential(directory: string): Look {
  const file = path.join(directory, credentialName);
  const about = { title: 'The configuration in the credential', place: `credential ${credentialName}` };
  try {
    return { ...about, sight: { kind: 'text', text: readFileSync(file, 'utf8') } };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const sight: Sight =
      code === 'ENOENT'
        ? { kind: 'nothing', note: 'is not there' }
        : { kind: 'unreadable', problem: `${file} cannot be read: ${message}` };
    return { ...about, sight };
  }
}

/** Nothing where nobody has joined this machine by hand. */
function lookAtJoin(home: string): readonly ObservedSource[] {
  const place = joinFile(home);
  const text = readIfPresent(place);
  const title = 'What "trivet join" was told';
  return text === null ? [] : [{ name: 'join', title, place, sight: { kind: 'text', text }, kept: null }];
}

/** What the cluster has set, as this node was last told it; null where nothing was. */
function lookAtSettings(home: string): Settings | null {
  const settings = parseSettings(readIfPresent(settingsFile(home)) ?? '');
  return settings === null || Object.keys(settings).length === 0 ? null : settings;
}

function readIfPresent(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

/** A boot partition that could not be mounted is an empty directory. */
function holdsFiles(directory: string): boolean {
  try {
    return readdirSync(directory).length > 0;
  } catch {
    return false;
  }
}

function readImageFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const reason =
      (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'it does not exist' : (error as Error).message;
    throw new ConfigFileError(
      `${file}: the configuration cannot be read: ${reason}. Name another with --config FILE.`,
    );
  }
}
