/** Volumes over iSCSI. (pkg/apis/core/validation) Pure. */
import type {
  ISCSIPersistentVolumeSource,
  ISCSIVolumeSource,
} from '../../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { FieldError } from '../../../apiserver/status.ts';
import { invalidValue, required } from '../../field-errors.ts';
import { checkFilled, checkRange, when } from '../../meta/field-checks.ts';

const patterns: Readonly<Record<string, RegExp>> = {
  iqn: /iqn\.\d{4}-\d{2}\.([a-zA-Z0-9\-.]+)(:[^,;*&$|\s]+)$/,
  eui: /^eui.[a-zA-Z0-9]{16}$/,
  naa: /^naa.[a-zA-Z0-9]{32}$/,
};
/** RFC 3720 has at most 223 bytes. */
const longestName = 1024;

/** @param starts what is said of a name that begins with none of the three */
export function checkIscsi(
  source: ISCSIVolumeSource | ISCSIPersistentVolumeSource,
  field: string,
  starts = 'must be valid format starting with iqn, eui, or naa',
): readonly FieldError[] {
  const { targetPortal, iqn, lun, initiatorName } = source;
  const needsSecret = source.chapAuthDiscovery === true || source.chapAuthSession === true;
  return [
    ...checkFilled(targetPortal, `${field}.targetPortal`),
    ...(iqn === '' ? [required(`${field}.iqn`)] : checkTarget(iqn, `${field}.iqn`, starts)),
    ...checkRange(lun, `${field}.lun`, 0, 255),
    ...when(needsSecret && source.secretRef === undefined, required(`${field}.secretRef`)),
    ...(initiatorName === undefined ? [] : checkTarget(initiatorName, `${field}.initiatorname`, starts)),
  ];
}

/** The two together name a directory of the node. @param name of the volume */
export function checkInitiatorLength(
  source: ISCSIVolumeSource | ISCSIPersistentVolumeSource,
  name: string,
  field: string,
  value: string,
): readonly FieldError[] {
  const why =
    'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.';
  const isTooLong = source.initiatorName !== undefined && `${name}:${source.targetPortal}`.length > 64;
  return when(isTooLong, invalidValue(field, value, why));
}

function checkTarget(name: string, field: string, starts: string): readonly FieldError[] {
  const pattern = patterns[name.slice(0, 3)];
  if (pattern === undefined) return [invalidValue(field, name, starts)];
  const isValid = name.length <= longestName && pattern.test(name);
  return when(!isValid, invalidValue(field, name, 'must be valid format'));
}
