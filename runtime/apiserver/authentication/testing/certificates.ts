/** Certificates for tests of who asks: authorities, and whom they vouch for. */
import 'reflect-metadata';
import { webcrypto, X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const dayMilliseconds = 24 * 60 * 60 * 1_000;

x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);

export interface Issued {
  readonly certificate: X509Certificate;
  readonly pem: string;
  readonly privateKey: string;
  /** Vouches for another, whether it is an authority or not. */
  readonly issue: (subject: string, options?: IssueOptions) => Promise<Issued>;
}

export interface IssueOptions {
  /** Default: a day ago until tomorrow. */
  readonly validFrom?: Date;
  readonly validTo?: Date;
  /** Extended key usages; default none. */
  readonly usages?: readonly string[];
  readonly isAuthority?: boolean;
  readonly address?: string;
  readonly hostName?: string;
}

export const clientUsage = '1.3.6.1.5.5.7.3.2';
export const serverUsage = '1.3.6.1.5.5.7.3.1';

export async function makeAuthority(subject: string): Promise<Issued> {
  return await make(subject, { isAuthority: true }, null);
}

interface Issuer {
  readonly subject: string;
  readonly key: webcrypto.CryptoKey;
}

async function make(subject: string, options: IssueOptions, issuer: Issuer | null): Promise<Issued> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const { validFrom, validTo, usages = [], isAuthority = false, address, hostName } = options;
  const names = [
    ...(address === undefined ? [] : [{ type: 'ip' as const, value: address }]),
    ...(hostName === undefined ? [] : [{ type: 'dns' as const, value: hostName }]),
  ];
  const certificate = await x509.X509CertificateGenerator.create({
    subject,
    issuer: issuer?.subject ?? subject,
    notBefore: validFrom ?? new Date(Date.now() - dayMilliseconds),
    notAfter: validTo ?? new Date(Date.now() + dayMilliseconds),
    publicKey: keys.publicKey,
    signingKey: issuer?.key ?? keys.privateKey,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(isAuthority, undefined, true),
      ...(usages.length === 0 ? [] : [new x509.ExtendedKeyUsageExtension([...usages])]),
      ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)]),
    ],
  });
  const pem = certificate.toString('pem');
  const exported = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    certificate: new X509Certificate(pem),
    pem,
    privateKey: x509.PemConverter.encode(exported, 'PRIVATE KEY'),
    issue: async (name, more = {}) =>
      await make(name, more, { subject: certificate.subject, key: keys.privateKey }),
  };
}
