/**
 * Schemas of custom resources, as a definition has them: OpenAPI v3 with Kubernetes' extensions. A structural one says of every
 * place what it is, apart from what its values have to fulfil. (k8s.io/apiextensions-apiserver/pkg/apiserver/schema/structural.go)
 */
import type { JSONSchemaProps } from '../../schemas/generated/types/apiextensions-v1.ts';
import { isObject } from '../../schemas/protobuf/json-value.ts';

/** As generated; `items` and `additionalProperties` by the functions below, as they may be other things as well. */
export type Schema = JSONSchemaProps;

/** Of a list's items; null: it says nothing of them, or has one for each. */
export function itemsOf(schema: Schema): Schema | null {
  return isObject(schema.items) ? (schema.items as Schema) : null;
}

/** Of the values of a map; null: it says nothing of them, or allows all or none. */
export function valuesOf(schema: Schema): Schema | null {
  return isObject(schema.additionalProperties) ? (schema.additionalProperties as Schema) : null;
}

/** Of a property, by its own name. */
export function propertyOf(schema: Schema, name: string): Schema | null {
  const { properties } = schema;
  return properties !== undefined && properties !== null && Object.hasOwn(properties, name)
    ? (properties[name] as Schema)
    : null;
}

/** Whatever else there is, is kept. */
export function keepsUnknown(schema: Schema): boolean {
  return schema['x-kubernetes-preserve-unknown-fields'] === true;
}

/** It holds a whole object of Kubernetes, with kind, apiVersion and metadata. */
export function isResource(schema: Schema): boolean {
  return schema['x-kubernetes-embedded-resource'] === true;
}

export function isIntOrString(schema: Schema): boolean {
  return schema['x-kubernetes-int-or-string'] === true;
}

/** `set`, `map`; everything else is a list as a whole. */
export function listTypeOf(schema: Schema): string {
  return schema['x-kubernetes-list-type'] ?? 'atomic';
}

export function listKeysOf(schema: Schema): readonly string[] {
  return schema['x-kubernetes-list-map-keys'] ?? [];
}

/** What every object of Kubernetes has, whatever its schema says. */
export const ownProperties: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata']);

/** Those directly within: places, and what is said of the same place once more. */
export function schemasWithin(schema: Schema): readonly Schema[] {
  const { allOf, anyOf, oneOf, not, properties } = schema;
  const single = [not ?? null, itemsOf(schema), valuesOf(schema)].filter((one) => one !== null);
  return [
    ...single,
    ...[allOf, anyOf, oneOf].flatMap((all) => all ?? []),
    ...Object.values(properties ?? {}),
  ];
}

/** Whether something holds anywhere in it. */
export function somewhere(schema: Schema, holds: (schema: Schema) => boolean): boolean {
  return holds(schema) || schemasWithin(schema).some((within) => somewhere(within, holds));
}
