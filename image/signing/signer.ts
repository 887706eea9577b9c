/** What a build signs with: keys, or the signatures that an earlier build of the same image made. */
import { signProgram } from './authenticode.ts';
import { type EnrolmentFiles, makeEnrolmentFiles } from './enrolment.ts';
import { type ImageKeys, type KeyKind, signFile } from './image-keys.ts';

export interface Signer {
  readonly kind: KeyKind;
  /** Ed25519, PEM; devices check updates with it. */
  readonly publicKeyPem: string;
  readonly enrolment: EnrolmentFiles;
  /** @param name of the program, for messages. */
  signProgram(name: string, program: Uint8Array): Uint8Array;
  /** The raw Ed25519 signature. */
  signFile(bytes: Uint8Array): Uint8Array;
}

export function signerOf(keys: ImageKeys): Signer {
  return {
    kind: keys.kind,
    publicKeyPem: keys.publicKeyPem,
    enrolment: makeEnrolmentFiles(keys.secureBoot),
    signProgram: (name, program) => signProgram(keys.secureBoot.db, name, program),
    signFile: (bytes) => signFile(keys, bytes),
  };
}
