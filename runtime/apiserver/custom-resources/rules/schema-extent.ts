/**
 * How large the values of a schema's places can be at most: what it says itself, or what fits into a request.
 * (k8s.io/apiserver/pkg/cel/common/schemas.go, pkg/cel/limits.go) Pure.
 */
import { escapeProperty } from '../../cel/escape.ts';
import type { Extent } from '../../cel/sizes.ts';
import { isIntOrString, isResource, itemsOf, type Schema, valuesOf } from '../schema/schema.ts';

interface Measured {
  readonly extent: Extent;
  /** As JSON, in bytes, at least. */
  readonly leastBytes: number;
}

const requestBytes = 3 * 1024 * 1024;
/** As much text as a request can hold between two quotation marks. */
const longestText = requestBytes - 2;
/** A character takes up to four bytes. */
const bytesOfCharacter = 4;
const times = { mostDuration: 32, leastDuration: 3, date: 12, mostTime: 32, leastTime: 21 } as const;

/** @param isRoot of an object, which has its kind and metadata in any case. @returns null: no expression can see it */
export function extentOfSchema(schema: Schema, isRoot: boolean): Extent | null {
  return measure(schema, isRoot)?.extent ?? null;
}

/** So often can a place be there that stands in lists or maps without a bound. */
export function mostPlaces(schema: Schema, isRoot: boolean): number {
  const { leastBytes } = measure(schema, isRoot) ?? { leastBytes: 1 };
  return Math.floor(requestBytes / (leastBytes + 1));
}

function measure(schema: Schema, hasMetadata: boolean): Measured | null {
  if (isIntOrString(schema)) return measured(textExtent(schema), 1);
  switch (schema.type) {
    case 'object':
      return measureObject(schema, hasMetadata || isResource(schema));
    case 'array':
      return measureList(schema);
    case 'string':
      return measureText(schema);
    case 'boolean':
      return measured(0, 4);
    case 'integer':
    case 'number':
      return measured(0, 1);
    default:
      return null;
  }
}

function measured(most: number, leastBytes: number, more: Partial<Extent> = {}): Measured {
  return { extent: { most, ...more }, leastBytes };
}

function measureList(schema: Schema): Measured | null {
  const items = itemsOf(schema);
  const item = items === null ? null : measure(items, false);
  if (item === null) return null;
  const most = schema.maxItems ?? Math.floor((requestBytes - 2) / (item.leastBytes + 1));
  return measured(Math.max(0, Number(most)), 2, { element: item.extent });
}

/** A key with its quotation marks, a colon and a comma. */
const entryBytes = 6;

function measureObject(schema: Schema, hasMetadata: boolean): Measured | null {
  const values = valuesOf(schema);
  if (values !== null) {
    const value = measure(values, false);
    if (value === null) return null;
    const most = schema.maxProperties ?? Math.floor((requestBytes - 2) / (value.leastBytes + entryBytes));
    return measured(Math.max(0, Number(most)), 2, { element: value.extent, key: { most: 0 } });
  }
  const fields = new Map<string, Extent>(hasMetadata ? ownFields : []);
  let leastBytes = 2;
  for (const [property, one] of Object.entries(schema.properties ?? {})) {
    if (hasMetadata && ownFields.has(property)) continue;
    const field = measure(one, false);
    if (field === null) continue;
    const name = escapeProperty(property);
    if (name !== null) fields.set(name, field.extent);
    const isThere = schema.required?.includes(property) === true && one.default === undefined;
    if (isThere) leastBytes += Buffer.byteLength(property) + field.leastBytes + 4;
  }
  return measured(0, leastBytes, { fields });
}

const anyText: Extent = { most: longestText };
const ownFields: ReadonlyMap<string, Extent> = new Map([
  ['kind', anyText],
  ['apiVersion', anyText],
  [
    'metadata',
    {
      most: 0,
      fields: new Map([
        ['name', anyText],
        ['generateName', anyText],
      ]),
    },
  ],
]);

function measureText(schema: Schema): Measured {
  switch (schema.format) {
    case 'byte':
      return measured(Number(schema.maxLength ?? longestText), 2);
    case 'duration':
      return measured(times.mostDuration, times.leastDuration);
    case 'date':
      return measured(times.date, times.date);
    case 'date-time':
      return measured(times.mostTime, times.leastTime);
    default:
      return measured(textExtent(schema), 2);
  }
}

function textExtent({ maxLength, enum: values }: Schema): number {
  if (typeof maxLength === 'number') return Math.max(0, maxLength) * bytesOfCharacter;
  const texts = (values ?? []).filter((one): one is string => typeof one === 'string');
  return texts.length === 0 ? longestText : Math.max(...texts.map((one) => Buffer.byteLength(one)));
}
