/** Runtime classes. (pkg/apis/node, pkg/registry/node/runtimeclass) Pure. */

import { dnsLabel, dnsSubdomain } from '../../apiserver/objects/name-rules.ts';
import type { Toleration } from '../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { RuntimeClass } from '../../apiserver/schemas/generated/types/api-node-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { immutable, repeated } from '../checks/fields.ts';
import { oldNodeLabels } from '../core/node-selector.ts';
import { checkRequirements } from '../core/resource-requirements.ts';
import { checkTolerations } from '../core/taints.ts';
import { duplicate } from '../field-errors.ts';
import { kindStrategy } from '../kind.ts';
import { checkName, inList } from '../meta/field-checks.ts';
import { withChanged } from '../meta/fill-in.ts';
import { checkLabels } from '../meta/label-selector.ts';
import { roundUpToMilli } from '../meta/quantities.ts';

export const runtimeClasses = kindStrategy<RuntimeClass>({
  ...{ name: dnsSubdomain, countsGenerations: false, hasStatus: false },
  ...{ createsOnUpdate: true, needsVersion: true },
  fillIn: (object) =>
    withChanged(object, { overhead: (overhead) => withChanged(overhead, { podFixed: roundUpToMilli }) }),
  check: ({ handler, overhead, scheduling }) => [
    ...checkName(dnsLabel, handler ?? '', 'handler'),
    ...checkOverhead(overhead?.podFixed),
    ...checkLabels(scheduling?.nodeSelector ?? {}, 'scheduling.nodeSelector'),
    // The real server names the field twice.
    ...checkTolerations(scheduling?.tolerations, 'scheduling.tolerations.tolerations'),
    ...checkOnce(scheduling?.tolerations ?? []),
  ],
  checkUpdate: (next, old) => immutable(next.handler, old.handler, 'handler'),
  warn: ({ scheduling }) =>
    Object.keys(scheduling?.nodeSelector ?? {})
      .filter((key) => Object.hasOwn(oldNodeLabels, key))
      .map((key) => `scheduling.nodeSelector: ${oldNodeLabels[key]}`),
});

/** What pods of this class need beside their containers is checked as if it were a container's limit. */
function checkOverhead(podFixed: Readonly<Record<string, string>> | undefined): readonly FieldError[] {
  return podFixed ? checkRequirements({ limits: podFixed }, 'overhead', []) : [];
}

function checkOnce(tolerations: readonly Toleration[]): FieldError[] {
  const keys = tolerations.map(({ key = '', operator = '', value = '', effect = '' }) =>
    JSON.stringify([key, operator, value, effect]),
  );
  const again = repeated(keys);
  return inList(tolerations, 'scheduling.tolerations', (toleration, field, index) =>
    again.has(index) ? [duplicate(field, toleration)] : [],
  );
}
