/**
 * The files from which systemd-boot sets a machine's Secure Boot keys while the firmware is in setup mode: each is a
 * variable's content with a signature (UEFI specification, "EFI_VARIABLE_AUTHENTICATION_2" and "EFI_SIGNATURE_LIST").
 */
import { createHash, X509Certificate } from 'node:crypto';
import { guidBytes } from '../formats/gpt/gpt.ts';
import { decodeRecord, encodeRecord, type Layout } from '../formats/struct.ts';
import { isDetachedSignature, type SigningIdentity, signDetached } from './signed-data.ts';

export interface SecureBootKeys {
  /** The platform key: who owns it may change KEK. */
  readonly PK: SigningIdentity;
  /** The key exchange key: who owns it may change db. */
  readonly KEK: SigningIdentity;
  /** What it signs may be started. */
  readonly db: SigningIdentity;
}

export const enrolmentNames = ['PK', 'KEK', 'db'] as const;
export type EnrolmentName = (typeof enrolmentNames)[number];
export type EnrolmentFiles = Readonly<Record<EnrolmentName, Uint8Array>>;

const globalVariable = '8be4df61-93ca-11d2-aa0d-00e098032b8c';
const vendors: Readonly<Record<EnrolmentName, string>> = {
  PK: globalVariable,
  KEK: globalVariable,
  db: 'd719b2cb-3d3a-4596-a3bc-dad00e67656f',
};
const signedBy: Readonly<Record<EnrolmentName, EnrolmentName>> = { PK: 'PK', KEK: 'PK', db: 'KEK' };

/** Non-volatile, boot services, run time, authenticated by time. */
const variableAttributes = 0x27;
const certificateType = 'a5c059a1-94e4-4aa7-87b5-ab155c2bf072';
const pkcs7Type = '4aafd29d-68df-49ee-8aa9-347d375665a7';

const authenticationHeader = {
  year: { offset: 0, type: 'u16' },
  month: { offset: 2, type: 'u8' },
  day: { offset: 3, type: 'u8' },
  /** WIN_CERTIFICATE_UEFI_GUID. */
  size: { offset: 16, type: 'u32' },
  revision: { offset: 20, type: 'u16' },
  type: { offset: 22, type: 'u16' },
  certificateType: { offset: 24, type: 'bytes16' },
} as const satisfies Layout;
const authenticationHeaderSize = 40;
const timestampSize = 16;

const signatureList = {
  type: { offset: 0, type: 'bytes16' },
  listSize: { offset: 16, type: 'u32' },
  headerSize: { offset: 20, type: 'u32' },
  signatureSize: { offset: 24, type: 'u32' },
  owner: { offset: 28, type: 'bytes16' },
} as const satisfies Layout;
const signatureListSize = 44;

/** The date of all variables: firmware takes a variable that exists only with a later one, and asks for none at first. */
const date = { year: 2026, month: 1, day: 1 };

export function makeEnrolmentFiles(keys: SecureBootKeys): EnrolmentFiles {
  const make = (name: EnrolmentName): Uint8Array =>
    encodeVariable(name, encodeList(keys[name].certificate, ownerOf(keys)), keys[signedBy[name]]);
  return { PK: make('PK'), KEK: make('KEK'), db: make('db') };
}

/** The certificate that a file brings. @throws RangeError or Error when it is no such file. */
export function readEnrolmentFile(file: Uint8Array): X509Certificate {
  const { content } = splitVariable(file);
  const list = decodeRecord(signatureList, content);
  return new X509Certificate(content.subarray(signatureListSize, list.listSize));
}

/** Names of the files that are not signed as they must be, or cannot be read. */
export function damagedEnrolmentFiles(files: EnrolmentFiles): readonly EnrolmentName[] {
  return enrolmentNames.filter((name) => {
    try {
      const { timestamp, signature, content } = splitVariable(files[name]);
      const signer = readEnrolmentFile(files[signedBy[name]]);
      return !isDetachedSignature(signedBytes(name, timestamp, content), signature, signer);
    } catch {
      return true;
    }
  });
}

function splitVariable(
  file: Uint8Array,
): Readonly<Record<'timestamp' | 'signature' | 'content', Uint8Array>> {
  const contentAt = timestampSize + decodeRecord(authenticationHeader, file).size;
  return {
    timestamp: file.subarray(0, timestampSize),
    signature: file.subarray(authenticationHeaderSize, contentAt),
    content: file.subarray(contentAt),
  };
}

function encodeVariable(name: EnrolmentName, content: Uint8Array, signer: SigningIdentity): Uint8Array {
  const shared = { ...date, revision: 0x0200, type: 0x0ef1, certificateType: guidBytes(pkcs7Type) };
  const encode = (size: number): Uint8Array =>
    encodeRecord(authenticationHeader, authenticationHeaderSize, { ...shared, size });
  const timestamp = encode(0).subarray(0, timestampSize);
  const signature = signDetached(signer, signedBytes(name, timestamp, content));
  const header = encode(authenticationHeaderSize - timestampSize + signature.length);
  return Buffer.concat([header, signature, content]);
}

function signedBytes(name: EnrolmentName, timestamp: Uint8Array, content: Uint8Array): Uint8Array {
  const attributes = new Uint8Array(Uint32Array.of(variableAttributes).buffer);
  return Buffer.concat([
    ...[Buffer.from(name, 'utf16le'), guidBytes(vendors[name]), attributes, timestamp, content],
  ]);
}

function encodeList(certificate: X509Certificate, owner: Uint8Array): Uint8Array {
  const header = encodeRecord(signatureList, signatureListSize, {
    type: guidBytes(certificateType),
    listSize: signatureListSize + certificate.raw.length,
    headerSize: 0,
    signatureSize: 16 + certificate.raw.length,
    owner,
  });
  return Buffer.concat([header, certificate.raw]);
}

/** Sixteen bytes that name the owner: they follow from the platform key. */
function ownerOf({ PK }: SecureBootKeys): Uint8Array {
  return createHash('sha256').update(PK.certificate.raw).digest().subarray(0, 16);
}
