/** Where a container finds the pod's volumes. (pkg/apis/core/validation) Pure. */
import type {
  Container,
  VolumeDevice,
  VolumeMount,
  VolumeSource,
} from '../../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { FieldError } from '../../../apiserver/status.ts';
import { forbiddenField, invalidValue, notFoundValue, notSupported } from '../../field-errors.ts';
import { checkFilled, checkOneOf, inList, when } from '../../meta/field-checks.ts';
import { checkDescendingPath, hasBacksteps } from '../volumes/paths.ts';

/** The pod's, by their names; those that are faulty are not there. */
export type Volumes = ReadonlyMap<string, VolumeSource>;

export function checkMounts(container: Container, volumes: Volumes, field: string): readonly FieldError[] {
  const paths = new Set<string>();
  const devices = placesOf(container.volumeDevices, ({ devicePath }) => devicePath);
  return inList(container.volumeMounts, field, (mount, at) => {
    const isRepeated = paths.has(mount.mountPath);
    paths.add(mount.mountPath);
    return [
      ...checkFilled(mount.name, `${at}.name`),
      ...when(!volumes.has(mount.name), notFoundValue(`${at}.name`, mount.name)),
      ...checkFilled(mount.mountPath, `${at}.mountPath`),
      ...when(isRepeated, invalidValue(`${at}.mountPath`, mount.mountPath, 'must be unique')),
      ...checkNotDevice(mount, devices, at),
      // The real server names these without the place in the list.
      ...checkSubPaths(mount, at, field),
      ...checkPropagation(mount, container, `${field}.mountPropagation`),
      ...checkRecursiveReadOnly(mount, `${field}.recursiveReadOnly`),
    ];
  });
}

export function checkDevices(container: Container, volumes: Volumes, field: string): readonly FieldError[] {
  const [paths, names] = [new Set<string>(), new Set<string>()];
  const mounts = placesOf(container.volumeMounts, ({ mountPath }) => mountPath);
  return inList(container.volumeDevices, field, (device, at) => {
    const { name, devicePath } = device;
    const source = volumes.get(name);
    const isClaim = source?.persistentVolumeClaim !== undefined || source?.ephemeral !== undefined;
    const [hasName, hasPath] = [names.has(name), paths.has(devicePath)];
    if (name !== '') names.add(name);
    if (!hasBacksteps(devicePath)) paths.add(devicePath);
    const only = 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode';
    return [
      ...checkFilled(name, `${at}.name`),
      ...when(hasName, invalidValue(`${at}.name`, name, 'must be unique')),
      ...when(source !== undefined && !isClaim, invalidValue(`${at}.name`, name, only)),
      ...when(source === undefined, notFoundValue(`${at}.name`, name)),
      ...checkFilled(devicePath, `${at}.devicePath`),
      ...when(hasPath, invalidValue(`${at}.devicePath`, devicePath, 'must be unique')),
      ...when(
        hasBacksteps(devicePath),
        invalidValue(`${at}.devicePath`, devicePath, "can not contain backsteps ('..')"),
      ),
      ...checkNotMounted(device, mounts, at),
    ];
  });
}

interface Places {
  readonly names: ReadonlySet<string>;
  readonly paths: ReadonlySet<string>;
}

function placesOf<T extends { readonly name: string }>(
  items: readonly T[] | undefined,
  pathOf: (item: T) => string,
): Places {
  return {
    names: new Set((items ?? []).map(({ name }) => name)),
    paths: new Set((items ?? []).map(pathOf)),
  };
}

function checkNotDevice(mount: VolumeMount, devices: Places, field: string): readonly FieldError[] {
  const { name, mountPath } = mount;
  return [
    ...when(
      devices.names.has(name),
      invalidValue(`${field}.name`, name, 'must not already exist in volumeDevices'),
    ),
    ...when(
      devices.paths.has(mountPath),
      invalidValue(`${field}.mountPath`, mountPath, 'must not already exist as a path in volumeDevices'),
    ),
  ];
}

function checkNotMounted(device: VolumeDevice, mounts: Places, field: string): readonly FieldError[] {
  const { name, devicePath } = device;
  return [
    ...when(
      mounts.names.has(name),
      invalidValue(`${field}.name`, name, 'must not already exist in volumeMounts'),
    ),
    ...when(
      mounts.paths.has(devicePath),
      invalidValue(`${field}.devicePath`, devicePath, 'must not already exist as a path in volumeMounts'),
    ),
  ];
}

function checkSubPaths(mount: VolumeMount, at: string, field: string): readonly FieldError[] {
  const { subPath = '', subPathExpr = '' } = mount;
  return [
    ...(subPath === '' ? [] : checkDescendingPath(subPath, `${field}.subPath`)),
    ...when(
      subPath !== '' && subPathExpr !== '',
      invalidValue(`${at}.subPathExpr`, subPathExpr, 'subPathExpr and subPath are mutually exclusive'),
    ),
    ...(subPathExpr === '' ? [] : checkDescendingPath(subPathExpr, `${field}.subPathExpr`)),
  ];
}

function checkPropagation(
  { mountPropagation }: VolumeMount,
  { securityContext }: Container,
  field: string,
): readonly FieldError[] {
  if (mountPropagation === undefined) return [];
  const isUnprivileged = mountPropagation === 'Bidirectional' && securityContext?.privileged !== true;
  const why = 'Bidirectional mount propagation is available only to privileged containers';
  return [
    ...checkOneOf(mountPropagation, field, ['Bidirectional', 'HostToContainer', 'None']),
    ...when(isUnprivileged, forbiddenField(field, why)),
  ];
}

function checkRecursiveReadOnly(mount: VolumeMount, field: string): readonly FieldError[] {
  const { recursiveReadOnly, readOnly, mountPropagation = 'None' } = mount;
  switch (recursiveReadOnly) {
    case undefined:
    case 'Disabled':
      return [];
    case 'Enabled':
    case 'IfPossible':
      return [
        ...when(readOnly !== true, forbiddenField(field, 'may only be specified when readOnly is true')),
        ...when(
          mountPropagation !== 'None',
          forbiddenField(field, 'may only be specified when mountPropagation is None or not specified'),
        ),
      ];
    default:
      return [notSupported(field, recursiveReadOnly, ['Disabled', 'Enabled', 'IfPossible'])];
  }
}
