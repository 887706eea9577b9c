/**
 * apt in a private directory, as an ordinary user: its own sources, lists and empty status, so that it resolves for
 * the image and never for the machine it runs on. Signatures are checked with the Debian keyring.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { BuildError } from '../build-error.ts';
import type { Cache } from '../cache/cache.ts';
import { buildEnvironment, run } from '../process/run.ts';
import { explainFetchFailure } from './fetch-failure.ts';
import { type HostApt, readHostApt } from './host-apt.ts';

export interface Apt {
  readonly directory: string;
  readonly mirrors: HostApt['mirrors'];
  readonly environment: Readonly<Record<string, string>>;
}

/** The Debian release that images and tools are made of. */
export const release = 'trixie';
/** Debian's archive areas that have no conditions but freedom. */
const freeComponents = ['main'];
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** A list younger than this is not fetched again. */
const freshMilliseconds = 60 * 60 * 1000;

const lockWaitMilliseconds = 60_000;
const lockPollMilliseconds = 250;

/** @param components archive areas; what a build's tools and most images need is in main. */
export async function openApt(
  cache: Cache,
  debianArchitecture: string,
  components: readonly string[] = freeComponents,
): Promise<Apt> {
  if (!existsSync(keyring)) {
    throw new BuildError(
      'missing-tool',
      `${keyring} is missing: install the package debian-archive-keyring.`,
    );
  }
  const host = await readHostApt();
  const directory = path.join(cache.directory, 'apt', [debianArchitecture, ...components].join('-'));
  for (const name of ['lists/partial', 'archives/partial', 'etc/preferences.d']) {
    await mkdir(path.join(directory, name), { recursive: true });
  }
  await writeFile(path.join(directory, 'status'), '');
  await writeFile(path.join(directory, 'sources.list'), sources(host.mirrors, components).join('\n'));
  const configuration = path.join(directory, 'apt.conf');
  await writeFile(configuration, aptConfiguration(directory, debianArchitecture, host).join('\n'));
  const proxies = Object.entries(process.env).filter(([name]) => /^(https?|ftp|no|all)_proxy$/i.test(name));
  const environment = buildEnvironment({
    ...Object.fromEntries(proxies.map(([name, value]) => [name, value ?? ''])),
    APT_CONFIG: configuration,
  });
  return { directory, mirrors: host.mirrors, environment };
}

function sources(mirrors: HostApt['mirrors'], components: readonly string[]): string[] {
  const line = (mirror: string, suite: string): string =>
    `deb [signed-by=${keyring}] ${mirror} ${suite} ${components.join(' ')}`;
  const main = mirrors.debian!;
  const security = mirrors['debian-security'];
  return [
    line(main, release),
    line(main, `${release}-updates`),
    ...(security ? [line(security, `${release}-security`)] : []),
    '',
  ];
}

function aptConfiguration(directory: string, debianArchitecture: string, host: HostApt): string[] {
  return [
    ...host.acquireOptions,
    `Dir "${directory}";`,
    `Dir::State "${directory}";`,
    'Dir::State::lists "lists";',
    `Dir::State::status "${directory}/status";`,
    `Dir::Cache "${directory}";`,
    `Dir::Etc "${directory}/etc";`,
    `Dir::Etc::sourcelist "${directory}/sources.list";`,
    'Dir::Etc::sourceparts "/dev/null";',
    'Dir::Etc::main "/dev/null";',
    'Dir::Etc::parts "/dev/null";',
    `APT::Architecture "${debianArchitecture}";`,
    `APT::Architectures { "${debianArchitecture}"; };`,
    'APT::Install-Recommends "false";',
    // As root, apt would otherwise fetch as a user who cannot write here.
    'APT::Sandbox::User "root";',
    'Acquire::Languages "none";',
    '',
  ];
}

/** Fetches the package lists when there are none from the last hour. Offline, what is there has to do. */
export async function updateLists(apt: Apt, offline: boolean): Promise<void> {
  const mark = path.join(apt.directory, 'updated');
  const current = await readFile(path.join(apt.directory, 'sources.list'), 'utf8');
  const known = await readFile(mark, 'utf8').catch(() => '');
  if (offline) {
    if (known === '') {
      throw new BuildError(
        'offline',
        'The cache holds no package lists: build once without --offline, or with --lock.',
      );
    }
    return;
  }
  if (known === current && Date.now() - (await stat(mark)).mtimeMs < freshMilliseconds) return;
  await fetchLists(apt);
  await writeFile(mark, current);
  const now = new Date();
  await utimes(mark, now, now);
}

/** apt gives up at once when another build is fetching; that build is waited for, a minute at most. */
async function fetchLists(apt: Apt): Promise<void> {
  const deadline = Date.now() + lockWaitMilliseconds;
  for (;;) {
    try {
      await run('apt-get', ['update', '-q', '--error-on=any'], { env: apt.environment });
      return;
    } catch (error) {
      const isLocked = error instanceof BuildError && error.message.includes('Could not get lock');
      if (!isLocked) {
        throw new BuildError('packages', explainFetchFailure((error as Error).message, []), { cause: error });
      }
      if (Date.now() > deadline) throw error;
      await setTimeout(lockPollMilliseconds);
    }
  }
}

/** Changes whenever a package list does. */
export async function listsDigest(apt: Apt): Promise<string> {
  const lists = path.join(apt.directory, 'lists');
  const hash = createHash('sha256');
  for (const name of (await readdir(lists)).filter((name) => name.endsWith('Release')).sort()) {
    hash.update(await readFile(path.join(lists, name)));
  }
  return hash.digest('hex');
}
