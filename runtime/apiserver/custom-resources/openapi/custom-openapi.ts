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
    components: { schemas: { ...Object.fromEntries(schemas), ...commonParts().schemas } },
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
const patternPrefix = 'io.k8s.api.scheduling.v1.PriorityClass';

interface Schema {
  readonly properties?: Readonly<Record<string, object>>;
}

interface Common {
  /** Metadata and all that it refers to. */
  readonly schemas: Readonly<Record<string, Schema>>;
  /** What every object has, with its description, and every list. */
  readonly ofObjects: Readonly<Record<string, object>>;
  readonly ofLists: Readonly<Record<string, object>>;
}

let common: Common | null = null;

function commonParts(): Common {
  if (common !== null) return common;
  const document = openApiV3().find(({ name }) => name === 'apis/scheduling.k8s.io/v1');
  if (document === undefined) throw new Error('the generated documents lack that of priority classes');
  const { components } = JSON.parse(unpacked(document.gzip()).toString()) as {
    components: { schemas: Readonly<Record<string, Schema>> };
  };
  const { schemas } = components;
  const partsOf = (name: string): Readonly<Record<string, object>> => {
    const { apiVersion = {}, kind = {}, metadata = {} } = schemas[name]?.properties ?? {};
    return { apiVersion, kind, metadata };
  };
  common = {
    schemas: Object.fromEntries(Object.entries(schemas).filter(([name]) => name.startsWith(metaPrefix))),
    ofObjects: partsOf(patternPrefix),
    ofLists: partsOf(`${patternPrefix}List`),
  };
  return common;
}

/** `io.example.v1.Foo` of `example.io`. */
function schemaName({ group, version, kind }: Resource): string {
  return `${group.split('.').reverse().join('.')}.${version}.${kind}`;
}

function describeSchemas(resource: Resource, { spec, status }: CustomResourceDefinition): [string, object][] {
  const schema = spec.versions.find(({ name }) => name === resource.version)?.schema?.openAPIV3Schema ?? {};
  const { group, version, kind } = resource;
  const listKind = status?.acceptedNames?.listKind ?? `${kind}List`;
  const name = schemaName(resource);
  const own = {
    ...schema,
    properties: { ...schema.properties, ...commonParts().ofObjects },
    'x-kubernetes-group-version-kind': [{ group, version, kind }],
  };
  const list = {
    ...{ description: `${listKind} is a list of ${kind}`, type: 'object', required: ['items'] },
    properties: {
      ...commonParts().ofLists,
      items: {
        description: `List of ${resource.resource}. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md`,
        type: 'array',
        items: { $ref: `#/components/schemas/${name}` },
      },
    },
    'x-kubernetes-group-version-kind': [{ group, version, kind: listKind }],
  };
  return [
    [name, own],
    [`${name.slice(0, -kind.length)}${listKind}`, list],
  ];
}
