/**
 * `trivet recovery-key FILE`, at the operator's computer: prints the key that opens a machine's encrypted data partition.
 * `trivet recovery-key --make`, on the machine: makes that key, and writes it down for the operators.
 */
import { readFileSync, statSync } from 'node:fs';
import os from 'node:os';
import { operatorDirectory, operatorFingerprint, readOperatorKey } from '../operator/operator-key.ts';
import { makeRecoveryKey } from '../recovery/make-key.ts';
import { openSealedKey } from '../recovery/sealed-key.ts';
import { readDevice } from '../updates/device.ts';
import { CommandError, usageError } from './command-error.ts';

export interface RecoveryKeyOptions {
  readonly make: boolean;
  /** Where the operator's key is. */
  readonly keys: string | undefined;
}

const fileLimitBytes = 64 * 1024;

export async function recoveryKeyCommand(
  file: string | undefined,
  { make, keys }: RecoveryKeyOptions,
): Promise<void> {
  if (make !== (file === undefined) || (make && keys !== undefined))
    throw usageError('recovery-key needs a FILE, recovery/NAME.json of a machine’s boot partition.');
  if (file === undefined) return await makeOne();
  const key = readOperatorKey(keys ?? operatorDirectory());
  const opened = openSealedKey(readSmall(file), key.privateKey);
  switch (opened.kind) {
    case 'opened':
      process.stderr.write(`trivet: the key of ${opened.origin.machine}, volume ${opened.origin.volume}\n`);
      process.stdout.write(`${opened.key}\n`);
      return;
    case 'other':
      throw new CommandError(
        `${file} is for the operator ${opened.operator} (${operatorFingerprint(opened.operatorKey)}), and ${key.file} is another key (${operatorFingerprint(key.publicKey)}): name the directory of that one with --keys, or take the file of your name.`,
      );
    case 'damaged':
      throw new CommandError(`${file} cannot be used: ${opened.reason}.`);
  }
}

async function makeOne(): Promise<void> {
  const names = await makeRecoveryKey(readDevice(), os.hostname());
  const files = names.map((name) => `recovery/${name}.json`).join(', ');
  process.stdout.write(
    `A recovery key of the data partition was made; it is on the boot partition for its operators alone: ${files}\n`,
  );
}

function readSmall(file: string): string {
  try {
    if (statSync(file).size > fileLimitBytes) return '';
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new CommandError(
      `${file} cannot be read: ${code === 'ENOENT' ? 'there is no such file' : message}.`,
    );
  }
}
