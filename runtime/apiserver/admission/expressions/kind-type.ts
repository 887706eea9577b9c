/**
 * The types of CEL that the fields of built-in kinds have, so that an expression can be checked before there is an object.
 * (k8s.io/apiserver/pkg/cel/openapi/resolver, k8s.io/apiserver/pkg/cel/common/schemas.go) Pure.
 */
import { escapeProperty } from '../../cel/escape.ts';
import { bool, dyn, type FieldType, int, listOf, mapOf, string, type Type } from '../../cel/types.ts';
import type { ApiField, FieldType as ApiFieldType, ApiType, ScalarType } from '../../schemas/registry.ts';
import type { SpecialType } from '../../schemas/types-file.ts';

/** Of an object of this type, with its kind and all of its metadata where it has some. */
export function typeOfApiType(type: ApiType): Type {
  return objectOf(type, []);
}

/** @param around the types within which it stands: one within itself can be anything */
function objectOf(type: ApiType, around: readonly ApiType[]): Type {
  if (around.includes(type)) return dyn;
  const own = type.isKind ? [fieldNamed('kind', string), fieldNamed('apiVersion', string)] : [];
  return { kind: 'object', name: type.name, fields: new Map([...own, ...fieldsOf(type, [...around, type])]) };
}

function fieldsOf(type: ApiType, around: readonly ApiType[]): readonly (readonly [string, FieldType])[] {
  return type.fields.flatMap((field) => {
    if (field.json === '') return field.of.kind === 'message' ? fieldsOf(field.of.type, around) : [];
    const found = typeOfField(field, around);
    return found === null ? [] : [fieldNamed(field.json, found)];
  });
}

function fieldNamed(property: string, type: Type): readonly [string, FieldType] {
  return [escapeProperty(property) ?? property, { property, type }];
}

function typeOfField({ shape, of }: ApiField, around: readonly ApiType[]): Type | null {
  const one = typeOfValue(of, around);
  if (one === null || shape === 'single') return one;
  return shape === 'list' ? listOf(one) : mapOf(string, one);
}

function typeOfValue(of: ApiFieldType, around: readonly ApiType[]): Type | null {
  switch (of.kind) {
    case 'scalar':
      return scalars[of.scalar];
    case 'special':
      return specials[of.special];
    case 'message':
      return objectOf(of.type, around);
  }
}

const scalars: Readonly<Record<ScalarType, Type>> = {
  ...{ string, bool, int32: int, int64: int, uint32: int, uint64: int },
  ...{ double: { kind: 'double' }, bytes: { kind: 'bytes' } },
};

const anyObject: Type = { kind: 'object', name: 'object', fields: new Map() };

/** Null: its schema has no type, and no expression sees it. */
const specials: Readonly<Record<SpecialType, Type | null>> = {
  ...{ time: { kind: 'timestamp' }, microTime: { kind: 'timestamp' }, duration: string, quantity: string },
  ...{ intOrString: dyn, raw: anyObject, fields: anyObject, json: null, strings: listOf(string) },
  ...{ schemaOrArray: null, schemaOrBool: null, schemaOrStrings: null },
};

function named(name: string, fields: Readonly<Record<string, Type>>): Type {
  const entries = Object.entries(fields).map(([property, type]) => fieldNamed(property, type));
  return { kind: 'object', name: `kubernetes.${name}`, fields: new Map(entries) };
}

const timestamp: Type = { kind: 'timestamp' };
const texts = listOf(string);

/** Of `namespaceObject`. (k8s.io/apiserver/pkg/admission/plugin/cel/compile.go) */
export const namespaceType: Type = named('Namespace', {
  metadata: named('NamespaceMetadata', {
    ...{ name: string, generateName: string, namespace: string, UID: string, resourceVersion: string },
    ...{ labels: mapOf(string, string), annotations: mapOf(string, string), finalizers: texts },
    ...{ creationTimestamp: timestamp, deletionTimestamp: timestamp },
    ...{ deletionGracePeriodSeconds: int, generation: int },
  }),
  spec: named('NamespaceSpec', { finalizers: texts }),
  status: named('NamespaceStatus', { phase: string }),
});

const kindName = named('GroupVersionKind', { group: string, version: string, kind: string });
const resourceName = named('GroupVersionResource', { group: string, version: string, resource: string });

/** Of `request`. (k8s.io/apiserver/pkg/admission/plugin/cel/compile.go) */
export const requestType: Type = named('AdmissionRequest', {
  ...{ kind: kindName, requestKind: kindName, resource: resourceName, requestResource: resourceName },
  ...{ subResource: string, requestSubResource: string, name: string, namespace: string, operation: string },
  userInfo: named('UserInfo', { username: string, uid: string, groups: texts, extra: mapOf(string, texts) }),
  ...{ dryRun: bool, options: dyn },
});
