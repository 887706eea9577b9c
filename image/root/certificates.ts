/** The operator's certificate authorities: into one file that the agent and programs of the recipe read. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { BuildError } from '../build-error.ts';
import { placeText } from './place.ts';

/** Where Debian's programs look; the agent's Node is told by its unit's drop-in. */
const bundle = 'etc/ssl/certs/ca-certificates.crt';
const agentDropIn = 'usr/lib/systemd/system/trivet.service.d/certificates.conf';

const certificatePattern = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/**
 * @param texts the recipe's `certificates`, in PEM.
 * @throws BuildError `recipe` for one that is something else.
 */
export async function addCertificates(tree: string, texts: readonly string[]): Promise<void> {
  if (texts.length === 0) return;
  const found = texts.flatMap(readCertificates);
  const known = await readFile(path.join(tree, bundle), 'utf8').catch(() => '');
  await placeText(tree, bundle, `${known}${found.join('\n')}\n`);
  await placeText(tree, agentDropIn, `[Service]\nEnvironment=NODE_EXTRA_CA_CERTS=/${bundle}\n`);
}

function readCertificates(text: string, index: number): readonly string[] {
  const refuse = (reason: string, cause?: unknown): BuildError =>
    new BuildError('recipe', `certificates[${index}]: ${reason}`, { cause });
  const found = text.match(certificatePattern) ?? [];
  if (found.length === 0)
    throw refuse('the file holds no certificate in PEM form ("-----BEGIN CERTIFICATE-----")');
  for (const one of found) {
    let isAuthority: boolean;
    try {
      isAuthority = new X509Certificate(one).ca;
    } catch (cause) {
      throw refuse(`a certificate in it cannot be read: ${(cause as Error).message}`, cause);
    }
    if (!isAuthority) throw refuse('a certificate in it is not one of an authority (CA:TRUE)');
  }
  return found;
}
