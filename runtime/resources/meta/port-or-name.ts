/** A port by its number or its name. (pkg/apis/core/validation, ValidatePortNumOrName) Pure. */
import type { FieldError } from '../../apiserver/status.ts';
import { checkName, checkPort } from './field-checks.ts';
import { portName } from './names.ts';

export function checkPortOrName(port: number | string, field: string): readonly FieldError[] {
  return typeof port === 'string' ? checkName(portName, port, field) : checkPort(port, field);
}
