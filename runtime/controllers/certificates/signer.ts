/** What is needed of somebody who has the key of a CA, and what a request for a certificate says. */

export interface RequestContents {
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly emails: readonly string[];
  readonly uris: readonly string[];
}

export interface SigningOrder {
  /** PKCS#10 in PEM; its own signature has been checked. */
  readonly request: string;
  /** As the API names them: `client auth`, `server auth`, `digital signature`, … */
  readonly usages: readonly string[];
  readonly validSeconds: number;
}

/** Such a certificate is never given. The message says why. */
export class SigningRefused extends Error {}

/** @returns the certificate in PEM, with those behind it that lead to a known CA. @throws SigningRefused */
export type CertificateSigner = (order: SigningOrder) => Promise<string>;
