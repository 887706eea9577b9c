/** A look at each source of configuration: what its file says, or why it says nothing. Which goes over which: `layers.ts`. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseSettings, type Settings } from './cluster-settings.ts';
import { decodeCollected } from './collect/collected.ts';
import { decodeTags, type Tags } from './collect/tags.ts';
import type { ObservedSource, Sight } from './layers.ts';
import { joinFile, settingsFile } from './member-file.ts';

/** YAML takes many times its size to be read. */
const fileLimitCharacters = 64 * 1024;
const credentialName = 'trivet.config';

type Look = Omit<ObservedSource, 'name' | 'kept'>;

export function lookAtBootPartition(file: string): Look {
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

export function lookAtPlatform(file: string): Look {
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
  readonly keep: { readonly file: string; readonly text: string | null } | undefined;
}

export const nobodyAsked: TagsSight = { tags: null, note: null, keep: undefined };

/** A cloud that cannot be asked says what it last said: a node must not change its failure domain for that. */
export function lookAtTags(collectedFile: string, kept: string): TagsSight {
  const tags = decodeCollected(readIfPresent(collectedFile) ?? '')?.tags ?? null;
  if (tags === null)
    return { tags: decodeTags(readIfPresent(kept)), note: 'not told this time', keep: undefined };
  return { tags, note: null, keep: { file: kept, text: JSON.stringify(tags) } };
}

export function lookAtCredential(directory: string): Look {
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
export function lookAtJoin(home: string): readonly ObservedSource[] {
  const place = joinFile(home);
  const text = readIfPresent(place);
  const title = 'What "trivet join" was told';
  return text === null ? [] : [{ name: 'join', title, place, sight: { kind: 'text', text }, kept: null }];
}

/** What the cluster has set, as this node was last told it; null where nothing was. */
export function lookAtSettings(home: string): Settings | null {
  const settings = parseSettings(readIfPresent(settingsFile(home)) ?? '');
  return settings === null || Object.keys(settings).length === 0 ? null : settings;
}

export function readIfPresent(file: string): string | null {
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
