/** `trivet keys create` and `trivet keys show`: the keys that an operator signs images with. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import {
  type OperatorKey,
  operatorFingerprint,
  operatorKeyFile,
  readOperatorKey,
} from '../../runtime/operator/operator-key.ts';
import { BuildError } from '../build-error.ts';
import { developmentKeys } from '../signing/development-keys.ts';
import { enrolmentNames } from '../signing/enrolment.ts';
import { fingerprintOf, type ImageKeys } from '../signing/image-keys.ts';
import { createKeyDirectory, readKeyDirectory } from '../signing/key-directory.ts';

export interface KeysCommandOptions {
  readonly action: string;
  /** ./keys when it is left out. */
  readonly directory: string | undefined;
  readonly development: boolean;
  readonly json: boolean;
}

const defaultDirectory = 'keys';

export async function keysCommand(options: KeysCommandOptions): Promise<void> {
  const directory = options.directory ?? defaultDirectory;
  if (options.action === 'create') {
    const keys = await createKeyDirectory(directory, new Date());
    const operator = readOperatorKey(directory);
    process.stdout.write(
      options.json ? formatJson(keys, operator) : formatCreated(directory, keys, operator),
    );
    return;
  }
  if (options.action !== 'show') {
    throw new BuildError('usage', `trivet keys cannot "${options.action}": it can create and show.`);
  }
  const keys = options.development ? await developmentKeys() : await readKeyDirectory(directory, new Date());
  const operator = options.development ? null : operatorOf(directory);
  const title = options.development
    ? 'The development keys, which everybody has'
    : `The keys of ${directory}`;
  process.stdout.write(
    options.json ? formatJson(keys, operator) : `${title}:\n\n${formatFingerprints(keys, operator)}`,
  );
}

/** Directories of older versions have none before the next build. */
function operatorOf(directory: string): OperatorKey | null {
  return existsSync(path.join(directory, operatorKeyFile)) ? readOperatorKey(directory) : null;
}

function formatCreated(directory: string, keys: ImageKeys, operator: OperatorKey): string {
  return [
    `Keys were made in ${directory}:`,
    '',
    '  PK.key, PK.crt      platform key: owns a machine and says who may change the others (UEFI Secure Boot)',
    '  KEK.key, KEK.crt    key exchange key: says whose programs start',
    '  db.key, db.crt      signs boot loader and kernel images: the machine starts nothing else',
    '  image.key           signs SHA256SUMS and updates (Ed25519)',
    '  image.pub           its public half: every image carries it, anyone may have it',
    '  operator.key        asks machines from afar (trivet status --server, trivet kubeconfig); images carry operator.pub',
    '',
    'Back up the whole directory where only you can read it. Without image.key and db.key, machines in the field can',
    'no longer be updated; whoever has them can make updates that your machines take. The .key files must stay secret.',
    'Use them: trivet build RECIPE --keys DIR, or "keys:" in the recipe.',
    '',
    formatFingerprints(keys, operator),
  ].join('\n');
}

function formatFingerprints(keys: ImageKeys, operator: OperatorKey | null): string {
  const lines = entriesOf(keys).map(
    ({ name, fingerprint, validTo }) =>
      `  ${name.padEnd(6)} ${fingerprint}${validTo === null ? '' : `  until ${validTo}`}`,
  );
  const own =
    operator === null
      ? ''
      : `\nThe operator's key, ${operatorFingerprint(operator.publicKey)}, as a recipe's "operators" names it:\n  ${operator.publicKey}\n`;
  return `SHA-256 fingerprints\n${lines.join('\n')}\n${own}`;
}

function formatJson(keys: ImageKeys, operator: OperatorKey | null): string {
  const shown = {
    ...{ kind: keys.kind, keys: entriesOf(keys), publicKey: keys.publicKeyPem },
    operator: operator?.publicKey ?? null,
  };
  return `${JSON.stringify(shown, null, 2)}\n`;
}

interface KeyEntry {
  readonly name: string;
  readonly fingerprint: string;
  readonly validTo: string | null;
}

function entriesOf(keys: ImageKeys): readonly KeyEntry[] {
  const certificates = enrolmentNames.map((name) => {
    const { certificate } = keys.secureBoot[name];
    return { name, fingerprint: fingerprintOf(certificate), validTo: certificate.validTo };
  });
  return [...certificates, { name: 'image', fingerprint: fingerprintOf(keys.publicKeyPem), validTo: null }];
}
