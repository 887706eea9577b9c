/** Runtime classes. (pkg/apis/node, pkg/registry/node/runtimeclass) Pure. */

import { dnsLabel, dnsSubdomain } from '../../apiserver/objects/name-rules.ts';
import type { Toleration } from '../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { RuntimeClass } from '../../apiserver/schemas/generated/types/api-node-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { immutable, repeated } from '../checks/fields.ts';
import { duplicate, invalidValue } from '../field-errors.ts';
import { kindStrategy } from '../kind.ts';
import { checkName, inList } from '../meta/field-checks.ts';
import { withChanged } from '../meta/fill-in.ts';
import { checkLabels } from '../meta/label-selector.ts';
import { nanosOf, roundUpToMilli } from '../meta/quantities.ts';

export const runtimeClasses = kindStrategy<RuntimeClass>({
  ...{ name: dnsSubdomain, countsGenerations: false, hasStatus: false },
  ...{ createsOnUpdate: true, needsVersion: true },
  fillIn: (object) =>
    withChanged(object, { overhead: (overhead) => withChanged(overhead, { podFixed: roundUpToMilli }) }),
  check: ({ handler, overhead, scheduling }) => [
    ...checkName(dnsLabel, handler ?? '', 'handler'),
    ...checkOverhead(overhead?.podFixed ?? {}),
    ...checkLabels(scheduling?.nodeSelector ?? {}, 'scheduling.nodeSelector'),
    ...checkTolerations(scheduling?.tolerations ?? []),
  ],
  checkUpdate: (next, old) => immutable(next.handler, old.handler, 'handler'),
});

function checkOverhead(amounts: Readonly<Record<string, string>>): FieldError[] {
  return Object.entries(amounts).flatMap(([name, amount]) =>
    nanosOf(amount) < 0n
      ? [invalidValue(`overhead.podFixed[${name}]`, amount, 'must be greater than or equal to 0')]
      : [],
  );
}

function checkTolerations(tolerations: readonly Toleration[]): FieldError[] {
  const keys = tolerations.map(({ key = '', operator = '', value = '', effect = '' }) =>
    JSON.stringify([key, operator, value, effect]),
  );
  const again = repeated(keys);
  return inList(tolerations, 'scheduling.tolerations', (toleration, field, index) =>
    again.has(index) ? [duplicate(field, toleration)] : [],
  );
}
