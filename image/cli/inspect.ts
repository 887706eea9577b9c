/** `trivet inspect IMAGE`: what is in a finished image. */
import { openCache } from '../cache/cache.ts';
import { type Inspection, inspectImage } from '../inspect/inspect.ts';

export async function inspectCommand(file: string, options: { readonly json: boolean }): Promise<void> {
  const inspection = await inspectImage(file, openCache());
  process.stdout.write(options.json ? `${JSON.stringify(inspection, null, 2)}\n` : format(file, inspection));
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
