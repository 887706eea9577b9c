/** Whether the defaults of a schema fulfil it. (…/pkg/apiserver/schema/defaulting/validation.go) Pure. */
import { pruneDefault } from '../../apiserver/custom-resources/schema/prune.ts';
import { itemsOf, type Schema, valuesOf } from '../../apiserver/custom-resources/schema/schema.ts';
import { validateValue } from '../../apiserver/custom-resources/schema/validate.ts';
import { isSameJson, type JsonValue } from '../../apiserver/schemas/protobuf/json-value.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { invalidValue } from '../field-errors.ts';

export function checkDefaults(schema: Schema, field: string): readonly FieldError[] {
  const items = itemsOf(schema);
  const values = valuesOf(schema);
  return [
    ...checkDefault(schema, field),
    ...(items === null ? [] : checkDefaults(items, `${field}.items`)),
    ...(values === null ? [] : checkDefaults(values, `${field}.additionalProperties`)),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
      checkDefaults(property, `${field}.properties[${name}]`),
    ),
  ];
}

function checkDefault(schema: Schema, field: string): readonly FieldError[] {
  const value = schema.default as JsonValue | undefined;
  if (value === undefined || value === null) return [];
  const at = `${field}.default`;
  const errors = validateValue(value, schema, '').map((error) => ({
    ...error,
    field: placed(at, error.field),
  }));
  const isWhole = isSameJson(pruneDefault(value, schema), value);
  return isWhole ? errors : [invalidValue(at, value, 'must not have unknown fields'), ...errors];
}

function placed(at: string, field: string): string {
  return field === '<nil>' ? at : `${at}.${field}`;
}
