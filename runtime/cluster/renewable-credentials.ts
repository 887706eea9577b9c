/** A member's credentials, whose certificates are replaced in place: everybody who holds them sees the new ones. */
import type { Credentials } from '../peers/trust.ts';

export type RenewedCertificates = Pick<Credentials, 'certificate' | 'caCertificate'>;

export class RenewableCredentials implements Credentials {
  readonly clusterId: Credentials['clusterId'];
  readonly nodeId: Credentials['nodeId'];
  readonly privateKey: string;
  #renewed: RenewedCertificates;

  constructor(credentials: Credentials) {
    this.clusterId = credentials.clusterId;
    this.nodeId = credentials.nodeId;
    this.privateKey = credentials.privateKey;
    this.#renewed = credentials;
  }

  get certificate(): string {
    return this.#renewed.certificate;
  }

  get caCertificate(): string {
    return this.#renewed.caCertificate;
  }

  replace(renewed: RenewedCertificates): void {
    this.#renewed = renewed;
  }
}
