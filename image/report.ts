/** The report of a build: `build.json` beside the image for programs, a table for people. */
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
  };
  /** Whose signatures it carries. */
  readonly keys: 'development' | 'operator';
  /** The recipe's file name, and its digest as it was written. */
  readonly recipe: { readonly name: string; readonly sha256: string };
  /** The commit of Trivet that made it. */
  readonly commit: string;
  readonly rootHash: string;
  readonly sha256: { readonly raw: string; readonly zst: string };
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
  };
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
];

export function formatReport(report: BuildReport, directory: string): string {
  const sizes = rows.map(([name, label]) => {
    const megabytes = (report.sizesBytes[name] / 1e6).toFixed(1);
    return `  ${label.padEnd(34)} ${megabytes.padStart(8)} MB`;
  });
  return [
    '',
    ...sizes,
    '',
    `  keys       ${report.keys === 'development' ? 'development keys, which everybody has' : "the operator's"}`,
    `  root hash  ${report.rootHash}`,
    `  sha256     ${report.sha256.raw}  ${report.files.raw}`,
    `  ${report.packages} Debian packages, kernel ${report.kernelVersion}, built in ${report.seconds.toFixed(1)} s`,
    '',
    `${directory}/${report.files.raw}`,
    '',
  ].join('\n');
}
