/** `trivet boot IMAGE`: machines of one image on a private switch, and a view of the cluster they form. */
import { readFileSync } from 'node:fs';
import { ClusterWatch, type MachineView } from '../../qemu-tests/lab/cluster-watch.ts';
import { defaultMemoryMebibytes, Lab } from '../../qemu-tests/lab/lab.ts';
import { LiveView } from '../../qemu-tests/lab/live-view.ts';
import { openImage } from '../../qemu-tests/machine/image.ts';
import { BuildError } from '../build-error.ts';

export interface BootCommandOptions {
  readonly image: string;
  /** As given on the command line. */
  readonly nodes: string | undefined;
  readonly memory: string | undefined;
  readonly direct: boolean;
  readonly directory: string | undefined;
  readonly json: boolean;
}

const defaultNodes = 3;
const mostNodes = 16;
const leastMemoryMebibytes = 256;
const mostMemoryMebibytes = 65_536;

/** What QEMU itself takes beside the guest's memory. */
const overheadMebibytes = 200;

/** Runs until Ctrl-C. Rejects when the machines cannot be started, or all of them ended. */
export async function bootCommand(options: BootCommandOptions): Promise<void> {
  const nodes = readNumber('--nodes', options.nodes, defaultNodes, [1, mostNodes]);
  const memoryMebibytes = readNumber('--memory', options.memory, defaultMemoryMebibytes, [
    leastMemoryMebibytes,
    mostMemoryMebibytes,
  ]);
  const image = openImage(options.image);
  checkMemory(nodes, memoryMebibytes);
  const interrupted = untilInterrupted();
  const lab = Lab.open({
    ...{ image, memoryMebibytes, direct: options.direct },
    ...(options.directory === undefined ? {} : { directory: options.directory }),
  });
  try {
    await lab.startMachines(nodes);
    if (!options.json) process.stdout.write(describe(lab));
    await follow(lab, options.json, interrupted);
  } finally {
    await lab.close();
  }
  if (!options.json) process.stdout.write('\nAll machines are off.\n');
}

function readNumber(
  name: string,
  text: string | undefined,
  fallback: number,
  [least, most]: readonly [number, number],
): number {
  if (text === undefined) return fallback;
  const number = Number(text);
  if (Number.isInteger(number) && number >= least && number <= most) return number;
  throw new BuildError('usage', `${name} ${text}: it must be a whole number from ${least} to ${most}.`);
}

function checkMemory(nodes: number, memoryMebibytes: number): void {
  const kibibytes = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1];
  const available = Math.floor(Number(kibibytes) / 1024);
  const needed = nodes * (memoryMebibytes + overheadMebibytes);
  if (needed <= available) return;
  throw new BuildError(
    'does-not-fit',
    `${nodes} machines of ${memoryMebibytes} MiB need about ${needed} MiB, and ${available} MiB are free: take fewer (--nodes) or smaller ones (--memory).`,
  );
}

/** Resolves at Ctrl-C or when the process is asked to end. */
function untilInterrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });
}

function describe(lab: Lab): string {
  const [first] = lab.machines;
  const machines = lab.machines.map(
    ({ name, console: log, adminSocket }) => `${name}  console ${log.file}  socket ${adminSocket}\n`,
  );
  return [
    ...machines,
    `\nAsk them:   npx trivet status --socket ${first?.adminSocket}\n`,
    `            npx trivet kv put greeting hello --socket ${first?.adminSocket}\n`,
    'Stop them:  Ctrl-C\n\n',
  ].join('');
}

/** Shows the cluster until the interruption; a machine that crashes is reported, and the last one ends it. */
async function follow(lab: Lab, json: boolean, interrupted: Promise<void>): Promise<void> {
  const startedAt = performance.now();
  const view = new LiveView(process.stdout);
  const reported = new Set<string>();
  const allEnded = Promise.withResolvers<never>();
  let isAvailable = false;
  const watch = new ClusterWatch(lab.machines, (views) => {
    for (const machine of lab.machines) {
      if (!machine.hasCrashed || reported.has(machine.name)) continue;
      reported.add(machine.name);
      process.stderr.write(`\n${machine.report()}\n\n`);
    }
    if (reported.size === lab.machines.length) allEnded.reject(new Error('All machines have ended.'));
    if (!json) view.show(views);
    else if (!isAvailable && views.every((one) => one.status?.highAvailability)) {
      isAvailable = true;
      process.stdout.write(`${formatJson(lab, views, (performance.now() - startedAt) / 1000)}\n`);
    }
  });
  // The time runs on also while no machine answers.
  const clock = json ? undefined : setInterval(() => view.show(watch.views), 1000);
  if (!json) view.show(watch.views);
  try {
    await Promise.race([interrupted, allEnded.promise]);
  } finally {
    clearInterval(clock);
    watch.stop();
  }
}

/** One line, when the cluster is highly available. */
function formatJson(lab: Lab, views: readonly MachineView[], seconds: number): string {
  return JSON.stringify({
    secondsToHighAvailability: Math.round(seconds * 10) / 10,
    machines: lab.machines.map((machine, index) => ({
      name: machine.name,
      id: views[index]?.status?.self.id ?? null,
      console: machine.console.file,
      socket: machine.adminSocket,
    })),
    status: views[0]?.status ?? null,
  });
}
