/**
 * A member's credentials, whose certificates are replaced in place: everybody who holds them sees the new ones. What is asked of
 * them many times a second is worked out once.
 */
import { X509Certificate } from 'node:crypto';
import { caHashOf } from '../peers/token.ts';
import { type Credentials, isIssuedBy, issuedAtOf, splitBundle } from '../peers/trust.ts';
import { hashOfBundle } from './authority.ts';

export type RenewedCertificates = Pick<Credentials, 'certificate' | 'caCertificate'>;

interface Facts {
  readonly issuedAt: number;
  readonly authority: string;
  readonly bundleHash: string;
}

export class RenewableCredentials implements Credentials {
  readonly clusterId: Credentials['clusterId'];
  readonly nodeId: Credentials['nodeId'];
  readonly privateKey: string;
  #renewed: RenewedCertificates;
  #facts: Facts;

  /** Throws when a certificate cannot be read. */
  constructor(credentials: Credentials) {
    this.clusterId = credentials.clusterId;
    this.nodeId = credentials.nodeId;
    this.privateKey = credentials.privateKey;
    this.#facts = factsOf(credentials);
    this.#renewed = credentials;
  }

  get certificate(): string {
    return this.#renewed.certificate;
  }

  get caCertificate(): string {
    return this.#renewed.caCertificate;
  }

  /** When the certificate was issued, in seconds of the cluster's clock. */
  get issuedAt(): number {
    return this.#facts.issuedAt;
  }

  /** The beginning of the hash of the CA that has signed the certificate; empty when that CA is not known any more. */
  get authority(): string {
    return this.#facts.authority;
  }

  /** The hash of all CAs that are known. */
  get bundleHash(): string {
    return this.#facts.bundleHash;
  }

  /** Throws when a certificate cannot be read; then nothing has changed. */
  replace(renewed: RenewedCertificates): void {
    this.#facts = factsOf(renewed);
    this.#renewed = renewed;
  }
}

function factsOf({ certificate, caCertificate }: RenewedCertificates): Facts {
  const own = new X509Certificate(certificate);
  const issuer = splitBundle(caCertificate).find((ca) => isIssuedBy(own, new X509Certificate(ca)));
  return {
    issuedAt: issuedAtOf(own),
    authority: issuer === undefined ? '' : caHashOf(issuer),
    bundleHash: hashOfBundle(caCertificate),
  };
}
