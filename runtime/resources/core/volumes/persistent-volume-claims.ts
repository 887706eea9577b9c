/** Claims to storage. (pkg/registry/core/persistentvolumeclaim, pkg/apis/core/validation) Pure. */
import type { Strategy } from '../../../apiserver/handlers/served-kind.ts';
import { dnsSubdomain, labelKey } from '../../../apiserver/objects/name-rules.ts';
import type { ApiObject } from '../../../apiserver/objects/object-bytes.ts';
import type {
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
} from '../../../apiserver/schemas/generated/types/api-core-v1.ts';
import { isSameJson, type JsonObject } from '../../../apiserver/schemas/protobuf/json-value.ts';
import type { FieldError } from '../../../apiserver/status.ts';
import { forbiddenField, invalidValue, notSupported, required } from '../../field-errors.ts';
import { describeChanges } from '../../meta/changes.ts';
import { checkName, when } from '../../meta/field-checks.ts';
import { compareQuantities, roundUpToMilli, wholeOf } from '../../meta/quantities.ts';
import { isNative } from '../resource-names.ts';
import { checkClaimSpec, warnOfClaimSpec } from './claim-spec.ts';
import { fillInClaimSpec } from './volume-defaults.ts';

/** Older than the field `storageClassName`. */
const classAnnotation = 'volume.beta.kubernetes.io/storage-class';
const resizeStates = [
  ...['ControllerResizeInProgress', 'ControllerResizeInfeasible', 'NodeResizeInProgress'],
  ...['NodeResizeInfeasible', 'NodeResizePending'],
].sort();

export const persistentVolumeClaims: Strategy = {
  name: dnsSubdomain,
  countsGenerations: false,
  hasStatus: true,
  fillIn,
  prepareCreate: (object) => ({
    ...object,
    spec: withBothSources(withoutOldSource(withoutAttributes(specOf(object), {}))),
    status: { phase: 'Pending' },
  }),
  prepareUpdate,
  prepareStatusUpdate: withoutModification,
  check: (object) => checkClaimSpec(specOf(object), 'spec'),
  checkUpdate,
  checkStatusUpdate,
  warn,
};

function specOf(object: ApiObject): PersistentVolumeClaimSpec {
  return (object as unknown as PersistentVolumeClaim).spec ?? {};
}

function fillIn(object: ApiObject): ApiObject {
  const { status = {} } = object as unknown as PersistentVolumeClaim;
  const rounded = (['capacity', 'allocatedResources'] as const).flatMap((name) => {
    const quantities = status[name];
    return quantities === undefined ? [] : [[name, roundUpToMilli(quantities)] as const];
  });
  return {
    ...object,
    spec: fillInClaimSpec(specOf(object)),
    status: { ...status, ...Object.fromEntries(rounded), phase: status.phase || 'Pending' },
  };
}

function prepareUpdate(next: ApiObject, old: ApiObject): ApiObject {
  const before = specOf(old);
  const spec = withoutAttributes(specOf(next), before);
  const hadSource = before.dataSource !== undefined || before.dataSourceRef !== undefined;
  return { ...next, spec: withBothSources(hadSource ? spec : withoutOldSource(spec)) };
}

/** Attributes of volumes are a feature that is off by default. */
function withoutAttributes(
  spec: PersistentVolumeClaimSpec,
  before: PersistentVolumeClaimSpec,
): PersistentVolumeClaimSpec {
  const { volumeAttributesClassName: name, dataSourceRef, ...others } = spec;
  const keepsClass = name !== undefined && before.volumeAttributesClassName !== undefined;
  const isForeign = (dataSourceRef?.namespace ?? '') !== '' && before.dataSourceRef === undefined;
  return {
    ...others,
    ...(keepsClass ? { volumeAttributesClassName: name } : {}),
    ...(dataSourceRef === undefined || isForeign ? {} : { dataSourceRef }),
  };
}

/** The older field never took anything but claims and snapshots, and was silent about the rest. */
function withoutOldSource(spec: PersistentVolumeClaimSpec): PersistentVolumeClaimSpec {
  const { dataSource, ...others } = spec;
  if (dataSource === undefined || spec.dataSourceRef !== undefined) return spec;
  const { apiGroup, kind } = dataSource;
  const isClaim = kind === 'PersistentVolumeClaim' && !apiGroup;
  const isSnapshot = kind === 'VolumeSnapshot' && apiGroup === 'snapshot.storage.k8s.io';
  return isClaim || isSnapshot ? spec : others;
}

/** Whichever of the two fields a client writes, both say the same. */
function withBothSources(spec: PersistentVolumeClaimSpec): PersistentVolumeClaimSpec {
  const { dataSource, dataSourceRef } = spec;
  if (dataSource !== undefined && dataSourceRef === undefined) return { ...spec, dataSourceRef: dataSource };
  if (dataSourceRef === undefined || dataSource !== undefined) return spec;
  const { namespace = '', ...source } = dataSourceRef;
  return namespace === '' ? { ...spec, dataSource: source } : spec;
}

function withoutModification(next: ApiObject, old: ApiObject): ApiObject {
  const { status = {} } = next as unknown as PersistentVolumeClaim;
  const before = (old as unknown as PersistentVolumeClaim).status ?? {};
  const dropped = (['currentVolumeAttributesClassName', 'modifyVolumeStatus'] as const).filter(
    (name) => before[name] === undefined,
  );
  const kept = Object.entries(status).filter(([name]) => !dropped.includes(name as (typeof dropped)[number]));
  return { ...next, status: Object.fromEntries(kept) };
}

function checkUpdate(next: ApiObject, old: ApiObject): readonly FieldError[] {
  const [after, before] = [specOf(next), specOf(old)];
  const { status } = old as unknown as PersistentVolumeClaim;
  const munged = allowChanges(next, old);
  const isSame = isSameJson(munged as unknown as JsonObject, before as unknown as JsonObject);
  const [size, oldSize] = [after, before].map((spec) => spec.resources?.requests?.storage);
  const isSmaller = compareQuantities(size, oldSize) < 0;
  const hasSize = compareQuantities(size, status?.capacity?.storage) > 0;
  return [
    ...checkClassAnnotation(next, old),
    ...when(
      !isSame,
      forbiddenField(
        'spec',
        `spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n${describeChanges(before, munged)}`,
      ),
    ),
    ...when(
      isSmaller && !hasSize,
      forbiddenField('spec.resources.requests.storage', 'field can not be less than status.capacity'),
    ),
    ...when(
      after.volumeMode !== before.volumeMode,
      invalidValue('volumeMode', after.volumeMode ?? null, 'field is immutable'),
    ),
    ...when(
      after.volumeAttributesClassName !== before.volumeAttributesClassName,
      forbiddenField(
        'spec.volumeAttributesClassName',
        'update is forbidden when the VolumeAttributesClass feature gate is disabled',
      ),
    ),
  ];
}

/** The new claim, with what may change as it was. */
function allowChanges(next: ApiObject, old: ApiObject): PersistentVolumeClaimSpec {
  const spec: PersistentVolumeClaimSpec = { ...specOf(next) };
  const before = specOf(old);
  const isBound = (next as unknown as PersistentVolumeClaim).status?.phase === 'Bound';
  if ((before.volumeName ?? '') === '') spec.volumeName = before.volumeName;
  const annotation = annotationOf(old);
  const fitsAnnotation = annotation === undefined || annotation === spec.storageClassName;
  if (before.storageClassName === undefined && fitsAnnotation) delete spec.storageClassName;
  const { resources } = spec;
  if (isBound && resources?.requests !== undefined) {
    const { storage: _, ...requests } = resources.requests;
    const storage = before.resources?.requests?.storage;
    spec.resources = { ...resources, requests: storage === undefined ? requests : { ...requests, storage } };
  }
  if (isBound && spec.volumeAttributesClassName !== undefined) {
    spec.volumeAttributesClassName = before.volumeAttributesClassName;
  }
  return Object.fromEntries(Object.entries(spec).filter(([, value]) => value !== undefined));
}

function annotationOf(object: ApiObject): string | undefined {
  return (object.metadata.annotations as Readonly<Record<string, string>> | undefined)?.[classAnnotation];
}

/** It may go once the field says the same. */
function checkClassAnnotation(next: ApiObject, old: ApiObject): readonly FieldError[] {
  const [after, before] = [annotationOf(next), annotationOf(old)];
  const isUpgrade =
    before !== undefined &&
    specOf(old).storageClassName === undefined &&
    specOf(next).storageClassName === before &&
    (after === undefined || after === before);
  const isChanged = !isUpgrade && (after ?? '') !== (before ?? '');
  const field = `metadata.annotations.${classAnnotation}`;
  return when(isChanged, invalidValue(field, after ?? '', 'field is immutable'));
}

function checkStatusUpdate(next: ApiObject): readonly FieldError[] {
  const { spec, status = {} } = next as unknown as PersistentVolumeClaim;
  const states = status.allocatedResourceStatuses ?? {};
  const stateField = 'status.allocatedResourceStatus';
  return [
    ...when((spec?.accessModes ?? []).length === 0, required('Spec.accessModes')),
    ...checkAmounts(status.capacity, 'status.capacity', () => []),
    ...Object.entries(states).flatMap(([name, state]) => [
      ...checkStorageName(name, stateField),
      ...when(!resizeStates.includes(state), notSupported(stateField, name, resizeStates)),
    ]),
    ...checkAmounts(status.allocatedResources, 'status.allocatedResources', checkStorageName),
  ];
}

function checkAmounts(
  quantities: Readonly<Record<string, string>> | undefined,
  field: string,
  checkResource: (name: string, field: string) => readonly FieldError[],
): readonly FieldError[] {
  return Object.entries(quantities ?? {}).flatMap(([name, quantity]) => {
    const amount = wholeOf(quantity);
    const errors = checkResource(name, field);
    if (errors.length > 0) return errors;
    return when(amount < 0n, invalidValue(`${field}[${name}]`, amount, 'must be a valid resource quantity'));
  });
}

/** Kubernetes itself only knows how much storage there is. */
function checkStorageName(name: string, field: string): readonly FieldError[] {
  const errors = checkName(labelKey, name, field);
  if (errors.length > 0 || !isNative(name) || name === 'storage') return errors;
  return [notSupported(field, name, ['storage'])];
}

function warn(object: ApiObject): readonly string[] {
  return [
    ...(annotationOf(object) === undefined
      ? []
      : [
          `metadata.annotations[${classAnnotation}]: deprecated since v1.8; use "storageClassName" attribute instead`,
        ]),
    ...warnOfClaimSpec(specOf(object), 'spec'),
  ];
}
