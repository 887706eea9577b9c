/** What this is: version and commit, compiled in when the executable is built, and asked of the checkout otherwise. */
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';

interface Build {
  readonly version: string;
  /** Short hash, with a `+` when files were changed since; `unknown` outside of git. */
  readonly commit: string;
  readonly linkage: 'static' | 'dynamic';
}

declare const TRIVET_BUILD: Build | undefined;

/** Null in a checkout, where Node runs the sources themselves. */
const build: Build | null = typeof TRIVET_BUILD === 'undefined' ? null : TRIVET_BUILD;

export const isPackaged: boolean = build !== null;

export const version: string = build?.version ?? versionOfCheckout();

/** How this program is linked; a checkout runs on the Node of its machine. */
export const linkage: Build['linkage'] = build?.linkage ?? 'dynamic';

function versionOfCheckout(): string {
  const manifest = createRequire(import.meta.url)('../package.json') as { version: string };
  return manifest.version;
}

/** The commit that this was built from, or that is checked out. */
export function commit(): string {
  return build?.commit ?? commitOf(path.resolve(import.meta.dirname, '..'));
}

/** The commit that is checked out in a directory. */
export function commitOf(directory: string): string {
  const git = (...words: string[]): string =>
    execFileSync('git', ['-C', directory, ...words], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  try {
    const hash = git('rev-parse', '--short=12', 'HEAD');
    return git('status', '--porcelain', '--untracked-files=no') === '' ? hash : `${hash}+`;
  } catch {
    // No git, or a copy of the files without its history.
    return 'unknown';
  }
}
