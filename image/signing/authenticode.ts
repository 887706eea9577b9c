/** Signs boot programs as firmware wants it (Authenticode), and reads who signed one. */
import { createHash, type X509Certificate } from 'node:crypto';
import { BuildError } from '../build-error.ts';
import { decodeChildren, encodeContext, encodeDer, encodeObjectIdentifier, tag } from '../formats/der/der.ts';
import { attachSignature, signedPieces, splitSignature } from '../formats/pe/signature.ts';
import { readSignedContent, type SigningIdentity, sha256Algorithm, signContent } from './signed-data.ts';

/** SPC_INDIRECT_DATA and SPC_PE_IMAGE_DATA: the digest of an executable, and that it is one. */
const indirectData = encodeObjectIdentifier('1.3.6.1.4.1.311.2.1.4');
const imageData = encodeObjectIdentifier('1.3.6.1.4.1.311.2.1.15');
/** An empty file name, which nobody reads. */
const imageLink = encodeContext(0, encodeContext(2, encodeDer(0x80)));

export interface ProgramSignature {
  readonly certificate: X509Certificate;
  /** The key signed a digest, and it is that of this program. */
  readonly isValid: boolean;
}

/** @param name for messages. */
export function signProgram(identity: SigningIdentity, name: string, program: Uint8Array): Uint8Array {
  try {
    return attachSignature(program, signContent(identity, indirectData, contentOf(digestOf(program))));
  } catch (cause) {
    throw new BuildError('damaged-input', `${name} cannot be signed: ${(cause as Error).message}.`, {
      cause,
    });
  }
}

/** Who signed a program; null when nobody did. @throws Error when its signature cannot be read. */
export function readProgramSignature(program: Uint8Array): ProgramSignature | null {
  const { signature } = splitSignature(program);
  if (signature === null) return null;
  const signed = readSignedContent(signature);
  const [, digestInfo] = decodeChildren(signed.content.content);
  const digest = decodeChildren(digestInfo?.content ?? new Uint8Array()).at(1)?.content ?? new Uint8Array();
  return {
    certificate: signed.certificate,
    isValid: signed.isValid && digestOf(program).equals(digest),
  };
}

/** Whether a signature, as `splitSignature` gives it, is of this program. */
export function signatureFits(signature: Uint8Array, program: Uint8Array): boolean {
  return readProgramSignature(attachSignature(program, signature))?.isValid === true;
}

function digestOf(program: Uint8Array): Buffer {
  const hash = createHash('sha256');
  for (const piece of signedPieces(program)) hash.update(piece);
  return hash.digest();
}

function contentOf(digest: Uint8Array): Uint8Array {
  const noFlags = encodeDer(tag.bitString, Uint8Array.of(0));
  return encodeDer(
    tag.sequence,
    encodeDer(tag.sequence, imageData, encodeDer(tag.sequence, noFlags, imageLink)),
    encodeDer(tag.sequence, sha256Algorithm, encodeDer(tag.octetString, digest)),
  );
}
