/**
 * The cluster as it forms: on a terminal a few lines that are drawn again in place, otherwise a line for every change.
 * Rendering is a pure function; only `LiveView` writes.
 */
import type { ClusterStatus } from '../../runtime/admin/protocol.ts';
import type { MachineView } from './cluster-watch.ts';

/** One line a machine, and one for the cluster. */
export function renderView(machines: readonly MachineView[]): string[] {
  return [...machines.map(renderMachine), renderCluster(machines)];
}

function renderMachine({ name, isRunning, status }: MachineView): string {
  return `${name}  ${describeMachine(isRunning, status)}`;
}

function describeMachine(isRunning: boolean, status: ClusterStatus | null): string {
  if (!isRunning) return 'off';
  if (status === null) return 'booting';
  const self = status.nodes.find((node) => node.id === status.self.id);
  if (!self) return `${status.self.name}  waiting: ${status.reason ?? 'no member yet'}`;
  const leads = status.leader === self.id ? ', leader' : '';
  return `${self.name}  ${self.role}${leads}  ${self.address}`;
}

function renderCluster(machines: readonly MachineView[]): string {
  const status = machines.find((machine) => machine.status?.clusterId)?.status;
  if (!status) return 'cluster: none yet';
  if (!status.highAvailability) return `high-availability: no  ${status.reason ?? ''}`.trimEnd();
  return `high-availability: yes  (survives the loss of ${status.survives})`;
}

export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export class LiveView {
  readonly #output: Output;
  readonly #startedAt = performance.now();
  #shown: readonly string[] = [];

  constructor(output: Output) {
    this.#output = output;
  }

  /** Shows the state; says nothing when nothing has changed. */
  show(machines: readonly MachineView[]): void {
    const lines = renderView(machines);
    const changed = lines.filter((line, index) => line !== this.#shown[index]);
    if (this.#output.isTTY) this.#redraw(lines);
    else for (const line of changed) this.#output.write(`${this.#time()}  ${line}\n`);
    this.#shown = lines;
  }

  #redraw(lines: readonly string[]): void {
    const width = (this.#output.columns ?? 80) - 1;
    const up = this.#shown.length > 0 ? `\x1b[${this.#shown.length}A` : '';
    const body = lines.map((line, index) => {
      const isLast = index === lines.length - 1;
      return `${(isLast ? `${this.#time()}  ${line}` : `         ${line}`).slice(0, width)}\x1b[K\n`;
    });
    this.#output.write(up + body.join(''));
  }

  #time(): string {
    return `${((performance.now() - this.#startedAt) / 1000).toFixed(1).padStart(6)} s`;
  }
}
