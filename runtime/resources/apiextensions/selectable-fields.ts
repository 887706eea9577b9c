/** By which of its fields a custom resource may be selected. (…/apis/apiextensions/validation, ValidateCustomResourceSelectableFields) Pure. */
import { itemsOf, propertyOf, type Schema } from '../../apiserver/custom-resources/schema/schema.ts';
import type { CustomResourceDefinitionVersion } from '../../apiserver/schemas/generated/types/apiextensions-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { duplicate, invalidValue, required, tooMany } from '../field-errors.ts';
import { inList, when } from '../meta/field-checks.ts';

const mostFields = 8;
const scalarTypes: ReadonlySet<string> = new Set(['string', 'boolean', 'integer']);

export function checkSelectableFields(
  { selectableFields, schema }: CustomResourceDefinitionVersion,
  field: string,
): readonly FieldError[] {
  const fields = selectableFields ?? [];
  if (fields.length === 0) return [];
  const seen = new Set<string>();
  return [
    ...when(fields.length > mostFields, tooMany(field, fields.length, mostFields)),
    ...inList(fields, field, ({ jsonPath = '' }, at) => {
      const place = `${at}.jsonPath`;
      if (jsonPath === '') return [required(place)];
      if (seen.has(jsonPath)) return [duplicate(place, jsonPath)];
      seen.add(jsonPath);
      return checkPlace(jsonPath, schema?.openAPIV3Schema ?? {}, place);
    }),
  ];
}

function checkPlace(path: string, root: Schema, field: string): readonly FieldError[] {
  const wrong = (why: string): readonly FieldError[] => [invalidValue(field, path, why)];
  if (!path.startsWith('.')) return wrong(`is an invalid path: expected [ or . but got: ${path}`);
  let schema: Schema | null = root;
  for (const name of path.slice(1).split('.')) {
    if (/[[\]]/.test(name)) return wrong('is an invalid path: array notation is not allowed');
    if (schema !== null && itemsOf(schema) !== null)
      return wrong('is an invalid path: does not refer to a valid field');
    schema = schema === null ? null : propertyOf(schema, name);
  }
  if (schema === null) return wrong('is an invalid path: does not refer to a valid field');
  if (path.startsWith('.metadata.') || path === '.metadata')
    return wrong('must not point to fields in metadata');
  const isScalar = scalarTypes.has(schema.type ?? '');
  return isScalar
    ? []
    : wrong(
        'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.',
      );
}
