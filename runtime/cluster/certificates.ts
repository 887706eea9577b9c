/**
 * The cluster's own certificate authority and the nodes' certificates (X.509 v3, ECDSA P-256). A node's identity
 * is in a URI subject alternative name, `nodeUri`; its subject is only for people. Loaded only when a certificate
 * is made: the library takes a noticeable part of an agent's start.
 */
import { createPrivateKey, createPublicKey, randomBytes, webcrypto } from 'node:crypto';
// The certificate library's dependency container wants this once, before it is loaded.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { issuedUri, nodeUri, type PeerIdentity } from '../peers/trust.ts';
import type { CertificateAuthority } from './authority.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/**
 * Fixed dates, far apart: peers do not judge them, since a device may have no clock, other TLS clients do. Peers judge by the
 * cluster's clock, whose time of issue is in a name of the certificate.
 */
const validity = { notBefore: new Date('2020-01-01T00:00:00Z'), notAfter: new Date('2055-01-01T00:00:00Z') };

/**
 * Every node serves the API under these names, wherever it is reached: its addresses change, and clients may come through others.
 * A kubeconfig names the first (`tls-server-name`).
 */
const apiNames = [
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
  'localhost',
];
const ownAddresses = ['127.0.0.1', '::1'];

/** Makes a new CA for a cluster. */
export async function createCertificateAuthority(
  clusterName: string,
  clusterId: string,
): Promise<CertificateAuthority> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerialNumber(),
    name: `CN=Trivet cluster ${clusterName}, O=${clusterId}`,
    ...validity,
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 1, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  const der = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  const privateKey = createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' });
  return {
    certificate: endLine(certificate.toString('pem')),
    privateKey: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    ...{ cross: '', previous: '' },
  };
}

/** What a CA says of the one that takes its place, so that those who trust the old one alone can follow: a certificate in PEM. */
export async function issueCrossCertificate(
  old: CertificateAuthority,
  next: CertificateAuthority,
): Promise<string> {
  const subject = new x509.X509Certificate(next.certificate);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: newSerialNumber(),
    subject: subject.subject,
    issuer: new x509.X509Certificate(old.certificate).subject,
    ...validity,
    signingAlgorithm: algorithm,
    publicKey: subject.publicKey,
    signingKey: await importPrivateKey(old.privateKey),
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  return endLine(certificate.toString('pem'));
}

/**
 * Signs a node's public key (SPKI in PEM); returns the certificate in PEM, and behind it the CA's cross certificate.
 * `issuedAt` is in seconds of the cluster's clock.
 */
export async function issueNodeCertificate(
  authority: CertificateAuthority,
  peer: PeerIdentity,
  publicKey: string,
  issuedAt: number,
): Promise<string> {
  const signingKey = await importPrivateKey(authority.privateKey);
  const nodeKey = await importPublicKey(createPublicKey(publicKey).export({ format: 'der', type: 'spki' }));
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: newSerialNumber(),
    subject: `CN=${peer.nodeId}, O=${peer.clusterId}`,
    issuer: new x509.X509Certificate(authority.certificate).subject,
    ...validity,
    signingAlgorithm: algorithm,
    publicKey: nodeKey,
    signingKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([
        x509.ExtendedKeyUsage.serverAuth,
        x509.ExtendedKeyUsage.clientAuth,
      ]),
      new x509.SubjectAlternativeNameExtension([
        { type: 'url', value: nodeUri(peer) },
        { type: 'url', value: issuedUri(peer.clusterId, issuedAt) },
        ...apiNames.map((value) => ({ type: 'dns', value }) as const),
        ...ownAddresses.map((value) => ({ type: 'ip', value }) as const),
      ]),
    ],
  });
  return endLine(certificate.toString('pem')) + authority.cross;
}

/**
 * Signs an operator's public key (DER, SPKI, in Base64): a client's certificate, in PEM, that names no node and so is none to peers;
 * behind it the CA's cross certificate. Its subject is what Kubernetes takes for an administrator.
 */
export async function issueOperatorCertificate(
  authority: CertificateAuthority,
  operator: { readonly clusterId: string; readonly name: string; readonly publicKey: string },
  issuedAt: number,
): Promise<string> {
  const { clusterId, name, publicKey } = operator;
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: newSerialNumber(),
    subject: [{ CN: [name] }, { O: ['system:masters'] }],
    issuer: new x509.X509Certificate(authority.certificate).subject,
    ...validity,
    signingAlgorithm: algorithm,
    publicKey: await importPublicKey(Buffer.from(publicKey, 'base64')),
    signingKey: await importPrivateKey(authority.privateKey),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
      new x509.SubjectAlternativeNameExtension([{ type: 'url', value: issuedUri(clusterId, issuedAt) }]),
    ],
  });
  return endLine(certificate.toString('pem')) + authority.cross;
}

/** The bits of a certificate's key usage, by the words of the API. Those that make a CA of its holder are not given. */
const keyUsages: Readonly<Record<string, x509.KeyUsageFlags>> = {
  signing: x509.KeyUsageFlags.digitalSignature,
  'digital signature': x509.KeyUsageFlags.digitalSignature,
  'content commitment': x509.KeyUsageFlags.nonRepudiation,
  'key encipherment': x509.KeyUsageFlags.keyEncipherment,
  'data encipherment': x509.KeyUsageFlags.dataEncipherment,
  'key agreement': x509.KeyUsageFlags.keyAgreement,
  'encipher only': x509.KeyUsageFlags.encipherOnly,
  'decipher only': x509.KeyUsageFlags.decipherOnly,
};

/** RFC 5280, 4.2.1.12, by the words of the API. */
const extendedKeyUsages: Readonly<Record<string, string>> = {
  any: '2.5.29.37.0',
  'server auth': '1.3.6.1.5.5.7.3.1',
  'client auth': '1.3.6.1.5.5.7.3.2',
  'code signing': '1.3.6.1.5.5.7.3.3',
  'email protection': '1.3.6.1.5.5.7.3.4',
  's/mime': '1.3.6.1.5.5.7.3.4',
  'ipsec end system': '1.3.6.1.5.5.7.3.5',
  'ipsec tunnel': '1.3.6.1.5.5.7.3.6',
  'ipsec user': '1.3.6.1.5.5.7.3.7',
  timestamping: '1.3.6.1.5.5.7.3.8',
  'ocsp signing': '1.3.6.1.5.5.7.3.9',
  'microsoft sgc': '1.3.6.1.4.1.311.10.3.3',
  'netscape sgc': '2.16.840.1.113730.4.1',
};

const administrators = 'system:masters';
const alternativeNames = '2.5.29.17';

export type RequestOutcome =
  | { readonly kind: 'signed'; readonly certificate: string; readonly subject: string }
  | { readonly kind: 'refused'; readonly reason: string };

/**
 * Signs what a request (PKCS#10 in PEM) names, for these usages (in the words of the API). Its names must not be those by which the
 * cluster knows its own: a node's, an administrator's, the API server's.
 */
export async function issueRequestedCertificate(
  authority: CertificateAuthority,
  pem: string,
  usages: readonly string[],
  wanted: { readonly notBefore: Date; readonly notAfter: Date },
): Promise<RequestOutcome> {
  const request = await readRequest(pem);
  if (request === null) return refused('the request cannot be read, or is not signed by its own key');
  const extension = request.getExtension(alternativeNames);
  const names = extension === null ? null : new x509.SubjectAlternativeNameExtension(extension.rawData);
  const reason = whyNotGiven(request, names, usages);
  if (reason !== null) return refused(reason);
  const flags = usages.reduce((all, usage) => all | (keyUsages[usage] ?? 0), 0);
  const extended = usages.flatMap((usage) => extendedKeyUsages[usage] ?? []);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: newSerialNumber(),
    subject: request.subjectName,
    issuer: new x509.X509Certificate(authority.certificate).subjectName,
    notBefore: wanted.notBefore,
    notAfter: new Date(Math.min(wanted.notAfter.getTime(), validity.notAfter.getTime())),
    signingAlgorithm: algorithm,
    publicKey: request.publicKey,
    signingKey: await importPrivateKey(authority.privateKey),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      ...(flags === 0 ? [] : [new x509.KeyUsagesExtension(flags, true)]),
      ...(extended.length === 0 ? [] : [new x509.ExtendedKeyUsageExtension([...new Set(extended)])]),
      ...(names === null ? [] : [names]),
    ],
  });
  const pemText = endLine(certificate.toString('pem')) + authority.cross;
  return { kind: 'signed', certificate: pemText, subject: request.subject };
}

async function readRequest(pem: string): Promise<x509.Pkcs10CertificateRequest | null> {
  try {
    const request = new x509.Pkcs10CertificateRequest(pem);
    return (await request.verify()) ? request : null;
  } catch {
    return null;
  }
}

function refused(reason: string): RequestOutcome {
  return { kind: 'refused', reason };
}

function whyNotGiven(
  request: x509.Pkcs10CertificateRequest,
  names: x509.SubjectAlternativeNameExtension | null,
  usages: readonly string[],
): string | null {
  const unknown = usages.find((usage) => !(usage in keyUsages) && !(usage in extendedKeyUsages));
  if (unknown !== undefined) return `certificates for "${unknown}" are not given`;
  if (request.subjectName.getField('O').includes(administrators))
    return `nobody is put into the group ${administrators}: operators are named in the configuration of the nodes`;
  for (const { type, value } of names?.names.items ?? []) {
    if (type === 'url' && value.toLowerCase().startsWith('trivet:'))
      return `the name ${value} is one of the cluster's own`;
    const isServed = [...apiNames, ...ownAddresses].includes(value.toLowerCase());
    if (isServed && usages.includes('server auth')) return `${value} is a name of the API server itself`;
  }
  return null;
}

/** A certificate that says nothing but its key, which TLS needs to prove one: of a private key in PEM, in PEM. */
export async function createSelfSigned(privateKey: string, name: string): Promise<string> {
  const publicKey = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerialNumber(),
    name: [{ CN: [name] }],
    ...validity,
    signingAlgorithm: algorithm,
    keys: {
      privateKey: await importPrivateKey(privateKey),
      publicKey: await importPublicKey(publicKey),
    },
    extensions: [new x509.BasicConstraintsExtension(false, undefined, true)],
  });
  return endLine(certificate.toString('pem'));
}

/** Certificates are put in a row. */
function endLine(pem: string): string {
  return `${pem.trimEnd()}\n`;
}

/** @param der SPKI. */
function importPublicKey(der: Buffer): Promise<webcrypto.CryptoKey> {
  return webcrypto.subtle.importKey('spki', new Uint8Array(der), algorithm, true, ['verify']);
}

function importPrivateKey(pem: string): Promise<webcrypto.CryptoKey> {
  const der = createPrivateKey(pem).export({ format: 'der', type: 'pkcs8' });
  return webcrypto.subtle.importKey('pkcs8', new Uint8Array(der), algorithm, false, ['sign']);
}

/** 16 random bytes, positive (RFC 5280, 4.1.2.2). */
function newSerialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x7f) | 0x01;
  return bytes.toString('hex');
}
