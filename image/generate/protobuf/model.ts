/**
 * From our own .proto files to the model. They hold what is on the wire; required fields, and how lists merge, are taken
 * from the definitions of the OpenAPI document, which must know the same fields.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import protobuf from 'protobufjs';
import { BuildError } from '../../build-error.ts';
import type { FieldModel, PackageModel, TypeModel } from '../model.ts';
import type { Schema, Swagger } from '../openapi/document.ts';
import { parseProtos } from './read.ts';

interface OwnPackage {
  readonly file: string;
  readonly package: string;
  /** In OpenAPI, which keeps the hyphens. */
  readonly name: string;
  readonly group: string;
}

export const ownPackages: readonly OwnPackage[] = [
  {
    file: 'apiextensions.proto',
    package: 'k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1',
    name: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1',
    group: 'apiextensions.k8s.io',
  },
  {
    file: 'apiregistration.proto',
    package: 'k8s.io.kube_aggregator.pkg.apis.apiregistration.v1',
    name: 'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1',
    group: 'apiregistration.k8s.io',
  },
];

const specials: Readonly<Record<string, string>> = {
  'k8s.io.apimachinery.pkg.apis.meta.v1.Time': 'time',
  'k8s.io.apimachinery.pkg.runtime.RawExtension': 'raw',
  JSON: 'json',
  JSONSchemaPropsOrArray: 'schemaOrArray',
  JSONSchemaPropsOrBool: 'schemaOrBool',
  JSONSchemaPropsOrStringArray: 'schemaOrStrings',
};
const scalars = new Set(['string', 'bool', 'int32', 'int64', 'double', 'bytes']);

export async function readOwnPackages(swagger: Swagger): Promise<readonly PackageModel[]> {
  return Promise.all(
    ownPackages.map(async (own) => {
      const text = await readFile(path.join(import.meta.dirname, own.file), 'utf8');
      const namespace = parseProtos([{ file: own.file, text }]).lookup(own.package) as protobuf.Namespace;
      const messages = namespace.nestedArray.filter((item) => item instanceof protobuf.Type);
      return {
        ...{ name: own.name, group: own.group, version: 'v1' },
        types: messages.map((message) => modelOfMessage(message, own, swagger)),
      };
    }),
  );
}

function modelOfMessage(message: protobuf.Type, own: OwnPackage, swagger: Swagger): TypeModel {
  const name = `${own.name}.${message.name}`;
  const schema = swagger.definitions[name];
  const fields = message.fieldsArray.map((field) => modelOfField(field, own, schema));
  const isKind = message.options?.['(kind)'] === true;
  checkNames(name, schema, [...fields.map(({ json }) => json), ...(isKind ? ['apiVersion', 'kind'] : [])]);
  return {
    name: message.name,
    description: schema?.description ?? '',
    fields,
    isKind,
    union: null,
    isAtomic: schema?.['x-kubernetes-map-type'] === 'atomic',
  };
}

/** What is posted to webhooks, such as ConversionReview, is in no OpenAPI document. */
function checkNames(name: string, schema: Schema | undefined, ours: readonly string[]): void {
  const theirs = Object.keys(schema?.properties ?? {});
  const difference = [
    ...theirs.filter((json) => !ours.includes(json)),
    ...ours.filter((json) => !theirs.includes(json)),
  ];
  if (schema === undefined || difference.length === 0) return;
  throw new BuildError(
    'damaged-input',
    `${name}: our .proto and the OpenAPI document differ in ${difference.join(', ')}.`,
  );
}

function modelOfField(field: protobuf.Field, own: OwnPackage, schema: Schema | undefined): FieldModel {
  // What protobufjs's types leave out: absent for `optional`.
  const { rule } = field as { rule?: 'required' | 'repeated' };
  const json = String(field.options?.json_name ?? field.name);
  const property = schema?.properties?.[json];
  const base = specials[field.type] ?? (scalars.has(field.type) ? field.type : typeName(field.type, own));
  const isPointer = rule === undefined && base !== 'bytes';

  const prefix = 'keyType' in field ? '{}' : field.repeated ? '[]' : isPointer ? '*' : '';
  return {
    ...{ json, inline: false, number: field.id, description: property?.description ?? '', values: null },
    type: `${prefix}${base}`,
    omitEmpty: field.options?.['(always)'] !== true,
    required: schema?.required?.includes(json) ?? false,
    merge: {
      ...(property?.['x-kubernetes-list-type'] && { listType: property['x-kubernetes-list-type'] }),
      ...(property?.['x-kubernetes-list-map-keys'] && {
        listMapKeys: property['x-kubernetes-list-map-keys'],
      }),
      ...(property?.['x-kubernetes-patch-strategy'] && {
        patchStrategy: property['x-kubernetes-patch-strategy'],
      }),
      ...(property?.['x-kubernetes-patch-merge-key'] && {
        patchMergeKey: property['x-kubernetes-patch-merge-key'],
      }),
    },
  };
}

function typeName(name: string, own: OwnPackage): string {
  return name.startsWith('k8s.io.') ? name.replace(/^k8s\.io/, 'io.k8s') : `${own.name}.${name}`;
}
