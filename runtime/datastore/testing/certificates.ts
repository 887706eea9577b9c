/** Certificates for tests of TLS: an authority, and who it vouches for, as PEM files. */
import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import * as x509 from '@peculiar/x509';
import type { EtcdTlsFiles } from '../etcd/etcd-client.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const dayMilliseconds = 24 * 60 * 60 * 1_000;

export class Authority {
  readonly #directory: string;
  readonly #name: string;
  readonly #keys: webcrypto.CryptoKeyPair;
  readonly #certificate: x509.X509Certificate;

  private constructor(
    directory: string,
    name: string,
    keys: webcrypto.CryptoKeyPair,
    certificate: x509.X509Certificate,
  ) {
    this.#directory = directory;
    this.#name = name;
    this.#keys = keys;
    this.#certificate = certificate;
    writeFileSync(path.join(directory, `${name}.pem`), certificate.toString('pem'));
  }

  static async make(directory: string, name: string): Promise<Authority> {
    x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);
    const keys = await newKeys();
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      ...validity(),
      name: `CN=${name}`,
      keys,
      signingAlgorithm: algorithm,
      extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
    });
    return new Authority(directory, name, keys, certificate);
  }

  /** A certificate for 127.0.0.1, good for servers and clients; the paths of its files. */
  async issue(name: string): Promise<EtcdTlsFiles> {
    const keys = await newKeys();
    const certificate = await x509.X509CertificateGenerator.create({
      ...validity(),
      subject: `CN=${name}`,
      issuer: this.#certificate.subject,
      publicKey: keys.publicKey,
      signingKey: this.#keys.privateKey,
      signingAlgorithm: algorithm,
      extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }])],
    });
    const file = (end: string): string => path.join(this.#directory, `${this.#name}-${name}.${end}`);
    writeFileSync(file('pem'), certificate.toString('pem'));
    const exported = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
    writeFileSync(file('key'), x509.PemConverter.encode(exported, 'PRIVATE KEY'));
    return {
      ca: path.join(this.#directory, `${this.#name}.pem`),
      certificate: file('pem'),
      key: file('key'),
    };
  }
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, [
    'sign',
    'verify',
  ]) as Promise<webcrypto.CryptoKeyPair>;
}

function validity(): { serialNumber: string; notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return {
    serialNumber: randomBytes(8).toString('hex'),
    notBefore: new Date(now - dayMilliseconds),
    notAfter: new Date(now + dayMilliseconds),
  };
}
