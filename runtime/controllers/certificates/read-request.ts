/** Reads requests for certificates (PKCS#10). The library is loaded when the first one comes: few clusters see any. */
import type { RequestContents } from './signer.ts';

const alternativeNames = '2.5.29.17';

/** @param pem of a stranger's @returns null where it cannot be read, or is not signed by the key in it */
export async function readRequest(pem: string): Promise<RequestContents | null> {
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  try {
    const request = new x509.Pkcs10CertificateRequest(pem);
    if (!(await request.verify())) return null;
    const extension = request.getExtension(alternativeNames);
    const names =
      extension === null ? [] : new x509.SubjectAlternativeNameExtension(extension.rawData).names.items;
    const named = (type: string): readonly string[] =>
      names.filter((name) => name.type === type).map(({ value }) => value);
    return {
      commonName: request.subjectName.getField('CN').at(-1) ?? '',
      organizations: request.subjectName.getField('O'),
      ...{ dnsNames: named('dns'), ipAddresses: named('ip'), emails: named('email'), uris: named('url') },
    };
  } catch {
    return null;
  }
}
