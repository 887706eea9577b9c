/**
 * The keys of the Kubernetes API in a backup: sealed by what follows from the enrolment secret, so that the file alone shows no
 * Secret, and a machine with the secret of the cluster that it was of begins with them. The cluster's CA is in no backup.
 */
import { hkdfSync } from 'node:crypto';
import type { SecretKeys } from '../peers/secret.ts';
import { type ApiKeys, apiKeysSchema } from './api-keys.ts';
import { openSealedText, sealText } from './authority.ts';

const purpose = 'trivet keys of the Kubernetes API in a backup v1';

/** In Base64. */
export function sealForBackup(keys: ApiKeys, secret: SecretKeys): string {
  return Buffer.from(sealText(JSON.stringify(keys), keyFor(secret))).toString('base64');
}

/** The inverse; null when the secret is another one, or the text was changed. */
export function openFromBackup(sealed: string, secret: SecretKeys): ApiKeys | null {
  try {
    return apiKeysSchema.parse(JSON.parse(openSealedText(Buffer.from(sealed, 'base64'), keyFor(secret))));
  } catch {
    return null;
  }
}

function keyFor({ preSharedKey }: SecretKeys): Buffer {
  return Buffer.from(hkdfSync('sha256', preSharedKey, '', purpose, 32));
}
