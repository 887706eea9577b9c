/** The X.509 certificates of Secure Boot keys: each signs itself, since firmware holds the certificate and not a chain. */
import { createHash, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
// The certificate library's dependency container wants this once, before it is loaded.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } as const;

export interface CertificateOptions {
  /** What a person reads in a firmware's menu. */
  readonly name: string;
  /** RSA. */
  readonly privateKey: KeyObject;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** The same certificate for the same options: its serial number follows from the key. */
export async function makeCertificate(options: CertificateOptions): Promise<X509Certificate> {
  const { name, privateKey, notBefore, notAfter } = options;
  const publicKey = createPublicKey(privateKey);
  const digest = createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest();
  // A serial number is positive: the first bit is none.
  digest[0] = (digest[0]! & 0x7f) | 0x40;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: digest.subarray(0, 16).toString('hex'),
    name: `CN=${name}`,
    ...{ notBefore, notAfter, signingAlgorithm: algorithm },
    keys: {
      privateKey: privateKey.toCryptoKey(algorithm, false, ['sign']),
      publicKey: publicKey.toCryptoKey(algorithm, true, ['verify']),
    },
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyCertSign, true),
    ],
  });
  return new X509Certificate(Buffer.from(certificate.rawData));
}
