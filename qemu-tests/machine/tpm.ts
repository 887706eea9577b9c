/** A machine's TPM: swtpm, a process that QEMU talks to. What it keeps lies in a directory, as a mainboard's chip keeps it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { MachineError } from './machine-error.ts';

const startLimitMilliseconds = 10_000;

export interface Tpm {
  readonly socket: string;
  /** Resolves when the process is gone. */
  stop(): Promise<void>;
}

/**
 * Starts one, which ends with this process at the latest. A directory without a state is a new TPM.
 * @param socket where QEMU will find it. Rejects with `MachineError`.
 */
export async function startTpm(directory: string, socket: string): Promise<Tpm> {
  mkdirSync(directory, { recursive: true });
  rmSync(socket, { force: true });
  const words = [
    ...['socket', '--tpm2', '--tpmstate', `dir=${path.resolve(directory)}`],
    ...['--ctrl', `type=unixio,path=${socket}`],
  ];
  // In a session of its own, so that Ctrl-C does not reach it.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'swtpm', ...words], {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const ended = new Promise<void>((resolve) => {
    child.on('error', (error) => {
      complaint += error.message;
      resolve();
    });
    child.on('close', () => resolve());
  });
  if (await listens(child, socket)) return { socket, stop: () => stop(child, ended) };
  await stop(child, ended);
  throw new MachineError('startFailed', `swtpm did not start: ${complaint.trim() || 'it says nothing'}`);
}

async function listens(child: ChildProcess, socket: string): Promise<boolean> {
  const deadline = performance.now() + startLimitMilliseconds;
  while (performance.now() < deadline && child.exitCode === null) {
    if (existsSync(socket)) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}

async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.kill('SIGKILL');
  await ended;
}
