/**
 * Runs a program where there is nothing but itself: a read-only root directory without /proc, /dev and /tmp, and one
 * writable directory, `/data`. Needs root, or a kernel that lets users make namespaces of their own.
 */
import { execFileSync, type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';

export interface EmptyRootOptions {
  /** Becomes the root directory; must not exist. */
  readonly root: string;
  readonly executable: string;
  /** Runs the executable where the processor does not, itself a static program; null to run it directly. */
  readonly emulator: string | null;
  readonly words: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** `COMMAND` stands for the words that run the program once more, from within. */
export const again = 'COMMAND';

/** Throws, saying why, where such a place cannot be made: a test must fail then, and not pass by doing nothing. */
export function runInEmptyRoot(options: EmptyRootOptions): SpawnSyncReturns<string> {
  const { root, emulator } = options;
  mkdirSync(path.join(root, 'data'), { recursive: true });
  copyFileSync(options.executable, path.join(root, 'program'));
  if (emulator !== null) copyFileSync(whereIs(emulator), path.join(root, 'emulator'));
  const program = [...(emulator === null ? [] : ['/emulator']), '/program'];
  const words = options.words.flatMap((word) => (word === again ? program : [word]));
  const script =
    'set -e; root=$1; shift; mount --bind "$root" "$root"; mount -o remount,bind,ro "$root"; ' +
    'mount -t tmpfs tmpfs "$root/data"; exec chroot "$root" "$@"';
  const isRoot = process.getuid?.() === 0;
  const result = spawnSync(
    'unshare',
    [
      ...['--mount', ...(isRoot ? [] : ['--map-root-user']), 'sh', '-c', script, 'sh', root],
      ...[...program, ...words],
    ],
    {
      encoding: 'utf8',
      cwd: '/',
      // The programs that prepare the place are found by the shell; the program under test gets nothing else.
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ...options.environment },
      timeout: 240_000,
    },
  );
  if (result.error) throw new Error(`unshare cannot be started: ${result.error.message}`);
  if (/^unshare: /m.test(result.stderr)) {
    throw new Error(`this machine makes no mount namespaces, which this test needs: ${result.stderr}`);
  }
  return result;
}

function whereIs(program: string): string {
  return execFileSync('sh', ['-c', 'command -v "$1"', 'sh', program], { encoding: 'utf8' }).trim();
}
