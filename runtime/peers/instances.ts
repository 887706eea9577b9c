/**
 * Which run of an agent speaks for a node. A copied card has its original's key and certificate; what it has not is the
 * random name that every run gives itself. While one run of a node is heard, another is refused, and noted as a copy.
 */
import { randomBytes } from 'node:crypto';
import type { NodeId } from '../raft/types.ts';

/** Not heard for so long, a run has ended: a machine without power leaves connections behind. */
const silenceMilliseconds = 3_000;
/** For how long a copy is worth a warning after it was last seen. */
const noteMilliseconds = 60_000;

const instancePattern = /^run-([0-9a-f]{16})\.trivet$/;

export function createInstance(): string {
  return randomBytes(8).toString('hex');
}

/** How a run names itself in a TLS handshake (server name indication), before a byte is exchanged. */
export function serverNameOf(instance: string): string {
  return `run-${instance}.trivet`;
}

/** Empty for who names none. */
export function instanceOf(serverName: string | false | null | undefined): string {
  return instancePattern.exec(serverName || '')?.[1] ?? '';
}

interface Run {
  readonly instance: string;
  readonly address: string;
  heardAt: number;
  connections: number;
}

/** A machine that was refused because another with its identity is there. */
export interface Copy {
  readonly id: NodeId;
  /** Of the one that was refused, and of the one that was there first. */
  readonly address: string;
  readonly original: string;
}

export class InstanceGuard {
  /** This run's own. */
  readonly own = createInstance();
  readonly #now: () => number;
  readonly #runs = new Map<NodeId, Run>();
  readonly #copies = new Map<NodeId, Copy & { readonly at: number }>();

  /** @param now monotonic milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** A connection of a node's run opens. False when another run of it is there; the connection is then to be refused. */
  admit(id: NodeId, instance: string, address: string): boolean {
    const now = this.#now();
    const run = this.#runs.get(id);
    if (run === undefined || (run.instance !== instance && this.#isOver(run, now))) {
      this.#runs.set(id, { instance, address, heardAt: now, connections: 1 });
      return true;
    }
    if (run.instance === instance) {
      run.connections += 1;
      run.heardAt = now;
      return true;
    }
    this.#copies.set(id, { id, address, original: run.address, at: now });
    return false;
  }

  heard(id: NodeId, instance: string): void {
    const run = this.#runs.get(id);
    if (run?.instance === instance) run.heardAt = this.#now();
  }

  /** A connection has ended; with its last one a run is over at once. */
  closed(id: NodeId, instance: string): void {
    const run = this.#runs.get(id);
    if (run?.instance === instance) run.connections -= 1;
  }

  /** Whether what was dialled is a copy: another run of the node is there. */
  isCopy(id: NodeId, instance: string): boolean {
    const run = this.#runs.get(id);
    return run !== undefined && run.instance !== instance && !this.#isOver(run, this.#now());
  }

  /** Those seen lately. */
  copies(): readonly Copy[] {
    const now = this.#now();
    for (const [id, { at }] of this.#copies) if (now - at > noteMilliseconds) this.#copies.delete(id);
    return [...this.#copies.values()];
  }

  #isOver(run: Run, now: number): boolean {
    return run.connections <= 0 || now - run.heardAt > silenceMilliseconds;
  }
}
