/** By which fields objects of a definition can be selected: name and namespace, and those that it names. Pure. */
import type { FieldRules, FieldValue } from '../../fields/known-fields.ts';
import { stringAt } from '../../objects/read-path.ts';
import type { SelectableField } from '../../schemas/generated/types/apiextensions-v1.ts';
import { firstAt, readJsonPath } from './json-path.ts';

export function selectableRules(fields: readonly SelectableField[], isNamespaced: boolean): FieldRules {
  const own = fields.flatMap(({ jsonPath }) => {
    const path = readJsonPath(jsonPath);
    if (path === null) return [];
    const value: FieldValue = (object) => textOf(firstAt(path, object));
    return [[jsonPath.replace(/^\./, ''), value] as const];
  });
  const metadata = ['name', ...(isNamespaced ? ['namespace'] : [])].map((name) => {
    const value: FieldValue = (object) => stringAt(object, 'metadata', name);
    return [`metadata.${name}`, value] as const;
  });
  return {
    fields: Object.fromEntries([...metadata, ...own]),
    refusal: (field) => `field label not supported: ${field}`,
  };
}

function textOf(value: unknown): string {
  return value === undefined || value === null || typeof value === 'object' ? '' : String(value);
}
