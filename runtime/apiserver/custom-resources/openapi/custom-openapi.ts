/**
 * OpenAPI v3 of custom resources, a document a group-version: what kubectl reads before it applies or explains. The parts that
 * all objects have come from a document that was generated. (k8s.io/apiextensions-apiserver/pkg/controller/openapi/builder)
 */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { GroupVersion, Resource } from '../../resources/resource.ts';
import type { CustomResourceDefinition } from '../../schemas/generated/types/apiextensions-v1.ts';
import { type OpenApiDocument, openApiV3, unpacked } from '../../schemas/openapi.ts';
import { describePaths } from './custom-paths.ts';

/** @param definitionOf one of these group-versions' resources */
export function makeOpenApi(
  groupVersions: readonly GroupVersion[],
  definitionOf: (resource: Resource) => CustomResourceDefinition,
): readonly OpenApiDocument[] {
  return groupVersions.map((groupVersion) => makeDocument(groupVersion, definitionOf));
}

function makeDocument(
  { group, version, resources }: GroupVersion,
  definitionOf: (resource: Resource) => CustomResourceDefinition,
): OpenApiDocument {
  const schemas = resources.flatMap((resource) => describeSchemas(resource, definitionOf(resource)));
  const document = {
    openapi: '3.0.0',
    info: { title: 'Kubernetes CRD Swagger', version: 'v0.1.0' },
    paths: Object.fromEntries(resources.flatMap((resource) => describePaths(resource, schemaName(resource)))),
    components: { schemas: { ...Object.fromEntries(schemas), ...commonSchemas() } },
  };
  const text = JSON.stringify(document, (_, value: unknown) =>
    typeof value === 'bigint' ? Number(value) : value,
  );
  const hash = createHash('sha512').update(text).digest('hex').toUpperCase();
  let gzip: Uint8Array | null = null;
  return {
    ...{ name: `apis/${group}/${version}`, hash },
    gzip: () => {
      gzip ??= gzipSync(text);
      return gzip;
    },
  };
}

const metaPrefix = 'io.k8s.apimachinery.pkg.apis.meta.v1.';
let common: object | null = null;

/** Metadata and all that it refers to. */
function commonSchemas(): object {
  if (common !== null) return common;
  const document = openApiV3().find(({ name }) => name === 'apis/coordination.k8s.io/v1');
  if (document === undefined) throw new Error('the generated documents lack that of leases');
  const { components } = JSON.parse(unpacked(document.gzip()).toString()) as {
    components: { schemas: object };
  };
  common = Object.fromEntries(
    Object.entries(components.schemas).filter(([name]) => name.startsWith(metaPrefix)),
  );
  return common;
}

/** `io.example.v1.Foo` of `example.io`. */
function schemaName({ group, version, kind }: Resource): string {
  return `${group.split('.').reverse().join('.')}.${version}.${kind}`;
}

const text = { type: 'string' } as const;

function describeSchemas(resource: Resource, { spec, status }: CustomResourceDefinition): [string, object][] {
  const schema = spec.versions.find(({ name }) => name === resource.version)?.schema?.openAPIV3Schema ?? {};
  const { group, version, kind } = resource;
  const listKind = status?.acceptedNames?.listKind ?? `${kind}List`;
  const name = schemaName(resource);
  const own = {
    ...schema,
    properties: {
      ...{ apiVersion: text, kind: text },
      ...schema.properties,
      metadata: { $ref: `#/components/schemas/${metaPrefix}ObjectMeta` },
    },
    'x-kubernetes-group-version-kind': [{ group, version, kind }],
  };
  const list = {
    ...{ description: `${listKind} is a list of ${kind}`, type: 'object', required: ['items'] },
    properties: {
      ...{ apiVersion: text, kind: text },
      items: { type: 'array', items: { $ref: `#/components/schemas/${name}` } },
      metadata: { $ref: `#/components/schemas/${metaPrefix}ListMeta` },
    },
    'x-kubernetes-group-version-kind': [{ group, version, kind: listKind }],
  };
  return [
    [name, own],
    [`${name.slice(0, -kind.length)}${listKind}`, list],
  ];
}
