/** Which faults a run has, chosen by its seed, and how each is done and undone. */
import { pick, type Random } from '../raft/testing/seeded-random.ts';
import type { AgentProcess } from './agent-process.ts';
import type { Network } from './network.ts';

export type Fault =
  | { readonly kind: 'kill' | 'pause' | 'slow' | 'stop' | 'fullDisk'; readonly node: number }
  /** Packets of these directions are lost. */
  | {
      readonly kind: 'partition';
      readonly name: string;
      readonly lost: readonly (readonly [number, number])[];
    };

export interface ScheduledFault {
  readonly fault: Fault;
  /** From the beginning of the run's faults. */
  readonly atMilliseconds: number;
  readonly forMilliseconds: number;
}

const fewestFaults = 3;
const mostMoreFaults = 4;
const shortestMilliseconds = 500;
const longestMilliseconds = 4_000;

/** Several faults, which may overlap and may take the majority away. Pure. */
export function chooseFaults(random: Random, size: number, spanMilliseconds: number): ScheduledFault[] {
  const count = fewestFaults + Math.floor(random() * mostMoreFaults);
  const faults = Array.from({ length: count }, () => ({
    fault: chooseFault(random, size),
    atMilliseconds: Math.floor(random() * spanMilliseconds),
    forMilliseconds: Math.floor(
      shortestMilliseconds + random() * (longestMilliseconds - shortestMilliseconds),
    ),
  }));
  return faults.sort((a, b) => a.atMilliseconds - b.atMilliseconds);
}

function chooseFault(random: Random, size: number): Fault {
  const nodes = Array.from({ length: size }, (_, i) => i);
  const kind = pick(random, ['kill', 'pause', 'slow', 'stop', 'fullDisk', 'partition', 'partition'] as const);
  const node = pick(random, nodes);
  if (kind !== 'partition') return { kind, node };
  const others = nodes.filter((each) => each !== node);
  const out = others.map((each) => [node, each] as const);
  const into = others.map((each) => [each, node] as const);
  const peer = pick(random, others);
  // Never all of them.
  const side = [node, ...others.filter((each) => each !== peer && random() < 0.5)].sort();
  const across = nodes.flatMap((a) =>
    nodes.filter((b) => side.includes(a) !== side.includes(b)).map((b) => [a, b] as const),
  );
  return pick(random, [
    { kind, name: `everything from ${node} is lost`, lost: out },
    { kind, name: `everything to ${node} is lost`, lost: into },
    { kind, name: `${node} is cut off`, lost: [...out, ...into] },
    {
      kind,
      name: `${node} and ${peer} do not hear each other`,
      lost: [[node, peer] as const, [peer, node] as const],
    },
    { kind, name: `${node} does not reach ${peer}`, lost: [[node, peer] as const] },
    { kind, name: `${side.join('+')} is parted from the others`, lost: across },
  ]);
}

export async function begin(fault: Fault, nodes: readonly AgentProcess[], network: Network): Promise<void> {
  switch (fault.kind) {
    case 'kill':
      return nodes[fault.node]?.kill();
    case 'stop':
      return nodes[fault.node]?.stop();
    case 'pause':
      return nodes[fault.node]?.pause();
    case 'slow':
      return nodes[fault.node]?.slowDown();
    case 'fullDisk':
      return nodes[fault.node]?.fillDisk();
    case 'partition':
      for (const [from, to] of fault.lost) network.lose(from, to);
  }
}

export function end(fault: Fault, nodes: readonly AgentProcess[], network: Network): void {
  switch (fault.kind) {
    case 'kill':
    case 'stop':
      nodes[fault.node]?.start();
      break;
    case 'pause':
    case 'slow':
      nodes[fault.node]?.goOn();
      break;
    case 'fullDisk':
      nodes[fault.node]?.freeDisk();
      break;
    case 'partition':
      for (const [from, to] of fault.lost) network.restore(from, to);
  }
}

export function describeFault({ fault, atMilliseconds, forMilliseconds }: ScheduledFault): string {
  const what = fault.kind === 'partition' ? fault.name : `${fault.kind} ${fault.node}`;
  return `${what} (${(atMilliseconds / 1000).toFixed(1)} s, for ${(forMilliseconds / 1000).toFixed(1)} s)`;
}
