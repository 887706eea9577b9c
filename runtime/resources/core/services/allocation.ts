/**
 * What no two services may have: addresses within the cluster, and ports of its nodes. They are chosen by chance and claimed in
 * the transaction that stores the service, so that nothing has to be counted or repaired.
 * (pkg/registry/core/service/storage/alloc.go) Pure.
 */
import type { ApiObject } from '../../../apiserver/objects/object-bytes.ts';
import type {
  Service,
  ServicePort,
  ServiceSpec,
} from '../../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { FieldError } from '../../../apiserver/status.ts';
import { invalidShown, invalidValue } from '../../field-errors.ts';
import { readAddress } from '../../meta/addresses.ts';
import { inList, when } from '../../meta/field-checks.ts';
import { showStrings } from '../../meta/go-syntax.ts';
import { isHeadless } from './cluster-addresses.ts';
import { hasAddresses, hasNodePorts, needsHealthCheck } from './kept-values.ts';

/** 10.96.0.0/12, as most clusters have it. */
const range = { text: '10.96.0.0/12', first: 10 * 2 ** 24 + 96 * 2 ** 16, size: 2 ** 20 };
/** Left to people who want an address of their choice; the first one is the API's own. */
const chosenByPeople = 256;
const nodePorts = { first: 30_000, last: 32_767 };

/** @param random from 0 to 1 */
export function allocateService(object: ApiObject, random: () => number): ApiObject {
  const { spec = {} } = object as unknown as Service;
  return { ...object, spec: withPorts(withAddress(spec, random), random) } as ApiObject;
}

export function claimsOfService(object: ApiObject): readonly string[] {
  const { spec = {} } = object as unknown as Service;
  const addresses = hasAddresses(spec) && !isHeadless(spec) ? (spec.clusterIPs ?? []) : [];
  const ports = [...(spec.ports ?? []).map(({ nodePort }) => nodePort), spec.healthCheckNodePort];
  const used = new Set(ports.filter((port) => port !== undefined && port !== 0));
  return [
    ...addresses.map((address) => `serviceips/${address}`),
    ...[...used].map((port) => `nodeports/${port}`),
  ];
}

export function serviceClaimError(object: ApiObject, claim: string): FieldError {
  const { spec = {} } = object as unknown as Service;
  const [sort, value = ''] = claim.split('/');
  if (sort === 'serviceips') {
    const why = `failed to allocate IP ${value}: provided IP is already allocated`;
    return invalidShown('spec.clusterIPs', showStrings(spec.clusterIPs), why);
  }
  const at = (spec.ports ?? []).findIndex(({ nodePort }) => nodePort === Number(value));
  const field = at < 0 ? 'spec.healthCheckNodePort' : `spec.ports[${at}].nodePort`;
  return invalidValue(field, Number(value), 'provided port is already allocated');
}

/** What of it this cluster cannot give. */
export function checkAllocation(spec: ServiceSpec): readonly FieldError[] {
  const { clusterIPs = [], ipFamilies = [], ports = [] } = spec;
  const families = inList(ipFamilies, 'spec.ipFamilies', (family, at) =>
    when(family === 'IPv6', invalidValue(at, family, 'not configured on this cluster')),
  );
  const isOut = !isHeadless(spec) && clusterIPs.some((address) => !isInRange(address));
  const outside = clusterIPs.find((address) => !isInRange(address));
  const why = `failed to allocate IP ${outside}: the provided IP (${outside}) is not in the valid range. The range of valid IPs is ${range.text}`;
  return [
    ...families,
    ...when(isOut, invalidShown('spec.clusterIPs', showStrings(clusterIPs), why)),
    // A type without ports of nodes is given none: that it asks for one is said where it is checked.
    ...inList(hasNodePorts(spec) ? ports : [], 'spec.ports', ({ nodePort = 0 }, at) => {
      const isPort = nodePort === 0 || (nodePort >= nodePorts.first && nodePort <= nodePorts.last);
      const valid = `${nodePorts.first}-${nodePorts.last}`;
      const sentence = `provided port is not in the valid range. The range of valid ports is ${valid}`;
      return when(!isPort, invalidValue(`${at}.nodePort`, nodePort, sentence));
    }),
  ];
}

function isInRange(address: string): boolean {
  const read = readAddress(address);
  if (read === null || read.family !== 4) return false;
  const offset = Number(read.bits) - range.first;
  return offset > 0 && offset < range.size - 1;
}

function withAddress(spec: ServiceSpec, random: () => number): ServiceSpec {
  if (!hasAddresses(spec)) return spec;
  const { ipFamilies = [], ipFamilyPolicy = 'SingleStack' } = spec;
  const families = {
    ipFamilies: ipFamilies.length === 0 ? ['IPv4' as const] : ipFamilies,
    // Who would like both gets what there is.
    ipFamilyPolicy: ipFamilyPolicy === 'PreferDualStack' ? ipFamilyPolicy : ('SingleStack' as const),
  };
  if ((spec.clusterIP ?? '') !== '') return { ...spec, ...families };
  const chosen = range.first + chosenByPeople + Math.floor(random() * (range.size - chosenByPeople - 1));
  const clusterIP = [24, 16, 8, 0].map((shift) => (chosen >>> shift) & 0xff).join('.');
  return { ...spec, ...families, clusterIP, clusterIPs: [clusterIP] };
}

function withPorts(spec: ServiceSpec, random: () => number): ServiceSpec {
  const draw = (): number => nodePorts.first + Math.floor(random() * (nodePorts.last - nodePorts.first + 1));
  const used = new Set((spec.ports ?? []).map(({ nodePort = 0 }) => nodePort));
  const complete = (port: ServicePort): ServicePort => {
    if (port.nodePort) return port;
    const chosen = drawOther(draw, used);
    used.add(chosen);
    return { ...port, nodePort: chosen };
  };
  const ports = hasNodePorts(spec) ? { ports: spec.ports?.map(complete) } : {};
  const needsCheck = needsHealthCheck(spec) && !spec.healthCheckNodePort;
  const check = needsCheck ? { healthCheckNodePort: drawOther(draw, used) } : {};
  return { ...spec, ...ports, ...check } as ServiceSpec;
}

/** A service has a few ports of thousands. */
function drawOther(draw: () => number, used: ReadonlySet<number>): number {
  for (let tries = 0; tries < 100; tries += 1) {
    const port = draw();
    if (!used.has(port)) return port;
  }
  return draw();
}
