/** Which resources there are to ask for and to count, and how much of one can be meant. (pkg/apis/core/helper) Pure. */
import { labelKey } from '../../apiserver/objects/name-rules.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { invalidShown, invalidValue } from '../field-errors.ts';
import { when } from '../meta/field-checks.ts';
import { compareQuantities, nanosOf, type Quantities } from '../meta/quantities.ts';

const ofContainers = ['cpu', 'memory', 'ephemeral-storage'];
const requestsAndLimits = [
  ...['requests.cpu', 'requests.memory', 'requests.ephemeral-storage'],
  ...['limits.cpu', 'limits.memory', 'limits.ephemeral-storage'],
];
/** These are counted, so that there is no half of one. */
const objects = [
  ...['pods', 'resourcequotas', 'services', 'replicationcontrollers', 'secrets', 'configmaps'],
  ...['persistentvolumeclaims', 'services.nodeports', 'services.loadbalancers'],
];
const ofQuotas = new Set([...ofContainers, ...requestsAndLimits, ...objects, 'requests.storage']);
const known = new Set([...ofContainers, ...requestsAndLimits, ...objects, 'storage', 'requests.storage']);

export function isHugePages(name: string): boolean {
  return name.startsWith('hugepages-');
}

/** Kubernetes' own, not a vendor's. */
export function isNative(name: string): boolean {
  return !name.includes('/') || name.includes('kubernetes.io/');
}

/** More of it may be promised than there is. */
export function mayOvercommit(name: string): boolean {
  return isNative(name) && !isHugePages(name);
}

export function isQuotaResource(name: string): boolean {
  return ofQuotas.has(name) || isHugePages(name) || name.startsWith('requests.hugepages-');
}

export function checkResourceName(name: string, field: string): readonly FieldError[] {
  const errors = labelKey(name).map((why) => invalidValue(field, name, why));
  const isKnown = known.has(name) || isHugePages(name) || name.startsWith('requests.hugepages-');
  if (errors.length > 0 || name.includes('/') || isKnown) return errors;
  return [invalidValue(field, name, 'must be a standard resource type or fully qualified')];
}

export function checkContainerResourceName(name: string, field: string): readonly FieldError[] {
  const errors = checkResourceName(name, field);
  if (!name.includes('/')) {
    const isOfContainers = ofContainers.includes(name) || isHugePages(name);
    const why = 'must be a standard resource for containers';
    return isOfContainers ? errors : [...errors, invalidValue(field, name, why)];
  }
  if (isNative(name) || isExtended(name)) return errors;
  return [...errors, invalidValue(field, name, "doesn't follow extended resource name standard")];
}

export function checkQuotaResourceName(name: string, field: string): readonly FieldError[] {
  const errors = checkResourceName(name, field);
  if (name.includes('/') || isQuotaResource(name)) return errors;
  return [...errors, invalidValue(field, name, 'must be a standard resource for quota')];
}

export function checkQuantity(name: string, quantity: string, field: string): readonly FieldError[] {
  const isCounted = objects.includes(name) || isExtended(name);
  return [
    ...checkNotNegativeQuantity(quantity, field),
    ...when(
      isCounted && nanosOf(quantity) % 1_000_000_000n !== 0n,
      invalidShown(field, JSON.stringify(quantity), 'must be an integer'),
    ),
  ];
}

export function checkNotNegativeQuantity(quantity: string, field: string): readonly FieldError[] {
  const why = 'must be greater than or equal to 0';
  return when(compareQuantities(quantity, '0') < 0, invalidValue(field, quantity, why));
}

/** Checks each of them at `field[NAME]`. */
export function checkQuantities(
  quantities: Quantities | undefined,
  field: string,
  checkName: (name: string, field: string) => readonly FieldError[],
): FieldError[] {
  return Object.entries(quantities ?? {}).flatMap(([name, quantity]) => [
    ...checkName(name, `${field}[${name}]`),
    ...checkQuantity(name, quantity, `${field}[${name}]`),
  ]);
}

/** A vendor's, which a quota can name too. */
function isExtended(name: string): boolean {
  return !isNative(name) && !name.startsWith('requests.') && labelKey(`requests.${name}`).length === 0;
}
