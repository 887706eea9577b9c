/**
 * Services. Addresses and ports of nodes are given out by the one who knows which are free, before a service is checked.
 * (pkg/registry/core/service, pkg/api/service/warnings.go) Pure.
 */
import type { Strategy } from '../../../apiserver/handlers/served-kind.ts';
import { dns1035Label, dnsSubdomain } from '../../../apiserver/objects/name-rules.ts';
import type { ApiObject } from '../../../apiserver/objects/object-bytes.ts';
import type { LoadBalancerIngress, Service } from '../../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { FieldError } from '../../../apiserver/status.ts';
import { forbiddenField, invalidValue, required } from '../../field-errors.ts';
import { checkAddress, readAddress, warnOfAddress } from '../../meta/addresses.ts';
import { checkOneOf, checkOptionalName, inList, when } from '../../meta/field-checks.ts';
import { allocateService, checkAllocation, claimsOfService, serviceClaimError } from './allocation.ts';
import { checkService } from './check-service.ts';
import { checkAddressesKept, checkClusterAddresses, checkFamiliesKept } from './cluster-addresses.ts';
import { keepValues, needsHealthCheck } from './kept-values.ts';
import { fillInService } from './service-defaults.ts';

export const services: Strategy = {
  name: dns1035Label,
  countsGenerations: false,
  hasStatus: true,
  createsOnUpdate: true,
  fillIn: fillInService,
  prepareCreate: (object) => ({ ...object, spec: keepValues(specOf(object), null), status: {} }),
  prepareUpdate: (next, old) => ({ ...next, spec: keepValues(specOf(next), specOf(old)) }),
  allocate: allocateService,
  claimsOf: claimsOfService,
  claimError: serviceClaimError,
  check,
  checkUpdate,
  checkStatusUpdate,
  warn,
};

function specOf(object: ApiObject): NonNullable<Service['spec']> {
  return (object as unknown as Service).spec ?? {};
}

/** What is wrong with addresses shows when they are given out, before anything else is looked at. */
function check(object: ApiObject): readonly FieldError[] {
  const spec = specOf(object);
  const malformed = checkClusterAddresses(spec);
  const errors = malformed.length > 0 || spec.type === 'ExternalName' ? malformed : checkAllocation(spec);
  return errors.length > 0 ? errors : checkService(object as unknown as Service);
}

function checkUpdate(next: ApiObject, old: ApiObject): readonly FieldError[] {
  const [after, before] = [specOf(next), specOf(old)];
  const isBalanced = after.type === 'LoadBalancer' && before.type === 'LoadBalancer';
  const hasOtherPort =
    needsHealthCheck(after) &&
    needsHealthCheck(before) &&
    after.healthCheckNodePort !== before.healthCheckNodePort;
  return [
    ...checkAddressesKept(after, before),
    ...checkFamiliesKept(after, before),
    ...when(
      isBalanced && after.loadBalancerClass !== before.loadBalancerClass,
      invalidValue('spec.loadBalancerClass', after.loadBalancerClass ?? null, 'may not change once set'),
    ),
    ...when(hasOtherPort, forbiddenField('spec.healthCheckNodePort', 'field is immutable')),
  ];
}

function checkStatusUpdate(next: ApiObject): readonly FieldError[] {
  const { spec, status } = next as unknown as Service;
  const field = 'status.loadBalancer.ingress';
  const ingress = status?.loadBalancer?.ingress ?? [];
  if (spec?.type === 'LoadBalancer' || ingress.length === 0) return inList(ingress, field, checkIngress);
  return [forbiddenField(field, "may only be used when `spec.type` is 'LoadBalancer'")];
}

function checkIngress(
  { ip = '', ipMode, hostname = '' }: LoadBalancerIngress,
  field: string,
): readonly FieldError[] {
  const modeErrors =
    ip === ''
      ? when(
          ipMode !== undefined,
          forbiddenField(`${field}.ipMode`, 'may not be specified when `ip` is not set'),
        )
      : ipMode === undefined
        ? [required(`${field}.ipMode`, 'must be specified when `ip` is set')]
        : checkOneOf(ipMode, `${field}.ipMode`, ['Proxy', 'VIP']);
  return [
    ...(ip === '' ? [] : checkAddress(ip, `${field}.ip`)),
    ...modeErrors,
    ...checkOptionalName(dnsSubdomain, hostname, `${field}.hostname`),
    ...when(
      readAddress(hostname) !== null,
      invalidValue(`${field}.hostname`, hostname, 'must be a DNS name, not an IP address'),
    ),
  ];
}

const hints = 'service.kubernetes.io/topology-aware-hints';

function warn(object: ApiObject): readonly string[] {
  const spec = specOf(object);
  const isHeadless = spec.type === 'ClusterIP' && spec.clusterIP === 'None';
  const hasAddresses = (spec.externalIPs ?? []).length > 0;
  const isAlias = spec.type === 'ExternalName';
  const sentences: readonly (readonly [boolean, string])[] = [
    [
      Object.hasOwn((object.metadata.annotations ?? {}) as object, hints),
      `annotation ${hints} is deprecated, please use service.kubernetes.io/topology-mode instead`,
    ],
    [
      isHeadless && (spec.loadBalancerIP ?? '') !== '',
      'spec.loadBalancerIP is ignored for headless services',
    ],
    [isHeadless && hasAddresses, 'spec.externalIPs is ignored for headless services'],
    [isHeadless && spec.sessionAffinity !== 'None', 'spec.SessionAffinity is ignored for headless services'],
    [isAlias && hasAddresses, 'spec.externalIPs is ignored when spec.type is "ExternalName"'],
    [
      !isAlias && (spec.externalName ?? '') !== '',
      'spec.externalName is ignored when spec.type is not "ExternalName"',
    ],
  ];
  const addresses = { clusterIPs: isHeadless ? [] : spec.clusterIPs, externalIPs: spec.externalIPs };
  return [
    ...sentences.filter(([applies]) => applies).map(([, sentence]) => sentence),
    ...Object.entries(addresses).flatMap(([name, list]) =>
      (list ?? []).flatMap((address, index) => warnOfAddress(address, `spec.${name}[${index}]`)),
    ),
    ...warnOfAddress(spec.loadBalancerIP ?? '', 'spec.loadBalancerIP'),
  ];
}
