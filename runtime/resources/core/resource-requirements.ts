/** What a container asks for and may have at most. (pkg/apis/core/validation) Pure. */
import { dnsLabel } from '../../apiserver/objects/name-rules.ts';
import type { ResourceRequirements } from '../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { duplicate, forbiddenField, invalidValue, notFoundValue, required } from '../field-errors.ts';
import { checkName, inList, when } from '../meta/field-checks.ts';
import { compareQuantities, nanosOf, type Quantities } from '../meta/quantities.ts';
import { checkContainerResourceName, checkQuantities, isHugePages, mayOvercommit } from './resource-names.ts';

/** @param claims the names of what the pod claims */
export function checkRequirements(
  requirements: ResourceRequirements | undefined,
  field: string,
  claims: readonly string[],
): readonly FieldError[] {
  const { limits = {}, requests = {} } = requirements ?? {};
  const names = [...Object.keys(limits), ...Object.keys(requests)];
  const needsOther = names.some(isHugePages) && !names.some((name) => name === 'cpu' || name === 'memory');
  return [
    ...checkQuantities(limits, `${field}.limits`, checkContainerResourceName),
    ...checkHugePages(limits, `${field}.limits`),
    ...checkQuantities(requests, `${field}.requests`, checkContainerResourceName),
    ...checkAgainstLimits(requests, limits, field),
    ...checkHugePages(requests, `${field}.requests`),
    ...when(needsOther, forbiddenField(field, 'HugePages require cpu or memory')),
    ...checkClaims(requirements?.claims ?? [], `${field}.claims`, claims),
  ];
}

function checkAgainstLimits(requests: Quantities, limits: Quantities, field: string): FieldError[] {
  return Object.entries(requests).flatMap(([name, request]) => {
    const limit = Object.hasOwn(limits, name) ? limits[name] : undefined;
    if (limit === undefined) {
      const why = 'Limit must be set for non overcommitable resources';
      return when(!mayOvercommit(name), required(`${field}.limits`, why));
    }
    const order = compareQuantities(request, limit);
    const relation = order !== 0 && !mayOvercommit(name) ? 'equal to' : 'less than or equal to';
    const isWrong = order > 0 || (order !== 0 && relation === 'equal to');
    return when(
      isWrong,
      invalidValue(`${field}.requests`, request, `must be ${relation} ${name} limit of ${limit}`),
    );
  });
}

/** Pages are had whole. */
function checkHugePages(quantities: Quantities, field: string): FieldError[] {
  return Object.entries(quantities).flatMap(([name, quantity]) => {
    if (!isHugePages(name)) return [];
    const page = nanosOf(name.slice('hugepages-'.length));
    const isWhole = page > 0n && nanosOf(quantity) % page === 0n && nanosOf(quantity) >= 0n;
    const why = `${quantity} is not positive integer multiple of ${name}`;
    return when(!isWhole, invalidValue(`${field}[${name}]`, quantity, why));
  });
}

function checkClaims(
  claims: NonNullable<ResourceRequirements['claims']>,
  field: string,
  known: readonly string[],
): FieldError[] {
  const seen = new Set<string>();
  const there = known.length === 0 ? ' which is empty' : `: ${known.toSorted().join(', ')}`;
  return inList(claims, field, ({ name, request = '' }, at) => {
    if (name === '') return [required(at)];
    const key = request === '' ? name : `${name}/${request}`;
    // The whole of a claim overlaps with every part of it.
    const isTaken = seen.has(name) || seen.has(key) || (request === '' && seen.has(`${name}/`));
    seen.add(key).add(request === '' ? key : `${name}/`);
    return [
      ...(request === '' ? [] : checkName(dnsLabel, request, `${at}.request`)),
      ...when(isTaken, duplicate(at, seen.has(name) ? name : key)),
      ...when(
        !known.includes(name),
        notFoundValue(at, name, `must be one of the names in pod.spec.resourceClaims${there}`),
      ),
    ];
  });
}
