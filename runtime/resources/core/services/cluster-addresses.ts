/**
 * The addresses of a service within the cluster, and their families: alone, and beside what they were.
 * (pkg/apis/core/validation: ValidateServiceClusterIPsRelatedFields and its neighbours) Pure.
 */
import type { ServiceSpec } from '../../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { FieldError } from '../../../apiserver/status.ts';
import { duplicate, invalidShown, invalidValue, notSupported, required } from '../../field-errors.ts';
import { checkAddress, isDualStack, readAddress } from '../../meta/addresses.ts';
import { checkOptionalOneOf, inList, when } from '../../meta/field-checks.ts';
import { showStrings } from '../../meta/go-syntax.ts';

const field = 'spec.clusterIPs';
const families = ['IPv4', 'IPv6'];
const policies = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];

/** It has no address of its own: its name stands for those of its endpoints. */
export function isHeadless({ clusterIPs = [] }: ServiceSpec): boolean {
  return clusterIPs.length === 1 && clusterIPs[0] === 'None';
}

/** What the one who gives out addresses checks beforehand, too. */
export function checkClusterAddresses(spec: ServiceSpec): readonly FieldError[] {
  if (spec.type === 'ExternalName') return [];
  const { clusterIPs = [], ipFamilies = [] } = spec;
  const malformed = checkEach(clusterIPs);
  const alone = [
    ...checkFirst(spec, clusterIPs),
    ...checkFamilies(ipFamilies),
    ...checkOptionalOneOf(spec.ipFamilyPolicy, 'spec.ipFamilyPolicy', policies),
    ...malformed,
    ...when(clusterIPs.length > 2, wrong(clusterIPs, 'may only hold up to 2 values')),
  ];
  if (malformed.length > 0) return alone;
  const found = clusterIPs.map((address) => readAddress(address)?.family);
  const isSingle = clusterIPs.length > 1 && !isDualStack(found);
  return [
    ...alone,
    ...when(isSingle, wrong(clusterIPs, 'may specify no more than one IP for each IP family')),
    ...(isHeadless(spec) ? [] : checkOfFamilies(clusterIPs, ipFamilies)),
  ];
}

/** An address is a service's for as long as it has some. */
export function checkAddressesKept(next: ServiceSpec, old: ServiceSpec): readonly FieldError[] {
  if (next.type === 'ExternalName' || old.type === 'ExternalName') return [];
  if (isHeadless(next) && isHeadless(old)) return [];
  const [after, before] = [next.clusterIPs ?? [], old.clusterIPs ?? []];
  const shown = showStrings(next.clusterIPs);
  const changed = (index: number): FieldError =>
    invalidShown(`${field}[${index}]`, shown, 'may not change once set');
  if (after.length === before.length) {
    return before.flatMap((address, index) => when(address !== after[index], changed(index)));
  }
  return [
    ...when(after.length === 0, invalidShown(`${field}[0]`, shown, 'primary clusterIP can not be unset')),
    ...when(after.length > 0 && before.length > 0 && after[0] !== before[0], changed(0)),
    ...when(
      before.length > after.length && after.length === 1 && next.ipFamilyPolicy !== 'SingleStack',
      mustBeSingle(next, 'clusterIP'),
    ),
  ];
}

export function checkFamiliesKept(next: ServiceSpec, old: ServiceSpec): readonly FieldError[] {
  if (next.type === 'ExternalName' || old.type === 'ExternalName') return [];
  // Who has no address can be of any family.
  if (isHeadless(next) || isHeadless(old)) return [];
  const [after, before] = [next.ipFamilies ?? [], old.ipFamilies ?? []];
  const at = 'spec.ipFamilies[0]';
  const shown = showStrings(next.ipFamilies, 'core.IPFamily');
  if (after.length === before.length) {
    const isChanged = before.some((family, index) => family !== after[index]);
    return when(isChanged, invalidShown(at, shown, 'may not change once set'));
  }
  const isReduced = before.length > after.length;
  const isMoved = after.length > 0 && before.length > 0 && after[0] !== before[0];
  return [
    ...when(
      isReduced && (next.clusterIPs ?? []).length === 0,
      invalidShown(at, shown, 'primary ipFamily can not be unset'),
    ),
    ...when(isMoved, invalidShown(at, showStrings(next.clusterIPs), 'may not change once set')),
    ...when(
      isReduced && after.length === 1 && next.ipFamilyPolicy !== 'SingleStack',
      mustBeSingle(next, 'ipFamily'),
    ),
  ];
}

function mustBeSingle({ ipFamilyPolicy }: ServiceSpec, what: string): FieldError {
  const why = `must be set to 'SingleStack' when releasing the secondary ${what}`;
  return invalidValue('spec.ipFamilyPolicy', ipFamilyPolicy ?? null, why);
}

function wrong(addresses: readonly string[], why: string): FieldError {
  return invalidShown(field, showStrings(addresses), why);
}

function checkFirst({ clusterIP = '' }: ServiceSpec, addresses: readonly string[]): readonly FieldError[] {
  if (clusterIP === '') {
    return when(addresses.length > 0, wrong(addresses, 'must be empty when `clusterIP` is not specified'));
  }
  if (addresses.length === 0) return [required(field)];
  return when(addresses[0] !== clusterIP, wrong(addresses, 'first value must match `clusterIP`'));
}

function checkFamilies(given: readonly string[]): readonly FieldError[] {
  const seen = new Set<string>();
  return inList(given, 'spec.ipFamilies', (family, at) => {
    const isRepeated = seen.has(family);
    seen.add(family);
    return [
      ...when(!families.includes(family), notSupported(at, family, families)),
      ...when(isRepeated, duplicate(at, family)),
    ];
  });
}

function checkEach(addresses: readonly string[]): readonly FieldError[] {
  return inList(addresses, field, (address, at, index) => {
    if (index > 0 || address !== 'None') return checkAddress(address, at);
    return when(addresses.length > 1, wrong(addresses, "'None' must be the first and only value"));
  });
}

function checkOfFamilies(addresses: readonly string[], given: readonly string[]): readonly FieldError[] {
  return inList(addresses.slice(0, given.length), field, (address, at, index) => {
    const expected = given[index] as string;
    const isSix = address.includes(':');
    const isWrong = families.includes(expected) && (expected === 'IPv6') !== isSix;
    const why = `expected an ${expected} value as indicated by \`ipFamilies[${index}]\``;
    return when(isWrong, invalidValue(at, address, why));
  });
}
