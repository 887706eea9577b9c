/** Endpoint slices. (pkg/apis/discovery, pkg/registry/discovery/endpointslice) Pure. */

import { stringifyJson } from '../../apiserver/objects/json-text.ts';
import { dnsLabel, dnsSubdomain, labelKey, labelValueOf } from '../../apiserver/objects/name-rules.ts';
import type {
  Endpoint,
  EndpointPort,
  EndpointSlice,
} from '../../apiserver/schemas/generated/types/api-discovery-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { fullyQualifiedDomain } from '../checks/domain-names.ts';
import { immutable, isSame, repeated } from '../checks/fields.ts';
import { duplicate, invalidValue, notSupported, required, tooMany } from '../field-errors.ts';
import { withRaisedGeneration } from '../generation.ts';
import { kindStrategy } from '../kind.ts';
import { checkOrdinaryAddress, readAddress } from '../meta/addresses.ts';
import { checkName, checkOptionalOneOf, inList, when } from '../meta/field-checks.ts';
import { each, withChanged } from '../meta/fill-in.ts';
import { checkLabels } from '../meta/label-selector.ts';

const most = { endpoints: 1000, addresses: 100, ports: 20_000, topologyLabels: 16, zones: 8 } as const;
const families = ['FQDN', 'IPv4', 'IPv6'];

export const endpointSlices = kindStrategy<EndpointSlice>({
  ...{ name: dnsSubdomain, countsGenerations: true, hasStatus: false },
  fillIn: (object) => withChanged(object, { ports: each(fillInPort) }),
  prepareCreate: (object) => withChanged(object, { endpoints: each(withoutTopology) }),
  prepareUpdate: (next, old) => withCountedLabels(withKnownTopology(next, old), old),
  check: (object) => [
    ...checkFamily(object.addressType ?? ''),
    ...checkEndpoints(object),
    ...checkPorts(object.ports ?? []),
  ],
  checkUpdate: (next, old) => immutable(next.addressType, old.addressType, 'addressType'),
});

function fillInPort(port: EndpointPort): EndpointPort {
  return { ...port, name: port.name ?? '', protocol: port.protocol ?? 'TCP' };
}

/** A field of an older version, which this one only keeps. */
function withoutTopology({ deprecatedTopology: _, ...endpoint }: Endpoint): Endpoint {
  return endpoint;
}

function withKnownTopology(next: EndpointSlice, old: EndpointSlice): EndpointSlice {
  const known = new Set(
    (old.endpoints ?? []).map(({ deprecatedTopology: one }) => one && stringifyJson(one)),
  );
  const isKnown = ({ deprecatedTopology: one }: Endpoint): boolean =>
    one !== undefined && known.has(stringifyJson(one));
  return withChanged(next, {
    endpoints: each((endpoint) => (isKnown(endpoint) ? endpoint : withoutTopology(endpoint))),
  });
}

/** By its labels a slice is found: they count as what is wanted. */
function withCountedLabels(next: EndpointSlice, old: EndpointSlice): EndpointSlice {
  if (isSame(next.metadata?.labels ?? {}, old.metadata?.labels ?? {})) return next;
  return withRaisedGeneration(next, old);
}

function checkFamily(family: string): FieldError[] {
  if (family === '') return [required('addressType')];
  return families.includes(family) ? [] : [notSupported('addressType', family, families)];
}

function checkEndpoints({ endpoints, addressType }: EndpointSlice): FieldError[] {
  const count = (endpoints ?? []).length;
  if (count > most.endpoints) return [tooMany('endpoints', count, most.endpoints)];
  return inList(endpoints, 'endpoints', (endpoint, field) => [
    ...checkAddresses(endpoint.addresses ?? [], addressType, `${field}.addresses`),
    ...checkPlace(endpoint, field),
  ]);
}

function checkAddresses(addresses: readonly string[], family: string, field: string): FieldError[] {
  const checkOne = (address: string, at: string): readonly FieldError[] => {
    if (family === 'FQDN') return fullyQualifiedDomain(address, at);
    if (family !== 'IPv4' && family !== 'IPv6') return [];
    return [...checkAddressOf(family, address, at), ...checkOrdinaryAddress(address, at)];
  };
  return [
    ...(addresses.length === 0 ? [required(field, 'must contain at least 1 address')] : []),
    ...(addresses.length > most.addresses ? [tooMany(field, addresses.length, most.addresses)] : []),
    ...inList(addresses, field, checkOne),
  ];
}

function checkAddressOf(family: 'IPv4' | 'IPv6', address: string, field: string): readonly FieldError[] {
  const isOne = readAddress(address)?.family === (family === 'IPv4' ? 4 : 6);
  return when(!isOne, invalidValue(field, address, `must be a valid ${family} address`));
}

function checkPlace(endpoint: Endpoint, field: string): FieldError[] {
  const { nodeName, hostname, deprecatedTopology, hints } = endpoint;
  const labels = deprecatedTopology ?? {};
  const count = Object.keys(labels).length;
  const topology = `${field}.deprecatedTopology`;
  return [
    ...(typeof nodeName === 'string' ? checkName(dnsSubdomain, nodeName, `${field}.nodeName`) : []),
    ...(count > most.topologyLabels ? [tooMany(topology, count, most.topologyLabels)] : []),
    ...checkLabels(labels, topology),
    ...(typeof hostname === 'string' ? checkName(dnsLabel, hostname, `${field}.hostname`) : []),
    ...checkZones(
      (hints?.forZones ?? []).map(({ name }) => name ?? ''),
      `${field}.hints.forZones`,
    ),
  ];
}

function checkZones(zones: readonly string[], field: string): FieldError[] {
  if (zones.length > most.zones) return [tooMany(field, zones.length, most.zones)];
  const again = repeated(zones);
  return inList(zones, field, (zone, at, index) => [
    ...(again.has(index) ? [duplicate(`${at}.name`, zone)] : []),
    ...checkName(labelValueOf, zone, `${at}.name`),
  ]);
}

function checkPorts(ports: readonly EndpointPort[]): FieldError[] {
  if (ports.length > most.ports) return [tooMany('ports', ports.length, most.ports)];
  const names = ports.map(({ name }) => name ?? '');
  const again = repeated(names);
  return inList(ports, 'ports', ({ protocol, appProtocol }, field, index) => {
    const name = names[index]!;
    return [
      ...(name === '' ? [] : checkName(dnsLabel, name, `${field}.name`)),
      ...(again.has(index) ? [duplicate(`${field}.name`, name)] : []),
      ...((protocol ?? null) === null
        ? [required(`${field}.protocol`)]
        : checkOptionalOneOf(protocol, `${field}.protocol`, ['SCTP', 'TCP', 'UDP'])),
      ...(typeof appProtocol === 'string' ? checkName(labelKey, appProtocol, `${field}.appProtocol`) : []),
    ];
  });
}
