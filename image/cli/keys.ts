/** `trivet keys create` and `trivet keys show`: the keys that an operator signs images with. */
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
    process.stdout.write(options.json ? formatJson(keys) : formatCreated(directory, keys));
    return;
  }
  if (options.action !== 'show') {
    throw new BuildError('usage', `trivet keys cannot "${options.action}": it can create and show.`);
  }
  const keys = options.development ? await developmentKeys() : await readKeyDirectory(directory, new Date());
  const title = options.development
    ? 'The development keys, which everybody has'
    : `The keys of ${directory}`;
  process.stdout.write(options.json ? formatJson(keys) : `${title}:\n\n${formatFingerprints(keys)}`);
}

function formatCreated(directory: string, keys: ImageKeys): string {
  return [
    `Keys were made in ${directory}:`,
    '',
    '  PK.key, PK.crt      platform key: owns a machine and says who may change the others (UEFI Secure Boot)',
    '  KEK.key, KEK.crt    key exchange key: says whose programs start',
    '  db.key, db.crt      signs boot loader and kernel images: the machine starts nothing else',
    '  image.key           signs SHA256SUMS and updates (Ed25519)',
    '  image.pub           its public half: every image carries it, anyone may have it',
    '',
    'Back up the whole directory where only you can read it. Without image.key and db.key, machines in the field can',
    'no longer be updated; whoever has them can make updates that your machines take. The .key files must stay secret.',
    'Use them: trivet build RECIPE --keys DIR, or "keys:" in the recipe.',
    '',
    formatFingerprints(keys),
  ].join('\n');
}

function formatFingerprints(keys: ImageKeys): string {
  const lines = entriesOf(keys).map(
    ({ name, fingerprint, validTo }) =>
      `  ${name.padEnd(6)} ${fingerprint}${validTo === null ? '' : `  until ${validTo}`}`,
  );
  return `SHA-256 fingerprints\n${lines.join('\n')}\n`;
}

function formatJson(keys: ImageKeys): string {
  return `${JSON.stringify({ kind: keys.kind, keys: entriesOf(keys), publicKey: keys.publicKeyPem }, null, 2)}\n`;
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
