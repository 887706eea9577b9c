/** The report of a build: `build.json` beside the image for programs, a table for people. */
import type { ExtraFormat } from './formats/names.ts';
import type { StageTime } from './progress.ts';

export interface BuildReport {
  readonly format: 1;
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  /** Names of files in the directory of the report. */
  readonly files: {
    readonly raw: string;
    readonly zst: string;
    readonly update: string;
    readonly bmap: string;
    readonly sums: string;
    readonly lock: string;
    /** The recipe with everything it names. */
    readonly recipe: string;
    readonly spdx: string;
    readonly cyclonedx: string;
    /** Where every file of the root comes from. */
    readonly files: string;
    readonly kernel: string;
    readonly initrd: string;
    readonly cmdline: string;
  } & { readonly [Format in ExtraFormat]?: string };
  /** Whose signatures it carries. */
  readonly keys: 'development' | 'operator';
  /** Who may ask its machines from afar, with the fingerprints of their keys. */
  readonly operators: readonly { readonly name: string; readonly fingerprint: string }[];
  /** The recipe's file name, and its digest as it was written. */
  readonly recipe: { readonly name: string; readonly sha256: string };
  /** The commit of Trivet that made it. */
  readonly commit: string;
  readonly rootHash: string;
  readonly sha256: { readonly raw: string; readonly zst: string; readonly bmap: string } & {
    readonly [Format in ExtraFormat]?: string;
  };
  readonly sizesBytes: {
    readonly binary: number;
    readonly root: number;
    readonly verity: number;
    readonly kernel: number;
    readonly initrd: number;
    readonly uki: number;
    readonly raw: number;
    readonly zst: number;
    readonly update: number;
  } & { readonly [Format in ExtraFormat]?: number };
  readonly packages: number;
  readonly kernelVersion: string;
  readonly stages: readonly StageTime[];
  readonly seconds: number;
}

const rows: readonly (readonly [keyof BuildReport['sizesBytes'], string])[] = [
  ['binary', 'executable (before compression)'],
  ['root', 'root file system (erofs)'],
  ['verity', 'its hash tree'],
  ['kernel', 'kernel'],
  ['initrd', 'initrd'],
  ['uki', 'kernel image (UKI)'],
  ['raw', 'disk image (sparse)'],
  ['zst', 'disk image, compressed'],
  ['update', 'update file'],
  ['qcow2', 'for QEMU (qcow2)'],
  ['vmdk', 'for VMware (vmdk)'],
  ['vhd', 'for Azure (vhd, sparse)'],
];

export function formatReport(report: BuildReport, directory: string): string {
  const sizes = rows.flatMap(([name, label]) => {
    const bytes = report.sizesBytes[name];
    if (bytes === undefined) return [];
    const megabytes = (bytes / 1e6).toFixed(1);
    return `  ${label.padEnd(34)} ${megabytes.padStart(8)} MB`;
  });
  return [
    '',
    ...sizes,
    '',
    `  keys       ${report.keys === 'development' ? 'development keys, which everybody has' : "the operator's"}`,
    ...report.operators.map(({ name, fingerprint }) => `  operator   ${name}, ${fingerprint}`),
    `  root hash  ${report.rootHash}`,
    `  sha256     ${report.sha256.raw}  ${report.files.raw}`,
    `  ${report.packages} Debian packages, kernel ${report.kernelVersion}, built in ${report.seconds.toFixed(1)} s`,
    '',
    `${directory}/${report.files.raw}`,
    '',
  ].join('\n');
}
