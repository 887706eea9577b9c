/** Storage classes. (pkg/apis/storage, pkg/registry/storage/storageclass) Pure. */
import { dnsSubdomain, labelKey } from '../../apiserver/objects/name-rules.ts';
import type { TopologySelectorTerm } from '../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { StorageClass } from '../../apiserver/schemas/generated/types/api-storage-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { immutable, isSame, repeated } from '../checks/fields.ts';
import { oldNodeLabels } from '../core/node-selector.ts';
import { duplicate, forbiddenField, invalidValue, required, tooLong } from '../field-errors.ts';
import { kindStrategy } from '../kind.ts';
import {
  checkFilled,
  checkName,
  checkOptionalOneOf,
  checkUnique,
  inList,
  when,
} from '../meta/field-checks.ts';

const mostParameters = 512;
const mostParameterBytes = 256 * 1024;
const reclaimPolicies = ['Delete', 'Retain'];
const bindingModes = ['Immediate', 'WaitForFirstConsumer'];

export const storageClasses = kindStrategy<StorageClass>({
  ...{ name: dnsSubdomain, countsGenerations: false, hasStatus: false },
  fillIn: (object) => ({
    ...object,
    reclaimPolicy: object.reclaimPolicy ?? 'Delete',
    volumeBindingMode: object.volumeBindingMode ?? 'Immediate',
  }),
  check: ({ provisioner = '', parameters, reclaimPolicy, volumeBindingMode, allowedTopologies }) => [
    ...checkFilled(provisioner, 'provisioner'),
    ...(provisioner === ''
      ? []
      : labelKey(provisioner.toLowerCase()).map((why) => invalidValue('provisioner', provisioner, why))),
    ...checkParameters(parameters ?? {}),
    ...(reclaimPolicy === '' ? [] : checkOptionalOneOf(reclaimPolicy, 'reclaimPolicy', reclaimPolicies)),
    ...checkOptionalOneOf(volumeBindingMode, 'volumeBindingMode', bindingModes),
    ...checkTopologies(allowedTopologies ?? []),
  ],
  checkUpdate: (next, old) => [
    ...keeps(isSame(next.parameters ?? {}, old.parameters ?? {}), 'parameters'),
    ...keeps(next.provisioner === old.provisioner, 'provisioner'),
    ...keeps(isSame(next.reclaimPolicy, old.reclaimPolicy), 'reclaimPolicy'),
    ...immutable(next.volumeBindingMode, old.volumeBindingMode, 'volumeBindingMode'),
  ],
  warn: ({ allowedTopologies }) => (allowedTopologies ?? []).flatMap(warnOfTerm),
});

function warnOfTerm({ matchLabelExpressions }: TopologySelectorTerm, term: number): readonly string[] {
  return (matchLabelExpressions ?? []).flatMap(({ key }, index) =>
    Object.hasOwn(oldNodeLabels, key)
      ? [`allowedTopologies[${term}].matchLabelExpressions[${index}].key: ${key} is ${oldNodeLabels[key]}`]
      : [],
  );
}

function keeps(isKept: boolean, field: string): readonly FieldError[] {
  return when(!isKept, forbiddenField(field, `updates to ${field} are forbidden.`));
}

function checkParameters(parameters: Readonly<Record<string, string>>): readonly FieldError[] {
  const entries = Object.entries(parameters);
  if (entries.length > mostParameters) return [tooLong('parameters', mostParameters)];
  const size = entries.reduce(
    (sum, pair) => sum + Buffer.byteLength(pair[0]) + Buffer.byteLength(pair[1]),
    0,
  );
  return [
    ...when(Object.hasOwn(parameters, ''), invalidValue('parameters', '', 'field can not be empty.')),
    ...when(size > mostParameterBytes, tooLong('parameters', mostParameterBytes)),
  ];
}

function checkTopologies(terms: readonly TopologySelectorTerm[]): FieldError[] {
  const field = 'allowedTopologies';
  const again = repeated(terms.map(meaningOf));
  return inList(terms, field, (term, at, index) => [
    ...checkTerm(term, `${at}.matchLabelExpressions`),
    ...when(again.has(index), duplicate(`${at}.matchLabelExpressions`, '')),
  ]);
}

/** The same for terms that say the same in another order. */
function meaningOf({ matchLabelExpressions }: TopologySelectorTerm): string {
  return JSON.stringify(
    (matchLabelExpressions ?? []).map(({ key, values }) => [key, (values ?? []).toSorted()]).sort(),
  );
}

function checkTerm({ matchLabelExpressions }: TopologySelectorTerm, field: string): FieldError[] {
  const checked = inList(matchLabelExpressions, field, ({ key, values }, at) => [
    ...when((values ?? []).length === 0, required(`${at}.values`)),
    ...checkUnique(values, `${at}.values`, (value) => value),
    ...checkName(labelKey, key, `${at}.key`),
  ]);
  return [...checked, ...checkUnique(matchLabelExpressions, field, ({ key }) => key ?? '', '.key')];
}
