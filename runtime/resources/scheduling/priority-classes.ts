/** Priority classes. (pkg/apis/scheduling, pkg/registry/scheduling/priorityclass) Pure. */

import { dnsSubdomain } from '../../apiserver/objects/name-rules.ts';
import type { PriorityClass } from '../../apiserver/schemas/generated/types/api-scheduling-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { immutable } from '../checks/fields.ts';
import { forbiddenField } from '../field-errors.ts';
import { kindStrategy } from '../kind.ts';
import { checkOptionalOneOf } from '../meta/field-checks.ts';
import { withDefaults } from '../meta/fill-in.ts';
import { systemPriorityClasses } from './system-priority-classes.ts';

const highestOfUsers = 1_000_000_000;
const systemPrefix = 'system-';

export const priorityClasses = kindStrategy<PriorityClass>({
  ...{ name: dnsSubdomain, countsGenerations: false, hasStatus: false },
  fillIn: (object) => withDefaults(object, { preemptionPolicy: 'PreemptLowerPriority' }),
  // It is given one, and it never rises.
  prepareCreate: (object) => ({ ...object, metadata: { ...object.metadata, generation: 1 } }),
  check: (object) => [
    ...checkValue(object),
    ...checkOptionalOneOf(object.preemptionPolicy, 'preemptionPolicy', ['PreemptLowerPriority', 'Never']),
  ],
  checkUpdate: (next, old) => [
    ...(next.value === old.value ? [] : [forbiddenField('value', 'may not be changed in an update.')]),
    ...immutable(next.preemptionPolicy, old.preemptionPolicy, 'preemptionPolicy'),
  ],
});

function checkValue(object: PriorityClass): FieldError[] {
  const { value } = object;
  if ((object.metadata?.name ?? '').startsWith(systemPrefix)) return checkSystemName(object);
  if (value <= highestOfUsers) return [];
  return [forbiddenField('value', `maximum allowed value of a user defined priority is ${highestOfUsers}`)];
}

function checkSystemName(object: PriorityClass): FieldError[] {
  const why = differenceToSystem(object);
  if (why === null) return [];
  const words = `priority class names with '${systemPrefix}' prefix are reserved for system use only. error: ${why}`;
  return [forbiddenField('metadata.name', words)];
}

function differenceToSystem({ metadata, value, globalDefault }: PriorityClass): string | null {
  const name = metadata?.name ?? '';
  const known = systemPriorityClasses.find(({ metadata }) => metadata?.name === name);
  if (known === undefined) return `${name} is not a known system priority class`;
  if (value !== known.value) return `value of ${name} PriorityClass must be ${known.value}`;
  return globalDefault === true ? `globalDefault of ${name} PriorityClass must be false` : null;
}
