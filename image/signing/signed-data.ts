/**
 * PKCS#7 signed data (RFC 2315) as UEFI wants it, with one signer, SHA-256 and RSA. RSA signatures of PKCS#1 v1.5 have
 * no chance in them and no date is written, so one key and one content give one result.
 */
import { createHash, type KeyObject, sign, verify, X509Certificate } from 'node:crypto';
import {
  type DerElement,
  decodeChildren,
  decodeDer,
  encodeContext,
  encodeDer,
  encodeObjectIdentifier,
  tag,
} from '../formats/der/der.ts';

export interface SigningIdentity {
  readonly certificate: X509Certificate;
  readonly privateKey: KeyObject;
}

const oid = {
  data: encodeObjectIdentifier('1.2.840.113549.1.7.1'),
  signedData: encodeObjectIdentifier('1.2.840.113549.1.7.2'),
  contentType: encodeObjectIdentifier('1.2.840.113549.1.9.3'),
  messageDigest: encodeObjectIdentifier('1.2.840.113549.1.9.4'),
  sha256: encodeObjectIdentifier('2.16.840.1.101.3.4.2.1'),
  rsa: encodeObjectIdentifier('1.2.840.113549.1.1.1'),
};
const nothing = encodeDer(tag.null);
export const sha256Algorithm = encodeDer(tag.sequence, oid.sha256, nothing);
const rsaAlgorithm = encodeDer(tag.sequence, oid.rsa, nothing);

/** Signed data that carries its content: `type` is an object identifier, `content` one element. In a ContentInfo. */
export function signContent(identity: SigningIdentity, type: Uint8Array, content: Uint8Array): Uint8Array {
  // The digest is of the content without its tag and length (RFC 2315, section 9.3).
  const digest = createHash('sha256').update(decodeDer(content).content).digest();
  const attributes = [
    encodeDer(tag.sequence, oid.contentType, encodeDer(tag.set, type)),
    encodeDer(tag.sequence, oid.messageDigest, encodeDer(tag.set, encodeDer(tag.octetString, digest))),
  ];
  const signature = sign('sha256', encodeDer(tag.set, ...attributes), identity.privateKey);
  const info = encodeDer(tag.sequence, type, encodeContext(0, content));
  const data = encodeSignedData(identity, info, signature, encodeContext(0, ...attributes));
  return encodeDer(tag.sequence, oid.signedData, encodeContext(0, data));
}

/** Signed data of bytes that lie elsewhere, without attributes and without a ContentInfo around it. */
export function signDetached(identity: SigningIdentity, bytes: Uint8Array): Uint8Array {
  const signature = sign('sha256', bytes, identity.privateKey);
  return encodeSignedData(identity, encodeDer(tag.sequence, oid.data), signature);
}

function encodeSignedData(
  { certificate }: SigningIdentity,
  contentInfo: Uint8Array,
  signature: Uint8Array,
  ...attributes: readonly Uint8Array[]
): Uint8Array {
  const { issuer, serialNumber } = namesOf(certificate);
  const version = encodeDer(tag.integer, Uint8Array.of(1));
  const signer = encodeDer(
    tag.sequence,
    ...[version, encodeDer(tag.sequence, issuer, serialNumber), sha256Algorithm, ...attributes],
    ...[rsaAlgorithm, encodeDer(tag.octetString, signature)],
  );
  return encodeDer(
    tag.sequence,
    ...[version, encodeDer(tag.set, sha256Algorithm), contentInfo, encodeContext(0, certificate.raw)],
    encodeDer(tag.set, signer),
  );
}

/** Issuer and serial number as the certificate itself encodes them. */
function namesOf(certificate: X509Certificate): { issuer: Uint8Array; serialNumber: Uint8Array } {
  const body = decodeChildren(decodeDer(decodeDer(certificate.raw).content).content);
  // A version comes first in certificates of version 3.
  const [serialNumber, , issuer] = body[0]?.tag === 0xa0 ? body.slice(1) : body;
  return { issuer: issuer!.whole, serialNumber: serialNumber!.whole };
}

export interface SignedContent {
  readonly content: DerElement;
  readonly certificate: X509Certificate;
  /** Whether the certificate's key signed this content. */
  readonly isValid: boolean;
}

/** Reads what `signContent` writes, and what others write alike. @throws RangeError or Error when it is another thing. */
export function readSignedContent(bytes: Uint8Array): SignedContent {
  const [, data] = decodeChildren(decodeDer(bytes).content);
  const [, , info, certificates, ...rest] = decodeChildren(decodeDer(required(data).content).content);
  const [type, explicit] = decodeChildren(required(info).content);
  const content = decodeDer(required(explicit).content);
  const certificate = new X509Certificate(decodeDer(required(certificates).content).whole);
  const signer = decodeDer(required(rest.find((element) => element.tag === tag.set)).content);
  const [, , , attributes, , signature] = decodeChildren(signer.content);
  const signed = encodeDer(tag.set, required(attributes).content);
  const digest = createHash('sha256').update(content.content).digest();
  const isValid =
    attributeOf(required(attributes), oid.contentType)?.equals(required(type).whole) === true &&
    attributeOf(required(attributes), oid.messageDigest)?.equals(encodeDer(tag.octetString, digest)) ===
      true &&
    verify('sha256', signed, certificate.publicKey, required(signature).content);
  return { content, certificate, isValid };
}

/** Whether the certificate's key made this signature of `signDetached`. */
export function isDetachedSignature(
  bytes: Uint8Array,
  signature: Uint8Array,
  certificate: X509Certificate,
): boolean {
  const signers = required(decodeChildren(decodeDer(signature).content).at(-1));
  const value = required(decodeChildren(decodeDer(signers.content).content).at(-1));
  return verify('sha256', bytes, certificate.publicKey, value.content);
}

function attributeOf(attributes: DerElement, type: Uint8Array): Buffer | null {
  for (const attribute of decodeChildren(attributes.content)) {
    const [name, values] = decodeChildren(attribute.content);
    if (name && values && Buffer.from(name.whole).equals(type)) return Buffer.from(values.content);
  }
  return null;
}

function required(element: DerElement | undefined): DerElement {
  if (element === undefined) throw new Error('a signature lacks a part that every signature has');
  return element;
}
