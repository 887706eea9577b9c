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

/** @throws BuildError `recipe` for a file that cannot be read, or holds something else. */
export async function addCertificates(
  tree: string,
  files: readonly string[],
  recipeDirectory: string,
): Promise<void> {
  if (files.length === 0) return;
  const texts: string[] = [];
  for (const file of files) texts.push(...(await readCertificates(file, recipeDirectory)));
  const known = await readFile(path.join(tree, bundle), 'utf8').catch(() => '');
  await placeText(tree, bundle, `${known}${texts.join('\n')}\n`);
  await placeText(tree, agentDropIn, `[Service]\nEnvironment=NODE_EXTRA_CA_CERTS=/${bundle}\n`);
}

async function readCertificates(file: string, recipeDirectory: string): Promise<readonly string[]> {
  const source = path.resolve(recipeDirectory, file);
  const refuse = (reason: string, cause?: unknown): BuildError =>
    new BuildError('recipe', `certificates: ${source} ${reason}`, { cause });
  const text = await readFile(source, 'utf8').catch((cause) => {
    throw refuse('cannot be read (it is relative to the recipe)', cause);
  });
  const found = text.match(certificatePattern) ?? [];
  if (found.length === 0) throw refuse('holds no certificate in PEM form ("-----BEGIN CERTIFICATE-----")');
  for (const one of found) {
    try {
      if (!new X509Certificate(one).ca) throw new Error('it is not one of an authority (CA:TRUE)');
    } catch (cause) {
      throw refuse(`holds a certificate that cannot be used: ${(cause as Error).message}`, cause);
    }
  }
  return found;
}
