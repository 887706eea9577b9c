/** Names of CSI drivers where they are referred to. (pkg/apis/core/validation, ValidateCSIDriverName) Pure. */
import type { FieldError } from '../../apiserver/status.ts';
import { tooLong } from '../field-errors.ts';
import { checkFilled, checkName, when } from '../meta/field-checks.ts';
import { driverName } from '../meta/names.ts';

const longestName = 63;

export function checkDriverName(name: string, field: string): FieldError[] {
  return [
    ...checkFilled(name, field),
    ...when(name.length > longestName, tooLong(field, longestName)),
    ...checkName(driverName, name, field),
  ];
}
