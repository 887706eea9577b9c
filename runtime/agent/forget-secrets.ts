/**
 * A machine that has become a member forgets the enrolment secret, or the token that it came with: in the copies that it keeps of
 * its configuration, and in the file on the boot partition. Of the image's own file, of a cloud and of a hypervisor it cannot take
 * anything away.
 */
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { LoadedConfig } from '../config/load.ts';
import { memberFile } from '../config/member-file.ts';
import { withoutSecrets } from '../config/without-secrets.ts';
import { overwriteFile, wipeFile } from '../files/durable.ts';
import type { Log } from '../logging/log.ts';

type Home = Pick<LoadedConfig, 'home' | 'keptFiles'>;

/** Of a blank machine nothing is taken. @param bootPartition the file there; null where none is used. */
export function forgetSecrets(loaded: Home, bootPartition: string | null, log: Log): void {
  if (!existsSync(memberFile(loaded.home))) return;
  forgetKeptSecrets(loaded, log);
  // Asks for it to be done by who may write there (trivet-forget.path).
  const request = path.join(loaded.home, 'forget-secret');
  if (bootPartition !== null) forgetOnBootPartition(bootPartition, request, log);
}

/** In the copies alone; on a member, before they are written anew. */
export function forgetKeptSecrets({ home, keptFiles }: Home, log: Log): void {
  if (!existsSync(memberFile(home))) return;
  for (const file of keptFiles) {
    try {
      if (forgetIn(file) === 'unable') wipeFile(file);
    } catch (error) {
      log.warn(`The enrolment secret could not be taken out of ${file}: ${(error as Error).message}`);
    }
  }
}

function forgetOnBootPartition(file: string, request: string, log: Log): void {
  try {
    const outcome = forgetIn(file);
    if (outcome === 'taken') log.info({ file }, 'the enrolment secret was taken out of this file');
    if (outcome === 'unable') log.warn(unableMessage(file));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EROFS') closeSync(openSync(request, 'w', 0o600));
    else log.warn(`The enrolment secret could not be taken out of ${file}: ${message}`);
  }
}

/** What a person has to do where the file is written in an unusual way. */
export function unableMessage(file: string): string {
  return `The enrolment secret cannot be taken out of ${file} as it is written there: this machine does not need it any more; take it out on another computer.`;
}

/**
 * Takes secret and token out of a configuration, in its place on the disk, so that nothing of them stays. Cut off half way it may
 * leave a text that is not taken; a member does without. Throws what reading and writing throw; a file that is not there is none.
 */
export function forgetIn(file: string): 'nothing' | 'taken' | 'unable' {
  if (!existsSync(file)) return 'nothing';
  const withdrawal = withoutSecrets(readFileSync(file, 'utf8'));
  if (withdrawal.kind === 'taken') overwriteFile(file, withdrawal.bytes);
  return withdrawal.kind;
}
