/** How much room there is where. (pkg/apis/storage, pkg/registry/storage/csistoragecapacity) Pure. */
import { dnsSubdomain } from '../../apiserver/objects/name-rules.ts';
import type { CSIStorageCapacity } from '../../apiserver/schemas/generated/types/api-storage-v1.ts';
import type { JsonObject } from '../../apiserver/schemas/protobuf/json-value.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { immutable } from '../checks/fields.ts';
import { goSelector } from '../checks/go-syntax.ts';
import { invalidValue } from '../field-errors.ts';
import { kindStrategy } from '../kind.ts';
import { checkName, when } from '../meta/field-checks.ts';
import { checkLabelSelector } from '../meta/label-selector.ts';
import { nanosOf } from '../meta/quantities.ts';

export const csiStorageCapacities = kindStrategy<CSIStorageCapacity>({
  ...{ name: dnsSubdomain, countsGenerations: false, hasStatus: false, needsVersion: true },
  check: ({ nodeTopology, storageClassName, capacity }) => [
    ...checkLabelSelector(nodeTopology as JsonObject | undefined, 'nodeTopology'),
    ...checkName(dnsSubdomain, storageClassName, 'storageClassName'),
    ...checkAmount(capacity, 'capacity'),
  ],
  checkUpdate: (next, old) => [
    ...immutable(next.nodeTopology, old.nodeTopology, 'nodeTopology', () => goSelector(next.nodeTopology)),
    ...immutable(next.storageClassName, old.storageClassName, 'storageClassName'),
  ],
});

function checkAmount(amount: string | undefined, field: string): readonly FieldError[] {
  return when(nanosOf(amount) < 0n, invalidValue(field, amount, 'must be greater than or equal to 0'));
}
