/** The ways in which a new version can be broken, and what must come of each. Data only. */

/** A change of the initrd's script: what is replaced, and by what. */
export interface InitChange {
  readonly kind: 'init';
  readonly replace: string;
  readonly by: string;
}

export interface RootChange {
  readonly kind: 'root';
}

export interface Failure {
  readonly name: string;
  readonly title: string;
  /** Null: nothing is broken. */
  readonly change: InitChange | RootChange | null;
}

const afterWatchdog = 'start_watchdog\n\n';
const handOver = 'exec switch_root /sysroot /usr/lib/systemd/systemd';

/** The agent's unit as this version would have it. */
function agentRuns(command: string): InitChange {
  const directory = '/run/systemd/system/trivet.service.d';
  // /run has been moved to the new root by then.
  const lines = `[Service]\\nExecStart=\\nExecStart=${command}\\n`;
  return {
    kind: 'init',
    replace: handOver,
    by: `mkdir -p /sysroot${directory}\nprintf '${lines}' >/sysroot${directory}/broken.conf\n${handOver}`,
  };
}

export const failures: readonly Failure[] = [
  { name: 'good', title: 'nothing wrong: stays', change: null },
  {
    name: 'panic',
    title: 'kernel panic',
    change: {
      kind: 'init',
      replace: afterWatchdog,
      by: `${afterWatchdog}echo c >/proc/sysrq-trigger\n`,
    },
  },
  {
    name: 'initrd-hangs',
    title: 'initrd hangs',
    change: {
      kind: 'init',
      replace: afterWatchdog,
      by: `${afterWatchdog}while :; do usleep 1000000; done\n`,
    },
  },
  { name: 'root-corrupted', title: 'root corrupted', change: { kind: 'root' } },
  {
    name: 'init-missing',
    title: 'init missing',
    change: { kind: 'init', replace: handOver, by: 'exec switch_root /sysroot /usr/lib/systemd/missing' },
  },
  {
    name: 'silent-hang',
    title: 'hang without output',
    change: {
      kind: 'init',
      replace: handOver,
      by: 'exec switch_root /sysroot /usr/bin/busybox sleep 1000000',
    },
  },
  {
    name: 'agent-unhealthy',
    title: 'agent never healthy',
    change: agentRuns('/usr/bin/busybox sleep 1000000'),
  },
  { name: 'agent-crashes', title: 'agent crashes', change: agentRuns('/usr/bin/busybox false') },
];

/** What happens while a version is installed, beside the failures of the version itself. */
export const installFailures = [
  { name: 'esp-full', title: 'boot partition full' },
  { name: 'power-cut', title: 'power cut while installing' },
  { name: 'power-cut-trying', title: 'power cut while trying' },
] as const;

export const failureNames: readonly string[] = [...failures, ...installFailures].map(({ name }) => name);
