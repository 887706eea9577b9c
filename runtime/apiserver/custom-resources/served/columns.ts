/** A definition's printer columns. (k8s.io/apiextensions-apiserver/pkg/registry/customresource/tableconvertor) Pure. */

import { stringifyJson } from '../../objects/json-text.ts';
import type { CustomResourceColumnDefinition } from '../../schemas/generated/types/apiextensions-v1.ts';
import { ageOf } from '../../tables/human-duration.ts';
import { age, type Cell, type Column, column, name, type Printer, printer } from '../../tables/printer.ts';
import { firstAt, type JsonPath, readJsonPath } from './json-path.ts';

/** Without columns of its own it has an age. */
export function columnsOf(columns: readonly CustomResourceColumnDefinition[]): Printer {
  if (columns.length > 0) return printer([name, ...columns.map(columnOf)]);
  return printer([name, { ...age, definition: { ...age.definition, type: 'date' } }]);
}

function columnOf(definition: CustomResourceColumnDefinition): Column {
  const { type, format = '', description = '', priority = 0, jsonPath } = definition;
  const path: JsonPath = readJsonPath(jsonPath) ?? [];
  const words =
    description === '' ? `Custom resource definition column (in JSONPath format): ${jsonPath}` : description;
  const extras = { type: type as 'string', format, description: words, priority };
  return column(definition.name, (object, nowMs) => cellOf(type, firstAt(path, object), nowMs), extras);
}

function cellOf(type: string, value: unknown, nowMs: number): Cell {
  if (value === undefined || value === null) return null;
  switch (type) {
    case 'string':
      return typeof value === 'object' ? stringifyJson(value) : String(value);
    case 'integer':
      return typeof value === 'number' || typeof value === 'bigint' ? Math.trunc(Number(value)) : null;
    case 'number':
      return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date':
      return typeof value === 'string' ? ageOf(value, nowMs) : null;
    default:
      return null;
  }
}
