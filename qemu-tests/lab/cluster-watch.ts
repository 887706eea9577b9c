/** Asks every machine over and over, each in its own time, so that one that is slow or off holds up no other. */
import type { ClusterStatus } from '../../runtime/admin/protocol.ts';
import type { Machine } from '../machine/machine.ts';
import { askStatus } from './observe.ts';

export interface MachineView {
  readonly name: string;
  readonly isRunning: boolean;
  /** The latest answer of its agent; null when there is none, or it is old. */
  readonly status: ClusterStatus | null;
}

const pauseMilliseconds = 500;

/** A guest that is busy may miss some questions; after this time it is taken for not answering. */
const staleMilliseconds = 20_000;

interface Answer {
  readonly status: ClusterStatus;
  readonly at: number;
}

export class ClusterWatch {
  readonly #machines: readonly Machine[];
  readonly #answers = new Map<Machine, Answer>();
  readonly #stop = new AbortController();

  /** Starts asking at once. @param onAnswer is called after every question, answered or not. */
  constructor(machines: readonly Machine[], onAnswer: (views: readonly MachineView[]) => void) {
    this.#machines = machines;
    for (const machine of machines) void this.#follow(machine, onAnswer);
  }

  get views(): readonly MachineView[] {
    return this.#machines.map((machine) => ({
      name: machine.name,
      isRunning: machine.isRunning,
      status: this.#fresh(machine),
    }));
  }

  stop(): void {
    this.#stop.abort();
  }

  async #follow(machine: Machine, onAnswer: (views: readonly MachineView[]) => void): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const status = await askStatus(machine);
      if (status) this.#answers.set(machine, { status, at: performance.now() });
      if (!machine.isRunning) this.#answers.delete(machine);
      if (!signal.aborted) onAnswer(this.views);
      await new Promise((resolve) => setTimeout(resolve, pauseMilliseconds));
    }
  }

  #fresh(machine: Machine): ClusterStatus | null {
    const answer = this.#answers.get(machine);
    return answer && performance.now() - answer.at < staleMilliseconds ? answer.status : null;
  }
}
