import { generateKeyPairSync, type X509Certificate } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import t from 'tap';
import { makeCertificate } from '../signing/certificate.ts';
import { addCertificates } from './certificates.ts';

const bundle = 'etc/ssl/certs/ca-certificates.crt';
const dropIn = 'usr/lib/systemd/system/trivet.service.d/certificates.conf';

function makeAuthority(name: string): Promise<X509Certificate> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const [notBefore, notAfter] = [new Date('2026-01-01'), new Date('2056-01-01')];
  return makeCertificate({ name, privateKey, notBefore, notAfter });
}

async function makeServerCertificate(): Promise<string> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const extensions = [new x509.BasicConstraintsExtension(false)];
  const options = { name: 'CN=server', keys, signingAlgorithm: algorithm, extensions };
  return (await x509.X509CertificateGenerator.createSelfSigned(options)).toString('pem');
}

t.test('addCertificates puts every certificate of every text behind those that are there', async (t) => {
  const tree = t.testdir();
  await mkdir(path.join(tree, path.dirname(bundle)), { recursive: true });
  await writeFile(path.join(tree, bundle), 'known\n');
  const [one, two] = await Promise.all(['one', 'two'].map(makeAuthority));
  await addCertificates(tree, [`some words\n${one}${two}`, `${one}`]);
  const written = await readFile(path.join(tree, bundle), 'utf8');
  t.equal(written, `known\n${[one, two, one].map((item) => `${item}`.trim()).join('\n')}\n`);
  t.match(await readFile(path.join(tree, dropIn), 'utf8'), `NODE_EXTRA_CA_CERTS=/${bundle}\n`);
});

t.test('addCertificates writes nothing where there are none', async (t) => {
  const tree = t.testdir();
  await addCertificates(tree, []);
  await t.rejects(readFile(path.join(tree, dropIn)), { code: 'ENOENT' });
});

t.test('addCertificates says which of the recipe’s certificates is wrong, and how', async (t) => {
  const tree = t.testdir();
  const good = `${await makeAuthority('good')}`;
  const damaged = good.replace(/\n[A-Za-z0-9+/=]{64}\n/, '\nAAAA\n');
  for (const [text, message] of [
    ['-----BEGIN PRIVATE KEY-----', /^certificates\[1\]: the file holds no certificate in PEM form/],
    [damaged, /^certificates\[1\]: a certificate in it cannot be read: /],
    [
      await makeServerCertificate(),
      /^certificates\[1\]: a certificate in it is not one of an authority \(CA:TRUE\)/,
    ],
  ] as const) {
    await t.rejects(addCertificates(tree, [good, text]), { code: 'recipe', message });
  }
});
