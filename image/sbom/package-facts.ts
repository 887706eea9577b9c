/** What Debian packages say about themselves: control fields, licences, and which paths they bring. Cached. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Cache, cached, cacheKey } from '../cache/cache.ts';
import { packageFile } from '../packages/fetch.ts';
import type { Package } from '../packages/package.ts';
import { run } from '../process/run.ts';
import { licenseOfCopyright } from './copyright-file.ts';

export interface PackageFacts {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly sha256: string;
  /** The source package it was built from, and that one's version. */
  readonly source: { readonly name: string; readonly version: string };
  readonly maintainer: string;
  readonly homepage: string | null;
  /** An SPDX expression; null when the copyright file is not machine readable. */
  readonly license: string | null;
  /** Relative to the root, below /usr where /usr is merged. */
  readonly paths: readonly string[];
}

/** Counts up when the facts change their form. */
const format = 1;

/** @param tree where the packages are unpacked. */
export async function readPackageFacts(
  cache: Cache,
  packages: readonly Package[],
  tree: string,
): Promise<readonly PackageFacts[]> {
  const key = cacheKey({ format, packages: packages.map((item) => item.sha256), source: await ownSource() });
  const directory = await cached(cache, 'package-facts', key, async (output) => {
    const facts: PackageFacts[] = [];
    for (const item of packages) facts.push(await readFacts(cache, item, tree));
    await writeFile(path.join(output, 'facts.json'), JSON.stringify(facts));
  });
  return JSON.parse(await readFile(path.join(directory, 'facts.json'), 'utf8')) as PackageFacts[];
}

/** How copyright files are read decides too. */
function ownSource(): Promise<string> {
  return readFile(new URL('./copyright-file.ts', import.meta.url), 'utf8');
}

async function readFacts(cache: Cache, item: Package, tree: string): Promise<PackageFacts> {
  const file = packageFile(cache, item);
  const { stdout: control } = await run('dpkg-deb', ['--field', file]);
  const { stdout: contents } = await run('dpkg-deb', ['--contents', file]);
  const copyright = path.join(tree, 'usr/share/doc', item.name, 'copyright');
  const text = await readFile(copyright, 'utf8').catch(() => '');
  return {
    ...{ name: item.name, version: item.version, architecture: item.architecture, sha256: item.sha256 },
    ...parseControl(control, item.version),
    license: licenseOfCopyright(text),
    paths: parseContents(contents),
  };
}

/** @param control as `dpkg-deb --field` prints it. */
export function parseControl(
  control: string,
  version: string,
): Pick<PackageFacts, 'source' | 'maintainer' | 'homepage'> & { readonly name: string } {
  const field = (name: string): string | null =>
    new RegExp(`^${name}: (.+)$`, 'm').exec(control)?.[1] ?? null;
  const name = field('Package') ?? '';
  // "Source: NAME (VERSION)"; both may be left out when they are the package's own.
  const [, source = name, sourceVersion = version] =
    /^(\S+)(?: \((.+)\))?$/.exec(field('Source') ?? name) ?? [];
  return {
    name,
    source: { name: source, version: sourceVersion },
    maintainer: field('Maintainer') ?? 'unknown',
    homepage: field('Homepage'),
  };
}

/** The files and links of `dpkg-deb --contents`: mode, owner, size, date, time, path, and where a link leads. */
export function parseContents(contents: string): string[] {
  return contents.split('\n').flatMap((line) => {
    const match = /^([-lh])\S+ +\S+ +\S+ +\S+ +\S+ \.\/(.+)$/.exec(line);
    if (match === null) return [];
    const name = match[2]!.replace(match[1] === 'l' ? / -> .*$/ : / link to .*$/, '');
    return [name.replace(/^(bin|sbin|lib|lib64)\//, 'usr/$1/')];
  });
}
