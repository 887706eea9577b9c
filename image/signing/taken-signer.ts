/** Hands out the signatures of a finished image, so that anyone can build again what somebody else has signed. */
import { attachSignature, splitSignature } from '../formats/pe/signature.ts';
import { signatureFits } from './authenticode.ts';
import type { EnrolmentFiles } from './enrolment.ts';
import { isSignedBy, type KeyKind } from './image-keys.ts';
import type { Signer } from './signer.ts';

export interface TakenSignatures {
  readonly kind: KeyKind;
  readonly publicKeyPem: string;
  readonly enrolment: EnrolmentFiles;
  /** The image's signed programs. */
  readonly programs: readonly Uint8Array[];
  /** Signatures of files. */
  readonly fileSignatures: readonly Uint8Array[];
}

export function takenSigner(taken: TakenSignatures): Signer {
  const signatures = taken.programs.flatMap((program) => splitSignature(program).signature ?? []);
  return {
    ...{ kind: taken.kind, publicKeyPem: taken.publicKeyPem, enrolment: taken.enrolment },
    signProgram: (_name, program) => {
      // Another program than before has no signature. It gets one that does not fit, of the same length, so that what
      // follows it lies where it lay, and the comparison of the images shows just this program.
      const fitting = signatures.find((signature) => signatureFits(signature, program));
      return attachSignature(program, fitting ?? signatures[0] ?? new Uint8Array());
    },
    signFile: (bytes) =>
      taken.fileSignatures.find((one) => isSignedBy(taken.publicKeyPem, bytes, one)) ?? new Uint8Array(64),
  };
}
