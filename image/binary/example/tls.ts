/** A certificate that is made, read and verified, and a handshake with it over the loopback interface. */
import 'reflect-metadata';
import { type KeyObject, webcrypto, X509Certificate } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import * as x509 from '@peculiar/x509';

export async function tryTls(): Promise<object> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const made = await x509.X509CertificateGenerator.createSelfSigned(
    {
      name: 'CN=example',
      keys,
      signingAlgorithm: algorithm,
      notAfter: new Date('2055-01-01'),
      extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'example' }])],
    },
    webcrypto,
  );
  const read = new X509Certificate(made.toString('pem'));
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  const pem = x509.PemConverter.encode(key, 'PRIVATE KEY');
  return {
    subject: read.subject,
    isSignedByItself: read.verify(read.publicKey as KeyObject),
    ...(await handshake(pem, made.toString('pem'))),
  };
}

/** The server echoes one message over mutual trust in the certificate. */
function handshake(key: string, cert: string): Promise<object> {
  const server = createServer({ key, cert }, (socket) => socket.pipe(socket));
  return new Promise((resolve, reject) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      const socket = connect({ host: '127.0.0.1', port, ca: cert, servername: 'example' });
      socket.on('error', reject);
      socket.once('secureConnect', () => socket.write('hello'));
      socket.once('data', (data) => {
        const result = { tls: socket.getProtocol(), echo: data.toString(), isTrusted: socket.authorized };
        socket.destroy();
        server.close(() => resolve(result));
      });
    });
  });
}
