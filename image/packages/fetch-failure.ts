/** What a failure of apt to fetch something means for whoever builds, and what to do about it. Pure. */

/** A file that was asked for, as a person knows it. */
export interface Wanted {
  /** Its path on the mirror. */
  readonly path: string;
  readonly name: string;
  readonly version: string;
}

/** @param said all that apt said. */
export function explainFetchFailure(said: string, wanted: readonly Wanted[]): string {
  const failures = said.split('\n').filter((line) => /^\s*E: Failed to fetch/.test(line));
  const first = (failures[0] ?? said).trim().replace(/^E: Failed to fetch /, '');
  const item = wanted.find(({ path }) => first.includes(path) || (wanted.length === 1 && path !== ''));
  const what = item === undefined ? 'A package' : `The package ${item.name} ${item.version}`;
  if (/Hash Sum mismatch|Hashes of (expected|received) file/.test(said)) {
    return `${what} that the mirror gave is not the one that is asked for (its digest differs): the lock file was changed, or the mirror or what lies between is broken. Nothing of it was used.`;
  }
  if (/404\s+Not Found/.test(said)) {
    return `${what} is no longer on the mirror: Debian keeps only the current version of each. Build without --lock to take that, or put the old file back into the cache.\n  ${first}`;
  }
  return `What the build needs cannot be fetched from the mirror. Check the network and the mirror in /etc/apt; with everything in the cache, --offline needs neither.\n  ${first}`;
}
