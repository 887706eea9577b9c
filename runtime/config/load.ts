/**
 * Reads what the sources of configuration say, all of them files: the image's, the one on the boot partition, what
 * `trivet config collect` found at the machine's cloud, a systemd credential, what `trivet join` has written and what the cluster
 * has set. A look at each: `source-files.ts`; which goes over which: `layers.ts`.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import {
  type OpenConfig,
  readImageConfig,
  type StackedConfig,
  stackSources,
  withSettings,
  withTags,
} from './layers.ts';
import { enrolmentKeyFile, joinFile, memberFile, tagsFile } from './member-file.ts';
import {
  lookAtBootPartition,
  lookAtCredential,
  lookAtJoin,
  lookAtPlatform,
  lookAtSettings,
  lookAtTags,
  nobodyAsked,
  readIfPresent,
} from './source-files.ts';
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
