/**
 * The builder's own programs, from the same Debian release as the image, run through their own loader and libraries.
 * So the host's versions do not matter and do not show in the result.
 */
import path from 'node:path';
import { architectureOf } from '../architecture.ts';
import { buildEnvironment, type RunResult, run } from '../process/run.ts';

export interface Tools {
  /** Where the packages were unpacked. */
  readonly tree: string;
  /** Seconds since 1970: the date of everything in the image. */
  readonly sourceDateEpoch: number;
}

/** What must be resolved and unpacked to have all `ToolName`s. */
export const toolPackages: readonly string[] = [
  ...['libc6', 'erofs-utils', 'cryptsetup-bin', 'mtools', 'dosfstools', 'kmod', 'xz-utils', 'systemd'],
  'sbsigntool',
];

/** The build machine's architecture; its tools need not be those of the image. */
export const hostArchitecture = architectureOf('x86_64');

const programs = {
  'mkfs.erofs': 'usr/bin/mkfs.erofs',
  'dump.erofs': 'usr/bin/dump.erofs',
  'fsck.erofs': 'usr/bin/fsck.erofs',
  veritysetup: 'usr/sbin/veritysetup',
  mdir: 'usr/bin/mdir',
  mmd: 'usr/bin/mmd',
  mcopy: 'usr/bin/mcopy',
  'mkfs.fat': 'usr/sbin/mkfs.fat',
  'fsck.fat': 'usr/sbin/fsck.fat',
  depmod: 'usr/sbin/depmod',
  sbverify: 'usr/bin/sbverify',
  xz: 'usr/bin/xz',
  'systemd-sysusers': 'usr/bin/systemd-sysusers',
} as const;

export type ToolName = keyof typeof programs;

/** Runs one of the tools to its end. */
export function runTool(tools: Tools, name: ToolName, toolArguments: readonly string[]): Promise<RunResult> {
  const libraries = path.join(tools.tree, 'usr/lib', hostArchitecture.multiarch);
  return run(
    path.join(tools.tree, 'usr', hostArchitecture.loader),
    [
      ...['--library-path', `${libraries}:${libraries}/systemd`],
      // Several of these are one program that looks at the name it was called by.
      ...['--argv0', name, path.join(tools.tree, programs[name])],
      ...toolArguments,
    ],
    {
      shownAs: name,
      env: buildEnvironment({
        SOURCE_DATE_EPOCH: String(tools.sourceDateEpoch),
        // mtools would otherwise doubt the size of small FAT file systems, and read the user's configuration.
        MTOOLS_SKIP_CHECK: '1',
        MTOOLSRC: '/dev/null',
      }),
    },
  );
}
