/** Endpoints, as they were before slices of them. (pkg/registry/core/endpoint, pkg/apis/core/validation) Pure. */
import type { Strategy } from '../../apiserver/handlers/served-kind.ts';
import { dnsLabel, dnsSubdomain, labelKey } from '../../apiserver/objects/name-rules.ts';

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

export const protocols = ['SCTP', 'TCP', 'UDP'];

export const endpoints: Strategy = {
  name: dnsSubdomain,
  countsGenerations: false,
  hasStatus: false,
  createsOnUpdate: true,
  fillIn: (object) => ({ ...object, ...fillIn(object as unknown as Endpoints) }),
  check: (object) => inList((object as unknown as Endpoints).subsets, 'subsets', checkSubset),
};

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
