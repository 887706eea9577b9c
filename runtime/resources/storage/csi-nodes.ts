/** Which CSI drivers a node has. (pkg/apis/storage, pkg/registry/storage/csinode) Pure. */
import { dnsSubdomain, labelKey } from '../../apiserver/objects/name-rules.ts';
import type { CSINode, CSINodeDriver } from '../../apiserver/schemas/generated/types/api-storage-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { isSame, notBelowZero, repeated } from '../checks/fields.ts';
import { goText } from '../checks/go-syntax.ts';
import { duplicate, invalidShown, invalidValue, required } from '../field-errors.ts';
import { kindStrategy } from '../kind.ts';
import { checkFilled, checkName, checkUnique, inList, when } from '../meta/field-checks.ts';
import { checkDriverName } from './driver-name.ts';

/** By version 1.4 of CSI it may be 192 bytes long. */
const longestNodeId = 192;

export const csiNodes = kindStrategy<CSINode>({
  ...{ name: dnsSubdomain, countsGenerations: false, hasStatus: false, needsVersion: true },
  check: ({ spec }) => [
    ...inList(spec?.drivers, 'spec.drivers', checkDriver),
    ...checkUnique(spec?.drivers, 'spec.drivers', ({ name }) => name ?? '', '.name'),
  ],
  checkUpdate: (next, old) => {
    const before = new Map((old.spec?.drivers ?? []).map((driver) => [driver.name, driver]));
    return (next.spec?.drivers ?? [])
      .filter((driver) => before.has(driver.name) && !isSame(driver, before.get(driver.name)))
      .map((driver) => invalidShown('CSINodeDriver', goText(driver), 'field is immutable'));
  },
});

function checkDriver(
  { name, nodeID = '', allocatable, topologyKeys }: CSINodeDriver,
  field: string,
): FieldError[] {
  const at = `${field}.nodeID`;
  return [
    ...checkDriverName(name ?? '', `${field}.name`),
    ...checkFilled(nodeID, at),
    ...when(
      nodeID.length > longestNodeId,
      invalidValue(at, nodeID, `must be ${longestNodeId} characters or less`),
    ),
    ...notBelowZero(allocatable?.count, `${field}.allocatable.count`),
    ...checkTopologyKeys(topologyKeys ?? [], field),
  ];
}

/** The real server names the driver, not the list. */
function checkTopologyKeys(keys: readonly string[], field: string): FieldError[] {
  const again = repeated(keys);
  return keys.flatMap((key, index) => [
    ...when(key === '', required(field)),
    ...when(again.has(index), duplicate(field, key)),
    ...checkName(labelKey, key, field),
  ]);
}
