/**
 * What the server gave a service stays with it when a client leaves it out, and goes when the type has no use for it any
 * more. (pkg/registry/core/service: strategy.go, storage/storage.go) Pure.
 */
import type { ServicePort, ServiceSpec } from '../../../apiserver/schemas/generated/types/api-core-v1.ts';
import { isReachedFromOutside } from './service-defaults.ts';

/** @param before null: the service is made */
export function keepValues(next: ServiceSpec, before: ServiceSpec | null): ServiceSpec {
  if (before === null) return withBothAddressFields(next);
  return dropUnused(withAllocated(alignAddresses(next, before), before), before);
}

export function needsHealthCheck({ type, externalTrafficPolicy }: ServiceSpec): boolean {
  return type === 'LoadBalancer' && externalTrafficPolicy === 'Local';
}

/** `clusterIP` is the first of `clusterIPs`. */
function withBothAddressFields(spec: ServiceSpec): ServiceSpec {
  const { clusterIP = '', clusterIPs = [] } = spec;
  return clusterIP !== '' && clusterIPs.length === 0 ? { ...spec, clusterIPs: [clusterIP] } : spec;
}

/** A client that knows only the older field changes it, and leaves the newer as it was. */
function alignAddresses(next: ServiceSpec, before: ServiceSpec): ServiceSpec {
  const isTouched = (next.clusterIP ?? '') !== (before.clusterIP ?? '');
  if (!isTouched || !isSameList(next.clusterIPs, before.clusterIPs)) return withBothAddressFields(next);
  const { clusterIPs: _, ...others } = next;
  return withBothAddressFields(others);
}

function withAllocated(next: ServiceSpec, before: ServiceSpec): ServiceSpec {
  const spec = { ...next };
  if (hasAddresses(next) && hasAddresses(before)) {
    spec.clusterIP = next.clusterIP || before.clusterIP;
    const isSame = spec.clusterIP === before.clusterIP;
    if ((next.clusterIPs ?? []).length === 0 && isSame) spec.clusterIPs = before.clusterIPs;
  }
  if (hasNodePorts(next) && hasNodePorts(before)) spec.ports = withNodePorts(next.ports, before.ports ?? []);
  if (needsHealthCheck(next) && needsHealthCheck(before)) {
    spec.healthCheckNodePort = next.healthCheckNodePort || before.healthCheckNodePort;
  }
  return spec;
}

function withNodePorts(
  ports: readonly ServicePort[] | undefined,
  before: readonly ServicePort[],
): readonly ServicePort[] | undefined {
  const given = new Map(before.map((port) => [`${port.protocol}/${port.port}`, port.nodePort]));
  const used = new Set((ports ?? []).map(({ nodePort }) => nodePort || 0));
  return ports?.map((port) => {
    if (port.nodePort) return port;
    const nodePort = given.get(`${port.protocol}/${port.port}`) || 0;
    return nodePort === 0 || used.has(nodePort) ? port : { ...port, nodePort };
  });
}

/** Only what the client left as it was: what it changed itself is checked. */
function dropUnused(next: ServiceSpec, before: ServiceSpec): ServiceSpec {
  const spec = { ...next };
  const lost = (has: (spec: ServiceSpec) => boolean): boolean => has(before) && !has(next);
  if (lost(hasAddresses)) {
    if (isSameList(next.clusterIPs, before.clusterIPs)) spec.clusterIP = spec.clusterIPs = undefined;
    if (isSameList(next.ipFamilies, before.ipFamilies)) spec.ipFamilies = undefined;
    if (next.ipFamilyPolicy === before.ipFamilyPolicy) spec.ipFamilyPolicy = undefined;
  }
  const portsOf = ({ ports }: ServiceSpec) => (ports ?? []).map(({ nodePort }) => nodePort || 0);
  if (lost(hasNodePorts) && isSameList(portsOf(next), portsOf(before))) {
    spec.ports = next.ports?.map(({ nodePort: _, ...port }) => port);
  }
  for (const [has, name] of ofType) {
    if (lost(has) && next[name] === before[name]) delete spec[name];
  }
  return spec;
}

const isBalanced = ({ type }: ServiceSpec): boolean => type === 'LoadBalancer';

/** Fields that some types have no use for. */
const ofType = [
  [needsHealthCheck, 'healthCheckNodePort'],
  [isBalanced, 'allocateLoadBalancerNodePorts'],
  [isBalanced, 'loadBalancerClass'],
  [isReachedFromOutside, 'externalTrafficPolicy'],
] as const;

export function hasAddresses({ type }: ServiceSpec): boolean {
  return type === 'ClusterIP' || type === 'NodePort' || type === 'LoadBalancer';
}

export function hasNodePorts({ type, allocateLoadBalancerNodePorts }: ServiceSpec): boolean {
  return type === 'NodePort' || (type === 'LoadBalancer' && allocateLoadBalancerNodePorts !== false);
}

function isSameList<T>(a: readonly T[] | undefined, b: readonly T[] | undefined): boolean {
  const [left, right] = [a ?? [], b ?? []];
  return left.length === right.length && left.every((item, index) => item === right[index]);
}
