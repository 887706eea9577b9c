/**
 * What is taken over from the apt of the machine that builds: which mirror it uses, and how it reaches it (proxies and
 * the like). apt itself reads its configuration, so every form of source list works.
 */
import { BuildError } from '../build-error.ts';
import { run } from '../process/run.ts';

/** Debian's two archives. A package's path is relative to its archive's mirror. */
export type ArchiveName = 'debian' | 'debian-security';

export interface HostApt {
  readonly mirrors: Readonly<Partial<Record<ArchiveName, string>>>;
  /** Lines for an apt configuration file. */
  readonly acquireOptions: readonly string[];
}

const debianSuite =
  /^(oldoldstable|oldstable|stable|testing|unstable|sid|buster|bullseye|bookworm|trixie|forky)(-\w+)?$/;

/** Options of fetching that describe this machine's network; the rest is about what to fetch. */
const networkOption =
  /^Acquire::(http|https|ftp|tor|Retries|ForceIPv4|ForceIPv6|Check-Valid-Until|Check-Date|Max-FutureTime)/i;

export async function readHostApt(): Promise<HostApt> {
  const [targets, dump] = await Promise.all([
    run('apt-get', ['indextargets', '--format', '$(REPO_URI) $(RELEASE) $(COMPONENT) $(CREATED_BY)']),
    run('apt-config', ['dump']),
  ]);
  const mirrors = parseIndexTargets(targets.stdout);
  if (!mirrors.debian) {
    throw new BuildError(
      'packages',
      'apt on this machine names no Debian mirror: a source for Debian (such as bookworm or trixie, component main) is needed in /etc/apt/sources.list or /etc/apt/sources.list.d/.',
    );
  }
  const acquireOptions = dump.stdout.split('\n').filter((line) => networkOption.test(line));
  return { mirrors, acquireOptions };
}

/** The first mirror of each archive, in the order in which apt lists them. */
export function parseIndexTargets(text: string): HostApt['mirrors'] {
  const mirrors: Partial<Record<ArchiveName, string>> = {};
  for (const line of text.split('\n')) {
    const [uri, suite, component, createdBy] = line.split(' ');
    if (!uri || !suite || component !== 'main' || createdBy !== 'Packages' || !debianSuite.test(suite))
      continue;
    mirrors[suite.endsWith('-security') ? 'debian-security' : 'debian'] ??= uri.replace(/\/$/, '');
  }
  return mirrors;
}
