/** The programs of the host that a machine needs, and the Debian packages they are in. */
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import type { Board } from './board.ts';
import { MachineError } from './machine-error.ts';

const programs: readonly (readonly [program: string, debianPackage: string])[] = [
  ['qemu-img', 'qemu-utils'],
  ['setpriv', 'util-linux'],
];

/** Throws `MachineError` that says what to install. */
export function requirePrograms(board: Board, withTpm = false, searchPath = process.env.PATH ?? ''): void {
  const tpm = withTpm ? ([['swtpm', 'swtpm']] as const) : [];
  const needed = [[board.program, board.debianPackage] as const, ...programs, ...tpm];
  const missing = needed.filter(([program]) => !isInstalled(program, searchPath));
  if (missing.length === 0) return;
  const names = missing.map(([program]) => program).join(', ');
  const packages = missing.map(([, debianPackage]) => debianPackage).join(' ');
  throw new MachineError(
    'missingProgram',
    `Not installed: ${names}. On Debian: apt-get install --no-install-recommends ${packages}`,
  );
}

function isInstalled(program: string, searchPath: string): boolean {
  return searchPath.split(path.delimiter).some((directory) => {
    try {
      accessSync(path.join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
