/** `trivet console`: shows on the machine's consoles how it is, again whenever that changes. What a unit of systemd runs. */
import { hostname, networkInterfaces } from 'node:os';
import { type AdminClient, connectAdmin } from '../admin/client.ts';
import type { ClusterStatus, EnrolmentAnswer } from '../admin/protocol.ts';
import { lineSize } from '../console/drawing.ts';
import { type ConsoleFacts, usableAddresses } from '../console/facts.ts';
import { renderScreen } from '../console/screen.ts';
import { ConsoleTerminal, consoleDevices } from '../console/terminals.ts';
import { CommandError } from './command-error.ts';

export interface ConsoleOptions {
  readonly socket: string;
  /** In place of the kernel's consoles. */
  readonly devices: readonly string[];
  /** Seconds in which an agent that has not answered yet is not missed: it starts, and what that says comes first. */
  readonly patience: number;
  /** Prints the screen to standard output, once. */
  readonly once: boolean;
}

/** While something changes. */
const busyMilliseconds = 2_000;
/** While nothing does: each question goes to the cluster's leader. */
const quietMilliseconds = 10_000;
/** Looks without news until then. */
const looksUntilQuiet = 10;
/** A small machine that starts is busy for longer than a person likes, and not silent. */
const answerMilliseconds = 15_000;

export async function consoleCommand(options: ConsoleOptions): Promise<void> {
  const { socket, devices, patience, once } = options;
  const observer = new Observer(socket);
  if (once) {
    process.stdout.write(`${renderScreen(await observer.look(), lineSize).join('\n')}\n`);
    observer.close();
    return;
  }
  const terminals = openTerminals(devices.length > 0 ? devices : consoleDevices());
  // A machine without a console is in order, and nothing is to be done.
  if (terminals.length === 0) {
    process.stdout.write('This machine has no console to show its status on.\n');
    return;
  }
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, resolve);
  });
  const stop = new AbortController();
  void stopped.then(() => stop.abort());
  await watch(observer, terminals, patience * 1000, stop.signal);
  for (const terminal of terminals) terminal.close();
  observer.close();
}

/** One that cannot be opened is named in the journal. */
function openTerminals(devices: readonly string[]): ConsoleTerminal[] {
  return devices.flatMap((device) => {
    try {
      return [new ConsoleTerminal(device)];
    } catch (error) {
      process.stderr.write(`trivet: ${device} cannot be opened: ${(error as Error).message}\n`);
      return [];
    }
  });
}

async function watch(
  observer: Observer,
  terminals: readonly ConsoleTerminal[],
  patienceMilliseconds: number,
  signal: AbortSignal,
): Promise<void> {
  const startedAt = performance.now();
  let [last, looks] = ['', 0];
  while (!signal.aborted) {
    const facts = await observer.look();
    const now = performance.now();
    if (facts.status !== null || now - startedAt >= patienceMilliseconds)
      for (const terminal of terminals) terminal.show(renderScreen(facts, terminal.size), now);
    const text = renderScreen(facts, lineSize).join('\n');
    looks = text === last ? looks + 1 : 0;
    last = text;
    await pause(looks < looksUntilQuiet ? busyMilliseconds : quietMilliseconds, signal);
  }
}

/** Keeps one connection to the agent, and what it said last. */
class Observer {
  readonly #socket: string;
  #client: AdminClient | null = null;
  #status: ClusterStatus | null = null;
  #enrolment: EnrolmentAnswer | null = null;
  #silence: ConsoleFacts['silence'] = null;

  constructor(socket: string) {
    this.#socket = socket;
  }

  async look(): Promise<ConsoleFacts> {
    try {
      this.#client ??= await connectAdmin(this.#socket);
      this.#status = (await this.#ask('status')) as ClusterStatus;
      this.#enrolment = await this.#lookAtEnrolment(this.#status);
      this.#silence = null;
    } catch (error) {
      this.close();
      // The first reason stays: the screen changes only when something does.
      this.#silence ??= { since: new Date(), reason: shortReason(error as Error & { code?: string }) };
    }
    return {
      ...{ hostName: hostname(), addresses: usableAddresses(networkInterfaces()) },
      ...{ status: this.#status, enrolment: this.#enrolment, silence: this.#silence },
    };
  }

  close(): void {
    this.#client?.close();
    this.#client = null;
  }

  /** Only a cluster with a leader can tell. */
  async #lookAtEnrolment({ self, leader }: ClusterStatus): Promise<EnrolmentAnswer | null> {
    if (self.state !== 'member' || leader === null) return null;
    try {
      return (await this.#ask('nodes.enrolment', { action: 'list' })) as EnrolmentAnswer;
    } catch (error) {
      // It says no, or has lost its leader just now; an agent that is gone is noticed by the next look.
      return (error as { code?: string }).code === 'refused' ? null : this.#enrolment;
    }
  }

  #ask(method: string, params: Record<string, unknown> = {}): Promise<unknown> {
    const client = this.#client;
    if (client === null) throw new CommandError('There is no connection to the agent.');
    return client.request(method, params, { timeoutMilliseconds: answerMilliseconds });
  }
}

function shortReason(error: Error & { readonly code?: string }): string {
  if (error.code === 'unreachable') return 'it does not run';
  return error.code === 'closed' ? 'it has ended' : 'it hangs, or the machine is too busy';
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener('abort', done);
  });
}
