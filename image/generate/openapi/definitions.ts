/**
 * The model as OpenAPI definitions, by the rules of k8s.io/kube-openapi's generator, with the defaults that only version
 * 3 of OpenAPI shows.
 */
import type { FieldModel, PackageModel, TypeModel } from '../model.ts';
import type { Schema } from './document.ts';

export type Definitions = Readonly<Record<string, Schema>>;

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';

/** Definitions that types with an encoding of their own refer to. */
const specialDefinitions: Readonly<Record<string, string>> = {
  time: `${meta}.Time`,
  microTime: `${meta}.MicroTime`,
  duration: `${meta}.Duration`,
  fields: `${meta}.FieldsV1`,
  quantity: 'io.k8s.apimachinery.pkg.api.resource.Quantity',
  intOrString: 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
  raw: 'io.k8s.apimachinery.pkg.runtime.RawExtension',
  json: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON',
  schemaOrArray: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray',
  schemaOrBool: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool',
  schemaOrStrings: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray',
};

const scalars: Readonly<Record<string, { readonly schema: Schema; readonly zero: unknown }>> = {
  string: { schema: { type: 'string' }, zero: '' },
  bool: { schema: { type: 'boolean' }, zero: false },
  int32: { schema: { format: 'int32', type: 'integer' }, zero: 0 },
  int64: { schema: { format: 'int64', type: 'integer' }, zero: 0 },
  uint32: { schema: { format: 'int64', type: 'integer' }, zero: 0 },
  uint64: { schema: { format: 'int64', type: 'integer' }, zero: 0 },
  double: { schema: { format: 'double', type: 'number' }, zero: 0 },
  bytes: { schema: { format: 'byte', type: 'string' }, zero: undefined },
};

/** What a definition refers to another by; the place is another one in version 3. */
const prefix = '#/definitions/';

/** Of all types; @param typeMeta the fields `apiVersion` and `kind`, for kinds. */
export function makeDefinitions(packages: readonly PackageModel[], typeMeta: TypeModel): Definitions {
  const byName = new Map(
    packages.flatMap((item) => item.types.map((type) => [`${item.name}.${type.name}`, type] as const)),
  );
  const definitions = packages.flatMap((item) =>
    item.types.map((type) => [
      `${item.name}.${type.name}`,
      definitionOf(type, { package: item, byName, typeMeta }),
    ]),
  );
  return Object.fromEntries(definitions) as Definitions;
}

interface Context {
  readonly package: PackageModel;
  readonly byName: ReadonlyMap<string, TypeModel>;
  readonly typeMeta: TypeModel;
}

function definitionOf(type: TypeModel, context: Context): Schema {
  const fields = [...(type.isKind ? context.typeMeta.fields : []), ...flatFields(type, context)];
  const required = fields.filter((field) => field.required).map((field) => field.json);
  const { group, version } = context.package;
  const isOfGroup = type.isKind && group !== null && context.package.name !== meta;
  return {
    ...(type.description && { description: type.description }),
    ...(fields.length > 0 && {
      properties: Object.fromEntries(
        fields.map((field) => [field.json, propertyOf(field)] as const).sort(([a], [b]) => (a < b ? -1 : 1)),
      ),
    }),
    ...(required.length > 0 && { required }),
    type: 'object',
    ...(isOfGroup && { 'x-kubernetes-group-version-kind': [{ group, kind: type.name, version }] }),
    ...(type.isAtomic && { 'x-kubernetes-map-type': 'atomic' }),
    ...(type.union !== null && {
      'x-kubernetes-unions': [
        {
          ...(type.union.discriminator !== null && { discriminator: type.union.discriminator }),
          'fields-to-discriminateBy': type.union.members,
        },
      ],
    }),
  };
}

/** With those of embedded types in their place. */
function flatFields(type: TypeModel, context: Context): readonly FieldModel[] {
  return type.fields.flatMap((field) => {
    if (!field.inline) return [field];
    const embedded = context.byName.get(field.type);
    if (embedded === undefined) throw new Error(`${field.type} is embedded and not known`);
    return flatFields(embedded, context);
  });
}

function propertyOf(field: FieldModel): Schema {
  const { merge } = field;
  const value = valueSchema(field.type, field);
  const defaultValue = merge.default ?? (field.omitEmpty && isScalar(field.type) ? undefined : value.default);
  const { default: _, ...schema } = value;
  return {
    ...schema,
    ...(defaultValue !== undefined && { default: defaultValue }),
    ...(field.description && { description: field.description }),
    ...(merge.listMapKeys && { 'x-kubernetes-list-map-keys': merge.listMapKeys }),
    ...(merge.listType && { 'x-kubernetes-list-type': merge.listType }),
    ...(merge.mapType && { 'x-kubernetes-map-type': merge.mapType }),
    ...(merge.patchMergeKey && { 'x-kubernetes-patch-merge-key': merge.patchMergeKey }),
    ...(merge.patchStrategy && { 'x-kubernetes-patch-strategy': merge.patchStrategy }),
  };
}

function isScalar(word: string): boolean {
  return word in scalars;
}

/** With the default that a value in Go has and a pointer has not. */
function valueSchema(word: string, field: FieldModel): Schema {
  if (word.startsWith('*')) {
    const { default: _, ...schema } = valueSchema(word.slice(1), field);
    return schema;
  }
  if (word.startsWith('[]')) return { items: valueSchema(word.slice(2), field), type: 'array' };
  if (word.startsWith('{}')) {
    return { additionalProperties: valueSchema(word.slice(2), field), type: 'object' };
  }
  if (word === 'strings') return { items: { default: '', type: 'string' }, type: 'array' };
  const scalar = scalars[word];
  if (scalar !== undefined) {
    return {
      ...(scalar.zero !== undefined && { default: scalar.zero }),
      ...(field.values !== null && { enum: field.values }),
      ...scalar.schema,
    };
  }
  const special = specialDefinitions[word];
  // Types with an encoding of their own have no default of Go's making.
  if (special !== undefined) return { $ref: `${prefix}${special}` };
  return { $ref: `${prefix}${word}`, default: {} };
}
