/** `trivet update`: installing a version of the system, seeing what the slots hold, and confirming a trial. */
import { spawnSync } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { connectAdmin } from '../admin/client.ts';
import type { SystemStatus } from '../admin/protocol.ts';
import { askAgent } from '../updates/ask-agent.ts';
import { confirmUpdate } from '../updates/confirm.ts';
import { type DevicePaths, devicePaths, readDevice, readImageFacts } from '../updates/device.ts';
import { updatePartitionName } from '../updates/format.ts';
import { type InstallOutcome, installUpdate } from '../updates/install.ts';
import { countNetworkDevices, noteBefore, noteOutcome } from '../updates/notes.ts';
import { readSystemStatus } from '../updates/status.ts';
import { CommandError, usageError } from './command-error.ts';
import { formatSystem } from './system-lines.ts';

export interface UpdateOptions {
  readonly socket: string;
  readonly json: boolean;
  readonly retry: boolean;
  /** Restart into the new version at once. */
  readonly restart: boolean;
}

export async function updateCommand(
  operation: string,
  file: string | undefined,
  options: UpdateOptions,
): Promise<void> {
  switch (operation) {
    case 'install':
      return install(file ?? `${devicePaths.partitions}/${updatePartitionName}`, options);
    case 'status':
      return showStatus(options);
    case 'confirm':
      return confirm(options);
    default:
      throw usageError(
        `There is no "update ${operation}": install, status or confirm. See: trivet update --help`,
      );
  }
}

async function install(file: string, options: UpdateOptions): Promise<void> {
  const device = readDevice();
  tell(`Looking at the update ${file}.`);
  let outcome: InstallOutcome;
  try {
    outcome = await installUpdate(file, device, { retry: options.retry, tell });
  } catch (error) {
    const message = `The update ${file} was not installed. ${(error as Error).message}`;
    noteOutcome(device.paths, { ok: false, message });
    throw new CommandError(message);
  }
  const message = messageOf(outcome);
  noteOutcome(device.paths, { ok: true, message });
  tell(message);
  if (outcome.kind === 'running') return;
  await noteHowItIs(device.paths, options.socket);
  if (options.restart) restart();
}

/** For the judgement of the new version. Without the note, a full data partition say, less is asked of it. */
async function noteHowItIs(paths: DevicePaths, socket: string): Promise<void> {
  const agent = await askAgent(socket);
  try {
    noteBefore(paths, {
      wasMember: agent?.state === 'member',
      networkDevices: countNetworkDevices(paths),
    });
  } catch (error) {
    tell(`How the machine is now could not be noted: ${(error as Error).message}`);
  }
}

function messageOf({ kind, version }: InstallOutcome): string {
  return kind === 'running'
    ? `Version ${version} runs already: there is nothing to do.`
    : `Version ${version} is installed. The next start tries it.`;
}

/** In good order: the agent hands over what it leads. */
function restart(): void {
  tell('The machine restarts.');
  const run = spawnSync('systemctl', ['reboot'], { encoding: 'utf8' });
  if (run.status !== 0) throw new CommandError(`The machine cannot be restarted: ${run.stderr?.trim()}`);
}

async function showStatus({ socket, json }: UpdateOptions): Promise<void> {
  const system = await askSystem(socket);
  if (system === null) throw new CommandError('This is no machine with an image of Trivet.');
  const text = json ? JSON.stringify(system, null, 2) : formatSystem(system).join('\n');
  process.stdout.write(`${text}\n`);
}

/** The agent of that socket may be in another machine; when none answers, this machine looks itself. */
async function askSystem(socket: string): Promise<SystemStatus | null> {
  const client = await connectAdmin(socket).catch((error: Error) => error);
  if (client instanceof Error) {
    if (readImageFacts() === null) throw client;
    return readSystemStatus();
  }
  try {
    return (await client.request('update.status')) as SystemStatus | null;
  } finally {
    client.close();
  }
}

async function confirm({ socket }: UpdateOptions): Promise<void> {
  const device = readDevice();
  await confirmUpdate(device, {
    look: async () => ({ agent: await askAgent(socket), networkDevices: countNetworkDevices(device.paths) }),
    now: () => performance.now() / 1000,
    pause: (seconds) => pause(seconds * 1000),
    tell,
  });
}

function tell(sentence: string): void {
  process.stdout.write(`trivet update: ${sentence}\n`);
}
