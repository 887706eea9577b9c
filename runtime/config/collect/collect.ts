/**
 * The work of `trivet config collect`: finds the one platform that has a configuration for this machine, asks it, and says
 * what came of it. Runs before the agent, as root, so that the agent needs neither disks nor HTTP.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Sight } from '../layers.ts';
import type { PlatformData } from './answers.ts';
import { askCloud, cloudNames } from './clouds.ts';
import { type Collected, encodeCollected } from './collected.ts';
import { type ConfigDisk, findConfigDisk, readConfigDisk, withMounted } from './config-disk.ts';
import { MetadataError } from './metadata-error.ts';
import { metadataBase } from './metadata-http.ts';
import { type Cloud, cloudOf, type Dmi, dmiFields } from './platform.ts';
import { readTags } from './tags.ts';
import { readUserData } from './user-data.ts';

export interface CollectPlaces {
  /** Where the firmware's words are. */
  readonly dmi: string;
  /** udev's links by label. */
  readonly labels: string;
  readonly mountPoint: string;
  readonly metadataBase: string;
}

export const collectPlaces: CollectPlaces = {
  dmi: '/sys/class/dmi/id',
  labels: '/dev/disk/by-label',
  mountPoint: '/run/trivet/config-disk',
  metadataBase,
};

type Platform =
  | { readonly kind: 'disk'; readonly disk: ConfigDisk }
  | { readonly kind: 'cloud'; readonly cloud: Cloud };

const firstWaitMilliseconds = 250;
const longestWaitMilliseconds = 4_000;

/**
 * Asks until there is an answer, for at most `limitMilliseconds`; machines without a platform do not wait at all. Does not
 * reject: what went wrong is part of what was found.
 */
export async function collectConfig(places: CollectPlaces, limitMilliseconds: number): Promise<Collected> {
  const deadline = performance.now() + limitMilliseconds;
  const signal = AbortSignal.timeout(limitMilliseconds);
  for (let wait = firstWaitMilliseconds; ; wait = Math.min(wait * 2, longestWaitMilliseconds)) {
    const platform = findPlatform(places);
    if (platform === null) return nothingFound;
    try {
      return describeData(nameOf(platform), await ask(platform, places, signal));
    } catch (error) {
      if (!isPassing(error) || performance.now() + wait > deadline) {
        return {
          place: placeOf(nameOf(platform), null),
          sight: { kind: 'unreadable', problem: (error as Error).message },
          tags: null,
        };
      }
    }
    await pause(wait);
  }
}

/** Replaces the file in one step. It lies in memory, so nothing is synced. */
export function writeCollected(file: string, collected: Collected): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, encodeCollected(collected), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

const nothingFound: Collected = {
  place: 'platform',
  sight: {
    kind: 'away',
    note: 'is not known: no configuration disk is there, and the firmware names no cloud',
  },
  tags: null,
};

/** A disk comes first: somebody attached it to this very machine. */
function findPlatform(places: CollectPlaces): Platform | null {
  const disk = findConfigDisk(places.labels);
  if (disk !== null) return { kind: 'disk', disk };
  const cloud = cloudOf(readDmi(places.dmi));
  return cloud === null ? null : { kind: 'cloud', cloud };
}

async function ask(platform: Platform, places: CollectPlaces, signal: AbortSignal): Promise<PlatformData> {
  if (platform.kind === 'cloud') return askCloud(platform.cloud, { base: places.metadataBase, signal });
  const { kind, device } = platform.disk;
  return withMounted(device, places.mountPoint, (directory) => readConfigDisk(kind, directory));
}

/** What was found, in the words of the agent. */
function describeData(name: string, data: PlatformData): Collected {
  const place = placeOf(name, data);
  const tags = data.tags && readTags(data.tags, `tags of ${machineOf(name, data)}`);
  return { place, sight: sightOf(place, data), tags };
}

function sightOf(place: string, data: PlatformData): Sight {
  const userData = readUserData(data.userData, data.isForTrivet === true);
  switch (userData.kind) {
    case 'configuration':
      return { kind: 'text', text: userData.text };
    case 'other':
      return { kind: 'nothing', note: `has no configuration for Trivet: it ${userData.what}` };
    case 'broken':
      return { kind: 'unreadable', problem: `${place}: ${userData.problem}` };
  }
}

function placeOf(name: string, data: PlatformData | null): string {
  return `user data of ${machineOf(name, data)}`;
}

function machineOf(name: string, data: PlatformData | null): string {
  const names = [data?.instanceId, data?.hostname].filter(Boolean).join(', ');
  return `${name}${names === '' ? '' : ` (${names})`}`;
}

function nameOf(platform: Platform): string {
  if (platform.kind === 'cloud') return cloudNames[platform.cloud];
  return platform.disk.kind === 'nocloud' ? 'NoCloud' : 'an OpenStack config drive';
}

function readDmi(directory: string): Dmi {
  const read = (field: string): string => {
    try {
      return readFileSync(path.join(directory, field), 'utf8').trim();
    } catch {
      // Not every firmware has every word.
      return '';
    }
  };
  return Object.fromEntries(dmiFields.map((field) => [field, read(field)]));
}

function isPassing(error: unknown): boolean {
  return error instanceof MetadataError && error.isPassing;
}
