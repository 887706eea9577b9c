/** Volumes whose files are made of objects: secrets, config maps, the pod itself, tokens. (pkg/apis/core/validation) Pure. */
import type {
  ConfigMapVolumeSource,
  DownwardAPIVolumeFile,
  DownwardAPIVolumeSource,
  KeyToPath,
  ProjectedVolumeSource,
  SecretVolumeSource,
  ServiceAccountTokenProjection,
  VolumeProjection,
} from '../../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { FieldError } from '../../../apiserver/status.ts';
import { forbiddenField, invalidValue, required } from '../../field-errors.ts';
import { checkFileMode, checkFilled, inList, when } from '../../meta/field-checks.ts';
import { checkLocalPath } from '../volumes/paths.ts';
import { checkFieldSelector, checkResourceSelector, fieldsOfFiles } from './downward-api.ts';

export function checkSecret(source: SecretVolumeSource, field: string): readonly FieldError[] {
  return [
    ...checkFilled(source.secretName, `${field}.secretName`),
    ...checkFileMode(source.defaultMode, `${field}.defaultMode`),
    ...inList(source.items, `${field}.items`, checkItem),
  ];
}

export function checkConfigMap(source: ConfigMapVolumeSource, field: string): readonly FieldError[] {
  return [
    ...checkFilled(source.name, `${field}.name`),
    ...checkFileMode(source.defaultMode, `${field}.defaultMode`),
    ...inList(source.items, `${field}.items`, checkItem),
  ];
}

export function checkDownwardApi(source: DownwardAPIVolumeSource, field: string): readonly FieldError[] {
  return [
    ...checkFileMode(source.defaultMode, `${field}.defaultMode`),
    ...(source.items ?? []).flatMap((file) => checkFile(file, field)),
  ];
}

export function checkProjected(volume: ProjectedVolumeSource, field: string): readonly FieldError[] {
  const paths = new Set<string>();
  /** No two sources may write one file. @param shown what the real server shows of the second */
  const checkFree = (path: string, shown: string): readonly FieldError[] => {
    const isTaken = path !== '' && paths.has(path);
    paths.add(path);
    return when(isTaken, invalidValue(field, shown, 'conflicting duplicate paths'));
  };
  return [
    ...checkFileMode(volume.defaultMode, `${field}.defaultMode`),
    ...inList(volume.sources, `${field}.sources`, (source, at) =>
      checkProjection(source, field, at, checkFree),
    ),
  ];
}

function checkProjection(
  source: VolumeProjection,
  field: string,
  at: string,
  checkFree: (path: string, shown: string) => readonly FieldError[],
): readonly FieldError[] {
  const { secret, configMap, downwardAPI, serviceAccountToken: token } = source;
  const named = Object.entries({ secret, configMap }).flatMap(([kind, object]) => {
    if (object === undefined) return [];
    const items = inList(object.items, `${at}.${kind}.items`, (item, place) => [
      ...checkItem(item, place),
      ...checkFree(item.path, object.name ?? ''),
    ]);
    return [...checkFilled(object.name, `${at}.${kind}.name`), ...items];
  });
  const files = (downwardAPI?.items ?? []).flatMap((file) => [
    ...checkFile(file, `${at}.downwardAPI`),
    ...checkFree(file.path, file.path),
  ]);
  const count = Object.values(source).filter((part) => part !== undefined).length;
  return [
    ...named,
    ...files,
    ...(token === undefined ? [] : checkToken(token, field, `${at}.serviceAccountToken`)),
    ...when(count > 1, forbiddenField(at, 'may not specify more than 1 volume type per source')),
  ];
}

/** @param field of the volume: the real server looks for the path there */
function checkToken(token: ServiceAccountTokenProjection, field: string, at: string): readonly FieldError[] {
  const { expirationSeconds: seconds = 0, path } = token;
  const place = `${at}.expirationSeconds`;
  return [
    ...when(seconds < 600, invalidValue(place, seconds, 'may not specify a duration less than 10 minutes')),
    ...when(
      seconds > 2 ** 32,
      invalidValue(place, seconds, 'may not specify a duration larger than 2^32 seconds'),
    ),
    ...(path === '' ? [required(`${field}.path`)] : checkLocalPath(path, `${field}.path`)),
  ];
}

function checkItem({ key, path, mode }: KeyToPath, field: string): readonly FieldError[] {
  return [
    ...checkFilled(key, `${field}.key`),
    ...checkFilled(path, `${field}.path`),
    ...checkLocalPath(path, `${field}.path`),
    ...checkFileMode(mode, `${field}.mode`),
  ];
}

function checkFile(file: DownwardAPIVolumeFile, field: string): readonly FieldError[] {
  const { path, fieldRef, resourceFieldRef, mode } = file;
  const both = 'fieldRef and resourceFieldRef can not be specified simultaneously';
  const ofSource =
    fieldRef !== undefined
      ? [
          ...checkFieldSelector(fieldRef, fieldsOfFiles, `${field}.fieldRef`),
          ...when(resourceFieldRef !== undefined, invalidValue(field, 'resource', both)),
        ]
      : resourceFieldRef !== undefined
        ? checkResourceSelector(resourceFieldRef, `${field}.resourceFieldRef`, true)
        : [required(field, 'one of fieldRef and resourceFieldRef is required')];
  return [
    ...checkFilled(path, `${field}.path`),
    ...checkLocalPath(path, `${field}.path`),
    ...ofSource,
    ...checkFileMode(mode, `${field}.mode`),
  ];
}
