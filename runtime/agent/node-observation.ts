/** What this machine is and how it is, as its Node of the Kubernetes API tells it. (pkg/kubelet/nodestatus/setters.go) */
import { readFileSync, statfsSync } from 'node:fs';
import os from 'node:os';
import type { NodeObservation, ObservedCondition } from '../controllers/nodes/node-object.ts';
import { kubernetesVersion } from './kubernetes-version.ts';

export interface ObservedMember {
  readonly id: string;
  readonly name: string;
  /** Without ports, the primary one first. */
  readonly addresses: readonly string[];
  readonly failureDomain: string | null;
}

/** As kubelets evict: below these a node is under pressure. */
const leastMemoryBytes = 100 * 1024 * 1024;
const leastDiskShare = 0.1;
const leastProcessShare = 0.1;
/** What kubelets allow by themselves. */
const mostPods = 110;

/** @param dataDirectory on the disk that containers would use */
export function observeMachine(member: ObservedMember, dataDirectory: string): NodeObservation {
  const disk = statfsSync(dataDirectory);
  return {
    ...{ name: member.name, memberId: member.id, addresses: member.addresses },
    kubeletVersion: String(kubernetesVersion().gitVersion),
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    osImage: /^PRETTY_NAME="?([^"\n]*)/m.exec(readOrEmpty('/etc/os-release'))?.[1] ?? 'Linux',
    kernelVersion: os.release(),
    machineId: readOrEmpty('/etc/machine-id').trim(),
    bootId: readOrEmpty('/proc/sys/kernel/random/boot_id').trim(),
    containerRuntime: '',
    failureDomain: member.failureDomain ?? '',
    capacity: {
      cpus: os.availableParallelism(),
      memoryBytes: os.totalmem(),
      storageBytes: disk.blocks * disk.bsize,
      pods: mostPods,
    },
    conditions: conditionsOf(disk.bavail / disk.blocks),
  };
}

function conditionsOf(freeDiskShare: number): readonly ObservedCondition[] {
  const [processes, most] = countProcesses();
  const low = {
    memory: availableMemoryBytes() < leastMemoryBytes,
    disk: freeDiskShare < leastDiskShare,
    processes: most > 0 && 1 - processes / most < leastProcessShare,
  };
  return [
    pressure('MemoryPressure', low.memory, 'Memory'),
    pressure('DiskPressure', low.disk, 'Disk'),
    pressure('PIDPressure', low.processes, 'PID'),
    {
      ...{ type: 'Ready', holds: false, reason: 'NoContainerRuntime' },
      message: 'this version of Trivet serves the API and runs no containers yet',
    },
  ];
}

function pressure(type: ObservedCondition['type'], holds: boolean, what: string): ObservedCondition {
  const verb = holds ? 'HasInsufficient' : what === 'Disk' ? 'HasNo' : 'HasSufficient';
  const reason =
    what === 'Disk' ? `Kubelet${holds ? 'HasDiskPressure' : 'HasNoDiskPressure'}` : `Kubelet${verb}${what}`;
  const words = holds
    ? `kubelet has insufficient ${what} available`
    : `kubelet has sufficient ${what} available`;
  return { type, holds, reason, message: words };
}

function availableMemoryBytes(): number {
  const kibibytes = /^MemAvailable:\s+(\d+)/m.exec(readOrEmpty('/proc/meminfo'))?.[1];
  return kibibytes === undefined ? os.freemem() : Number(kibibytes) * 1024;
}

/** Threads count as processes, of which the kernel has so many numbers. */
function countProcesses(): readonly [now: number, most: number] {
  const now = /\/(\d+)/.exec(readOrEmpty('/proc/loadavg'))?.[1] ?? '0';
  return [Number(now), Number(readOrEmpty('/proc/sys/kernel/pid_max').trim() || 0)];
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // A sandbox may not show it.
    return '';
  }
}
