/** `trivet inspect IMAGE`: what is in a finished image. */
import { openCache } from '../cache/cache.ts';
import { type Inspection, inspectFiles, inspectImage } from '../inspect/inspect.ts';
import type { FileRecord } from '../sbom/provenance.ts';

export interface InspectCommandOptions {
  readonly files: boolean;
  readonly json: boolean;
}

export async function inspectCommand(file: string, options: InspectCommandOptions): Promise<void> {
  const cache = openCache();
  const asJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
  if (options.files) {
    const records = await inspectFiles(file, cache);
    process.stdout.write(options.json ? asJson(records) : records.map(formatRecord).join(''));
    return;
  }
  const inspection = await inspectImage(file, cache);
  process.stdout.write(options.json ? asJson(inspection) : format(file, inspection));
}

function formatRecord(record: FileRecord): string {
  const { origin } = record;
  const from = origin.kind === 'debian' ? `${origin.package} ${origin.version}` : origin.kind;
  const what = record.type === 'link' ? `-> ${record.target}` : (record.sha256 ?? '').slice(0, 16);
  return `${record.mode.padEnd(5)} ${String(record.sizeBytes).padStart(10)}  ${record.path}  ${what}  (${from})\n`;
}

function formatKeys({ keys, signatures }: Inspection): string[] {
  const whose = {
    development: 'development keys: everybody has them, so its signatures prove nothing',
    operator: "the operator's",
  };
  return [
    `\nkeys: ${keys.kind === null ? 'not known' : whose[keys.kind]}`,
    ...(keys.secureBootFingerprint === null ? [] : [`  Secure Boot db  ${keys.secureBootFingerprint}`]),
    ...(keys.publicKeyFingerprint === null ? [] : [`  image.pub       ${keys.publicKeyFingerprint}`]),
    ...signatures.map(({ file, signer, isValid }) => {
      const state =
        signer === null ? 'not signed' : `${isValid ? 'signed' : 'NOT VALID, signed'} by ${signer}`;
      return `  ${file}: ${state}`;
    }),
  ];
}

function format(file: string, inspection: Inspection): string {
  const size = (bytes: number): string => `${(bytes / (1024 * 1024)).toFixed(1).padStart(8)} MiB`;
  const partitions = inspection.partitions.map(
    ({ name, guid, offsetBytes, sizeBytes }) =>
      `  ${name.padEnd(10)}${size(offsetBytes)} ${size(sizeBytes)}   ${guid}`,
  );
  const images = inspection.kernelImages.flatMap(({ name, sizeBytes, sections, commandLine }) => [
    `\n${name} ${size(sizeBytes)}`,
    `  ${sections.map((section) => `${section.name} ${section.sizeBytes}`).join(', ')}`,
    `  ${commandLine}`,
  ]);
  const packages = inspection.packages?.map(({ name, version }) => `  ${name} ${version}`);
  return [
    `${file} ${size(inspection.sizeBytes)}`,
    `  ${'partition'.padEnd(10)}${'from'.padStart(12)} ${'size'.padStart(12)}   GUID`,
    ...partitions,
    ...images,
    ...formatKeys(inspection),
    '\nbeside it',
    ...inspection.filesBeside.map(({ name, sizeBytes }) => `  ${size(sizeBytes)}  ${name}`),
    '',
    ...(packages
      ? [
          `${packages.length} Debian packages, kernel ${inspection.kernelVersion}, Node ${inspection.nodeVersion}`,
          ...packages,
        ]
      : ['No lock file beside it: kernel images and packages are not shown.']),
    '',
  ].join('\n');
}
