/** A machine of the cluster as a Node, as its own kubelet would describe it. (pkg/kubelet/nodestatus, kubelet_node_status.go) Pure. */
import { isIP } from 'node:net';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import type { NodeCondition } from '../../apiserver/schemas/generated/types/api-core-v1.ts';
import { canonicalQuantity } from '../../apiserver/schemas/quantity.ts';

/** What a machine tells of itself. */
export interface NodeObservation {
  /** Of the member, and of the Node. */
  readonly name: string;
  /** Of the member: its Node goes when this one is no longer in the cluster. */
  readonly memberId: string;
  /** Where others reach it. */
  readonly addresses: readonly string[];
  /** As `v1.32.3`. */
  readonly kubeletVersion: string;
  /** As Go names it: `amd64`, `arm64`. */
  readonly architecture: string;
  readonly osImage: string;
  readonly kernelVersion: string;
  readonly machineId: string;
  readonly bootId: string;
  /** As `containerd://2.0.0`; '' where no containers can be run. */
  readonly containerRuntime: string;
  /** '' where it is in none. */
  readonly failureDomain: string;
  readonly capacity: NodeCapacity;
  /** Of which pods may have so much. Default: all of it. */
  readonly allocatable?: NodeCapacity;
  readonly conditions: readonly ObservedCondition[];
}

export interface NodeCapacity {
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly storageBytes: number;
  readonly pods: number;
}

export interface ObservedCondition {
  readonly type: 'Ready' | 'MemoryPressure' | 'DiskPressure' | 'PIDPressure';
  readonly holds: boolean;
  readonly reason: string;
  readonly message: string;
}

/** Says whose Node it is. One without it is not ours. */
export const memberAnnotation = 'trivet-member-id';

/** As it registers itself: nothing is to be run on it before it has said that it is ready. */
export function newNode(observation: NodeObservation, now: string): ApiObject {
  const { name } = observation;
  const taints = isReady(observation) ? {} : { taints: [{ key: notReadyKey, effect: 'NoSchedule' }] };
  const annotations = { [memberAnnotation]: observation.memberId };
  return {
    ...{ kind: 'Node', apiVersion: 'v1', metadata: { name, labels: labelsOf(observation), annotations } },
    ...{ spec: taints, status: statusOf(observation, [], now) },
  };
}

export const notReadyKey = 'node.kubernetes.io/not-ready';

export function labelsOf({
  name,
  architecture,
  failureDomain,
}: NodeObservation): Readonly<Record<string, string>> {
  return {
    'beta.kubernetes.io/arch': architecture,
    'beta.kubernetes.io/os': 'linux',
    'kubernetes.io/arch': architecture,
    'kubernetes.io/hostname': name,
    'kubernetes.io/os': 'linux',
    ...(failureDomain === '' ? {} : { 'topology.kubernetes.io/zone': failureDomain }),
  };
}

/** @param before the conditions that the Node has, whose times go on. */
export function statusOf(observation: NodeObservation, before: readonly NodeCondition[], now: string) {
  const { capacity, allocatable = capacity, name, addresses } = observation;
  const own = observation.conditions.map(({ type, holds, reason, message }): NodeCondition => {
    const status = holds ? 'True' : 'False';
    const old = before.find((condition) => condition.type === type);
    const since = old?.status === status ? (old.lastTransitionTime ?? now) : now;
    return { type, status, reason, message, lastHeartbeatTime: now, lastTransitionTime: since };
  });
  const others = before.filter(({ type }) => !own.some((condition) => condition.type === type));
  return {
    addresses: [
      ...addresses
        .filter((address) => isIP(address) !== 0)
        .map((address) => ({ type: 'InternalIP', address })),
      { type: 'Hostname', address: name },
    ],
    ...{ capacity: quantitiesOf(capacity), allocatable: quantitiesOf(allocatable) },
    conditions: [...others, ...own],
    nodeInfo: {
      ...{ architecture: observation.architecture, operatingSystem: 'linux', osImage: observation.osImage },
      ...{ bootID: observation.bootId, machineID: observation.machineId, systemUUID: observation.machineId },
      ...{ kernelVersion: observation.kernelVersion, containerRuntimeVersion: observation.containerRuntime },
      ...{ kubeletVersion: observation.kubeletVersion, kubeProxyVersion: observation.kubeletVersion },
    },
  };
}

/** Memory and storage in Ki, as kubelets say it. */
function quantitiesOf({
  cpus,
  memoryBytes,
  storageBytes,
  pods,
}: NodeCapacity): Readonly<Record<string, string>> {
  const kibibytes = (bytes: number): string => `${Math.floor(bytes / 1024)}Ki`;
  const cpu = canonicalQuantity(`${Math.round(cpus * 1000)}m`) ?? String(cpus);
  const storage = kibibytes(storageBytes);
  return { cpu, 'ephemeral-storage': storage, memory: kibibytes(memoryBytes), pods: String(pods) };
}

function isReady({ conditions }: NodeObservation): boolean {
  return conditions.some(({ type, holds }) => type === 'Ready' && holds);
}
