/** Endpoints, as they were before slices of them. (pkg/registry/core/endpoint, pkg/apis/core/validation) Pure. */
import type { Strategy } from '../../apiserver/handlers/served-kind.ts';
import { dnsLabel, dnsSubdomain, labelKey } from '../../apiserver/objects/name-rules.ts';

import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import type {
  EndpointAddress,
  EndpointPort,
  EndpointSubset,
  Endpoints,
} from '../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { required } from '../field-errors.ts';
import { checkAddress, checkOrdinaryAddress } from '../meta/addresses.ts';
import {
  checkFilledOneOf,
  checkName,
  checkOptionalName,
  checkPort,
  inList,
  when,
} from '../meta/field-checks.ts';
import { each, withChanged, withDefaults } from '../meta/fill-in.ts';
import { repackSubsets } from './repack-subsets.ts';

export const protocols = ['SCTP', 'TCP', 'UDP'];

export const endpoints: Strategy = {
  name: dnsSubdomain,
  countsGenerations: false,
  hasStatus: false,
  createsOnUpdate: true,
  fillIn: (object) => ({ ...object, ...fillIn(object as unknown as Endpoints) }),
  prepareCreate: prepare,
  prepareUpdate: prepare,
  check,
};

/** Of addresses and ports: more than any service has, and soon sorted. */
const mostPairs = 1_000_000;

function countPairs({ addresses = [], notReadyAddresses = [], ports = [] }: EndpointSubset): number {
  return (addresses.length + notReadyAddresses.length) * Math.max(ports.length, 1);
}

/** What is faulty stays as it came, so that faults are named where they are. */
function prepare(object: ApiObject): ApiObject {
  const { subsets } = object as unknown as Endpoints;
  if (subsets === undefined || check(object).length > 0) return object;
  const pairs = subsets.reduce((sum, subset) => sum + countPairs(subset), 0);
  return pairs <= mostPairs ? { ...object, subsets: repackSubsets(subsets) } : object;
}

function check(object: ApiObject): readonly FieldError[] {
  return inList((object as unknown as Endpoints).subsets, 'subsets', checkSubset);
}

function fillIn(endpointsObject: Endpoints): Pick<Endpoints, 'subsets'> {
  const { subsets } = endpointsObject;
  const fillInPort = (port: EndpointPort) => withDefaults(port, { protocol: 'TCP' });
  return subsets === undefined
    ? {}
    : { subsets: subsets.map((subset) => withChanged(subset, { ports: each(fillInPort) })) };
}

function checkSubset(subset: EndpointSubset, field: string): readonly FieldError[] {
  const { addresses = [], notReadyAddresses = [], ports = [] } = subset;
  return [
    ...when(
      addresses.length + notReadyAddresses.length === 0,
      required(field, 'must specify `addresses` or `notReadyAddresses`'),
    ),
    ...inList(addresses, `${field}.addresses`, checkOneAddress),
    ...inList(notReadyAddresses, `${field}.notReadyAddresses`, checkOneAddress),
    ...inList(ports, `${field}.ports`, (port, at) => [
      ...when(ports.length > 1 && (port.name ?? '') === '', required(`${at}.name`)),
      ...checkOptionalName(dnsLabel, port.name, `${at}.name`),
      ...checkPort(port.port, `${at}.port`),
      ...checkFilledOneOf(port.protocol, `${at}.protocol`, protocols),
      ...(port.appProtocol === undefined ? [] : checkName(labelKey, port.appProtocol, `${at}.appProtocol`)),
    ]),
  ];
}

function checkOneAddress({ ip, hostname, nodeName }: EndpointAddress, field: string): readonly FieldError[] {
  return [
    ...checkAddress(ip, `${field}.ip`),
    ...checkOptionalName(dnsLabel, hostname, `${field}.hostname`),
    ...(nodeName === undefined ? [] : checkName(dnsSubdomain, nodeName, `${field}.nodeName`)),
    ...checkOrdinaryAddress(ip, `${field}.ip`),
  ];
}
