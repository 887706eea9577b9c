/** Which packages a set of names means: apt resolves dependencies, the package lists give versions and digests. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { BuildError } from '../build-error.ts';
import { type Cache, cached, cacheKey } from '../cache/cache.ts';
import { run } from '../process/run.ts';
import { type Apt, listsDigest } from './apt.ts';
import type { ArchiveName } from './host-apt.ts';
import type { Package } from './package.ts';

/** The packages and all that they depend on, sorted by name. Remembered until the package lists change. */
export async function resolvePackages(
  apt: Apt,
  cache: Cache,
  names: readonly string[],
): Promise<readonly Package[]> {
  // One Release file is for all architectures.
  const architecture = path.basename(apt.directory);
  const key = cacheKey({ lists: await listsDigest(apt), mirrors: apt.mirrors, architecture, names });
  const directory = await cached(cache, 'resolved', key, async (output) => {
    await writeFile(path.join(output, 'packages.json'), JSON.stringify(await askApt(apt, names)));
  });
  return JSON.parse(await readFile(path.join(directory, 'packages.json'), 'utf8')) as Package[];
}

async function askApt(apt: Apt, names: readonly string[]): Promise<readonly Package[]> {
  const simulation = await run('apt-get', ['install', '--simulate', ...names], {
    env: apt.environment,
  }).catch((cause) => {
    throw new BuildError('packages', `apt cannot find a set of packages for this image.\n${explain(cause)}`, {
      cause,
    });
  });
  const chosen = parseSimulation(simulation.stdout);
  const { stdout } = await run('apt-cache', ['show', ...chosen], { env: apt.environment });
  return parseStanzas(stdout).sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** apt's own words, without the command line around them. */
function explain(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  return message
    .split('\n')
    .filter((line) => /^\s*(E:|\S+ : | {2})/.test(line))
    .join('\n');
}

/** `NAME=VERSION` of each package that would be installed. */
export function parseSimulation(text: string): string[] {
  return [...text.matchAll(/^Inst (\S+) \((\S+) /gm)].map(([, name, version]) => `${name}=${version}`);
}

/** The stanzas of `apt-cache show`. */
export function parseStanzas(text: string): Package[] {
  const seen = new Map<string, Package>();
  for (const stanza of text.split(/\n\n+/)) {
    if (stanza.trim() === '') continue;
    const field = (name: string): string => {
      const value = new RegExp(`^${name}: (.+)$`, 'm').exec(stanza)?.[1];
      if (value === undefined) {
        throw new BuildError(
          'packages',
          `A package list holds an entry without "${name}": ${stanza.slice(0, 80)}`,
        );
      }
      return value;
    };
    const filePath = field('Filename');
    // The security archive's pool lies below pool/updates/; that is how a path tells its archive.
    const archive: ArchiveName = filePath.startsWith('pool/updates/') ? 'debian-security' : 'debian';
    const name = field('Package');
    if (seen.has(name)) continue;
    seen.set(name, {
      name,
      version: field('Version'),
      architecture: field('Architecture'),
      archive,
      path: filePath,
      sizeBytes: Number(field('Size')),
      sha256: field('SHA256'),
    });
  }
  return [...seen.values()];
}
