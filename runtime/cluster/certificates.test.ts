/** What the CA signs for the Kubernetes API, and what it never does. */
import { generateKeyPairSync, webcrypto, X509Certificate } from 'node:crypto';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import t, { type Test } from 'tap';
import { judgeCertificate, nodeUri } from '../peers/trust.ts';
import { createCertificateAuthority, issueRequestedCertificate } from './certificates.ts';

const curve = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const rsa = {
  ...{ name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength: 2_048 },
  publicExponent: new Uint8Array([1, 0, 1]),
} as const;
const clusterId = '0123456789abcdef';
const validity = { notBefore: new Date('2026-01-01T00:00:00Z'), notAfter: new Date('2026-01-02T00:00:00Z') };

interface Asked {
  readonly name: string;
  readonly names?: readonly { type: 'dns' | 'ip' | 'url'; value: string }[];
  readonly usages: readonly string[];
  readonly algorithm?: typeof curve | typeof rsa;
}

async function open(t: Test) {
  const authority = await createCertificateAuthority('c', clusterId);
  const ca = new X509Certificate(authority.certificate);
  const request = async ({ name, names = [], algorithm = curve }: Asked): Promise<string> => {
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const made = await x509.Pkcs10CertificateRequestGenerator.create({
      ...{ name, keys: keys as webcrypto.CryptoKeyPair, signingAlgorithm: algorithm },
      extensions: names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension([...names])],
    });
    return made.toString('pem');
  };
  const issue = async (asked: Asked, until = validity) =>
    issueRequestedCertificate(authority, await request(asked), asked.usages, until);
  const sign = async (asked: Asked, until = validity) => {
    const outcome = await issue(asked, until);
    if (outcome.kind !== 'signed') return t.fail(outcome.reason) as never;
    return new X509Certificate(outcome.certificate);
  };
  return { authority, ca, request, issue, sign };
}

t.test('issueRequestedCertificate signs names, usages and times as asked', async (t) => {
  const { ca, sign, authority } = await open(t);
  const names = [
    { type: 'dns', value: 'n1.local' },
    { type: 'ip', value: '192.0.2.7' },
  ] as const;
  const usages = ['digital signature', 'key encipherment', 'server auth'];
  const made = await sign({ name: 'CN=system:node:n1, O=system:nodes', names, usages });
  t.ok(made.checkIssued(ca) && made.verify(ca.publicKey));
  t.equal(made.subject, 'CN=system:node:n1\nO=system:nodes');
  t.equal(made.subjectAltName, 'DNS:n1.local, IP Address:192.0.2.7');
  t.same(made.keyUsage, ['1.3.6.1.5.5.7.3.1']);
  t.notOk(made.ca);
  t.same([made.validFromDate, made.validToDate], [validity.notBefore, validity.notAfter]);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const own = {
    ...{ clusterId, nodeId: '0123456789abcdef' as never, certificate: '' },
    ...{ privateKey: String(privateKey), caCertificate: authority.certificate },
  };
  t.match(judgeCertificate(made, own), { kind: 'untrusted' }, 'to peers it is nobody');
});

t.test('issueRequestedCertificate signs keys of other kinds, and not beyond the end of the CA', async (t) => {
  const { ca, sign } = await open(t);
  const until = { ...validity, notAfter: new Date('2099-01-01T00:00:00Z') };
  const made = await sign({ name: 'CN=jane', usages: ['client auth'], algorithm: rsa }, until);
  t.equal(made.publicKey.asymmetricKeyType, 'rsa');
  t.ok(made.verify(ca.publicKey));
  t.equal(made.validTo, ca.validTo);
});

t.test(
  'issueRequestedCertificate makes nobody a member, an administrator, a CA or the API server',
  async (t) => {
    const { authority, issue, request } = await open(t);
    const node = nodeUri({ clusterId, nodeId: '0123456789abcdef' as never });
    const client = ['client auth'];
    for (const [asked, reason] of [
      [{ name: 'CN=jane, O=dev, O=system:masters', usages: client }, /nobody is put into the group/],
      [
        { name: 'CN=jane', names: [{ type: 'url', value: node }], usages: client },
        /one of the cluster's own/,
      ],
      [
        { name: 'CN=jane', names: [{ type: 'url', value: node.toUpperCase() }], usages: client },
        /one of the cluster's own/,
      ],
      [
        { name: 'CN=x', names: [{ type: 'dns', value: 'Kubernetes' }], usages: ['server auth'] },
        /a name of the API server/,
      ],
      [
        { name: 'CN=x', names: [{ type: 'ip', value: '127.0.0.1' }], usages: ['server auth'] },
        /a name of the API server/,
      ],
      [{ name: 'CN=x', usages: ['cert sign'] }, /"cert sign" are not given/],
    ] as const) {
      t.match(await issue(asked), { kind: 'refused', reason });
    }
    const good = await request({ name: 'CN=jane', usages: client });
    const other = await request({ name: 'CN=john', usages: client });
    const mixed = Buffer.from(good.replace(/-----[^-]+-----|\s/g, ''), 'base64');
    const signature = Buffer.from(other.replace(/-----[^-]+-----|\s/g, ''), 'base64').subarray(-20);
    signature.copy(mixed, mixed.length - signature.length);
    const forged = `-----BEGIN CERTIFICATE REQUEST-----\n${mixed.toString('base64')}\n-----END CERTIFICATE REQUEST-----`;
    for (const text of ['', 'nonsense', forged]) {
      const outcome = await issueRequestedCertificate(authority, text, client, validity);
      t.match(outcome, { kind: 'refused', reason: /cannot be read, or is not signed/ });
    }
  },
);
