/** Variables of containers, and where their values are. (pkg/apis/core/validation) Pure. */
import { dnsSubdomain } from '../../../apiserver/objects/name-rules.ts';
import type {
  ConfigMapKeySelector,
  EnvFromSource,
  EnvVar,
} from '../../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { FieldError } from '../../../apiserver/status.ts';
import { invalidValue } from '../../field-errors.ts';
import { checkFilledName, checkName, checkOptionalName, inList } from '../../meta/field-checks.ts';
import { configKey, variableName } from '../../meta/names.ts';
import { checkFieldSelector, checkResourceSelector, fieldsOfVariables } from './downward-api.ts';

export function checkVariables(
  variables: readonly EnvVar[] | undefined,
  field: string,
): readonly FieldError[] {
  return inList(variables, field, (variable, at) => [
    ...checkFilledName(variableName, variable.name, `${at}.name`),
    ...checkValueFrom(variable, `${at}.valueFrom`),
  ]);
}

export function checkVariableSources(
  sources: readonly EnvFromSource[] | undefined,
  field: string,
): readonly FieldError[] {
  return inList(sources, field, ({ prefix, configMapRef, secretRef }, at) => [
    ...checkOptionalName(variableName, prefix, `${at}.prefix`),
    ...(configMapRef === undefined
      ? []
      : checkFilledName(dnsSubdomain, configMapRef.name, `${at}.configMapRef.name`)),
    ...(secretRef === undefined ? [] : checkFilledName(dnsSubdomain, secretRef.name, `${at}.secretRef.name`)),
    // The real server says this of the list.
    ...checkCount(
      [configMapRef, secretRef].filter((source) => source !== undefined).length,
      '`configMapRef` or `secretRef`',
      field,
    ),
  ]);
}

function checkValueFrom({ value = '', valueFrom }: EnvVar, field: string): readonly FieldError[] {
  if (valueFrom === undefined) return [];
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = valueFrom;
  const sources = [fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef];
  const count = sources.filter((source) => source !== undefined).length;
  const words = '`fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`';
  const isDouble = count > 0 && value !== '';
  return [
    ...(fieldRef === undefined ? [] : checkFieldSelector(fieldRef, fieldsOfVariables, `${field}.fieldRef`)),
    ...(resourceFieldRef === undefined
      ? []
      : checkResourceSelector(resourceFieldRef, `${field}.resourceFieldRef`, false)),
    ...checkKey(configMapKeyRef, `${field}.configMapKeyRef`),
    ...checkKey(secretKeyRef, `${field}.secretKeyRef`),
    ...(isDouble
      ? [invalidValue(field, '', 'may not be specified when `value` is not empty')]
      : checkCount(count, words, field)),
  ];
}

function checkKey(selector: ConfigMapKeySelector | undefined, field: string): readonly FieldError[] {
  if (selector === undefined) return [];
  return [
    ...checkName(dnsSubdomain, selector.name, `${field}.name`),
    ...checkFilledName(configKey, selector.key, `${field}.key`),
  ];
}

function checkCount(count: number, words: string, field: string): readonly FieldError[] {
  if (count === 1) return [];
  if (count === 0) return [invalidValue(field, '', `must specify one of: ${words}`)];
  return [invalidValue(field, '', 'may not have more than one field specified at a time')];
}
