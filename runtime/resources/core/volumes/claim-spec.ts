/** What a claim to storage asks for, also in templates of claims. (pkg/apis/core/validation) Pure. */
import { dnsSubdomain } from '../../../apiserver/objects/name-rules.ts';
import type {
  PersistentVolumeClaimSpec,
  PersistentVolumeClaimTemplate,
  TypedObjectReference,
} from '../../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { JsonObject } from '../../../apiserver/schemas/protobuf/json-value.ts';
import type { FieldError } from '../../../apiserver/status.ts';
import { forbiddenField, invalidShown, invalidValue, notSupported, required } from '../../field-errors.ts';
import {
  checkFilled,
  checkName,
  checkOptionalName,
  checkOptionalOneOf,
  when,
} from '../../meta/field-checks.ts';
import { checkLabelSelector, checkLabels } from '../../meta/label-selector.ts';
import { namespaceName } from '../../meta/names.ts';
import { compareQuantities, isWholeQuantity } from '../../meta/quantities.ts';

const accessModes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
export const volumeModes = ['Block', 'Filesystem'];

export function checkClaimSpec(spec: PersistentVolumeClaimSpec, field: string): readonly FieldError[] {
  const modes = spec.accessModes ?? [];
  return [
    ...when(modes.length === 0, required(`${field}.accessModes`, 'at least 1 access mode is required')),
    ...checkLabelSelector(spec.selector as JsonObject | undefined, `${field}.selector`),
    ...checkAccessModes(modes, `${field}.accessModes`),
    ...checkSize(spec.resources?.requests?.storage, `${field}.resources[storage]`),
    ...checkOptionalName(dnsSubdomain, spec.storageClassName, `${field}.storageClassName`),
    ...checkOptionalOneOf(spec.volumeMode, `${field}.volumeMode`, volumeModes),
    ...checkSources(spec, field),
  ];
}

export function checkAccessModes(modes: readonly string[], field: string): readonly FieldError[] {
  const known = modes.filter((mode) => accessModes.includes(mode));
  const isMixed = known.includes('ReadWriteOncePod') && known.some((mode) => mode !== 'ReadWriteOncePod');
  return [
    ...modes
      .filter((mode) => !accessModes.includes(mode))
      .map((mode) => notSupported(field, mode, accessModes)),
    ...when(isMixed, forbiddenField(field, 'may not use ReadWriteOncePod with other access modes')),
  ];
}

/** Of a pod's volume, or of a stateful set: a template has no name of its own. */
export function checkClaimTemplate(
  template: PersistentVolumeClaimTemplate,
  field: string,
): readonly FieldError[] {
  const { labels = {}, annotations: _, ...others } = template.metadata ?? {};
  const given = Object.entries(others).filter(([, value]) => value !== null && value !== undefined);
  return [
    ...checkLabels(labels, `${field}.metadata.labels`),
    ...given.map(([name]) => forbiddenField(`${field}.metadata.${name}`, 'cannot be set')),
    ...checkClaimSpec(template.spec, `${field}.spec`),
  ];
}

export function warnOfClaimSpec(spec: PersistentVolumeClaimSpec, field: string): readonly string[] {
  const { requests, limits } = spec.resources ?? {};
  return Object.entries({ requests, limits }).flatMap(([name, quantities]) => {
    const size = quantities?.storage;
    if (size === undefined || isWholeQuantity(size)) return [];
    const at = `${field}.resources.${name}[storage]`;
    return [`${at}: fractional byte value ${JSON.stringify(size)} is invalid, must be an integer`];
  });
}

function checkSize(size: string | undefined, field: string): readonly FieldError[] {
  if (size === undefined) return [required(field)];
  return when(compareQuantities(size, '0') <= 0, invalidValue(field, size, 'must be greater than zero'));
}

function checkSources(
  { dataSource, dataSourceRef }: PersistentVolumeClaimSpec,
  field: string,
): readonly FieldError[] {
  const own = dataSource === undefined ? [] : checkSource(dataSource, `${field}.dataSource`);
  if (dataSourceRef === undefined) return own;
  const errors = [...own, ...checkSource(dataSourceRef, `${field}.dataSourceRef`)];
  if (dataSource === undefined) return errors;
  if ((dataSourceRef.namespace ?? '') !== '') {
    const why = 'may not be specified when dataSourceRef.namespace is specified';
    return [...errors, invalidShown(field, `${field}.dataSource`, why)];
  }
  const isSame = (['apiGroup', 'kind', 'name'] as const).every(
    (name) => (dataSource[name] ?? '') === (dataSourceRef[name] ?? ''),
  );
  return [
    ...errors,
    ...when(!isSame, invalidShown(field, `${field}.dataSource`, 'must match dataSourceRef')),
  ];
}

function checkSource(source: TypedObjectReference, field: string): readonly FieldError[] {
  const { kind, name, namespace } = source;
  const apiGroup = source.apiGroup ?? '';
  const why = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
  return [
    ...checkFilled(name, `${field}.name`),
    ...checkFilled(kind, `${field}.kind`),
    ...when(apiGroup === '' && kind !== 'PersistentVolumeClaim', invalidValue(field, kind, why)),
    ...(apiGroup === '' ? [] : checkName(dnsSubdomain, apiGroup, `${field}.apiGroup`)),
    ...checkOptionalName(namespaceName, namespace, `${field}.namespace`),
  ];
}
