/**
 * The OpenAPI v2 document in protobuf, in the messages of gnostic (`OpenAPIv2.proto`), which kubectl asks for. The
 * messages follow the document's own form, but for a few that say which of several things a value is.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import protobuf from 'protobufjs';
import { BuildError } from '../../build-error.ts';
import { parseProtos } from '../protobuf/read.ts';
import type { Swagger } from './document.ts';

type Json = Readonly<Record<string, unknown>>;

/** @param goRoot the directory that holds `github.com/`. */
export async function encodeSwagger(swagger: Swagger, goRoot: string): Promise<Uint8Array> {
  const file = 'github.com/google/gnostic-models/openapiv2/OpenAPIv2.proto';
  const any = { file: 'any.proto', text: 'syntax = "proto3"; package google.protobuf; message Any {}' };
  const messages = parseProtos([any, { file, text: await readFile(path.join(goRoot, file), 'utf8') }]);
  messages.resolveAll();
  const document = messages.lookupType('openapi.v2.Document');
  return document.encode(document.fromObject(messageOf(document, swagger) as Json)).finish();
}

/** The message's fields for a value of the document. */
function messageOf(type: protobuf.Type, value: unknown): unknown {
  const special = specialMessages[type.name];
  if (special !== undefined) return special(type, value);
  const fields: Record<string, unknown> = {};
  const extensions: unknown[] = [];
  for (const [key, item] of Object.entries(value as Json)) {
    if (key.startsWith('x-')) extensions.push({ name: key, value: anyOf(item) });
    else fields[fieldName(key)] = fieldValue(type, fieldName(key), item);
  }
  return { ...fields, ...(extensions.length > 0 && { vendor_extension: extensions }) };
}

function fieldName(key: string): string {
  return key === '$ref' ? '_ref' : key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function fieldValue(type: protobuf.Type, name: string, value: unknown): unknown {
  const field = type.fields[name];
  if (field === undefined) {
    throw new BuildError(
      'damaged-input',
      `OpenAPI v2 in protobuf has no place for ${name} in a ${type.name}.`,
    );
  }
  const of = field.resolvedType;
  if (!(of instanceof protobuf.Type)) return value;
  return field.repeated
    ? (value as readonly unknown[]).map((item) => messageOf(of, item))
    : messageOf(of, value);
}

/** Any value is text in YAML, of which JSON is a part. */
function anyOf(value: unknown): unknown {
  return { yaml: `${JSON.stringify(value)}\n` };
}

/** An object as a list of names and values. */
function named(field: string) {
  return (type: protobuf.Type, value: unknown): unknown => {
    const item = type.fields[field]!.resolvedType as protobuf.Type;
    return {
      [field]: Object.entries(value as Json).map(([name, of]) => ({
        name,
        value: fieldValue(item, 'value', of),
      })),
    };
  };
}

/** One of several messages. */
function oneOf(choose: (value: Json) => string) {
  return (type: protobuf.Type, value: unknown): unknown => {
    const name = choose(value as Json);
    return { [name]: fieldValue(type, name, value) };
  };
}

const specialMessages: Readonly<Record<string, (type: protobuf.Type, value: unknown) => unknown>> = {
  Any: (_, value) => anyOf(value),
  Definitions: named('additional_properties'),
  ParameterDefinitions: named('additional_properties'),
  Properties: named('additional_properties'),
  SecurityDefinitions: named('additional_properties'),
  SecurityRequirement: named('additional_properties'),
  Paths: named('path'),
  Responses: named('response_code'),
  ParametersItem: oneOf((value) => ('$ref' in value ? 'json_reference' : 'parameter')),
  ResponseValue: oneOf((value) => ('$ref' in value ? 'json_reference' : 'response')),
  Parameter: oneOf((value) => (value.in === 'body' ? 'body_parameter' : 'non_body_parameter')),
  NonBodyParameter: oneOf((value) => `${String(value.in)}_parameter_sub_schema`),
  SchemaItem: oneOf(() => 'schema'),
  AdditionalPropertiesItem: oneOf(() => 'schema'),
  SecurityDefinitionsItem: oneOf(() => 'api_key_security'),
  TypeItem: (_, value) => ({ value: [value] }),
  StringArray: (_, value) => ({ value }),
  ItemsItem: (type, value) => ({
    schema: [messageOf(type.fields.schema!.resolvedType as protobuf.Type, value)],
  }),
};
