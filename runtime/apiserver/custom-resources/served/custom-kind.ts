/** A version of a definition as the handlers see it: a kind like any other, with a schema of its own. */

import type { Store } from '../../../datastore/store.ts';
import { normalizeObject, type ServedKind } from '../../handlers/served-kind.ts';
import type { ApiObject } from '../../objects/object-bytes.ts';
import type { Resource } from '../../resources/resource.ts';
import type { CustomResourceDefinitionVersion } from '../../schemas/generated/types/apiextensions-v1.ts';
import type { JsonObject } from '../../schemas/protobuf/json-value.ts';
import type { ApiType, Registry } from '../../schemas/registry.ts';
import { unknownFields } from '../../schemas/unknown-fields.ts';
import { ObjectStore } from '../../storage/object-store.ts';
import { prune } from '../schema/prune.ts';
import type { Schema } from '../schema/schema.ts';
import { columnsOf } from './columns.ts';
import { customScale } from './custom-scale.ts';
import { customStrategy } from './custom-strategy.ts';
import { shapeOfResource } from './managed-shape.ts';
import { selectableRules } from './selectable-fields.ts';

/** Objects of one version as those of another one. @throws ApiError where a webhook fails */
export type ConvertObjects = (
  objects: readonly ApiObject[],
  apiVersion: string,
) => readonly ApiObject[] | Promise<readonly ApiObject[]>;

export interface CustomKindOptions {
  readonly registry: Registry;
  readonly store: Store;
  readonly resource: Resource;
  readonly version: CustomResourceDefinitionVersion;
  readonly convert: ConvertObjects;
  /** What is served has changed. */
  readonly ended: AbortSignal;
}

export function customKind({
  registry,
  store,
  resource,
  version,
  convert,
  ended,
}: CustomKindOptions): ServedKind {
  const { group, kind, storage } = resource;
  if (storage === null) throw new Error(`${resource.resource} is not stored`);
  // A version without one, which nobody can make any more, keeps what it is given.
  const schema: Schema = version.schema?.openAPIV3Schema ?? { 'x-kubernetes-preserve-unknown-fields': true };
  const apiVersion = `${group}/${version.name}`;
  const strategy = customStrategy(schema, version);
  const whole = (object: ApiObject): ApiObject =>
    (strategy.fillIn ?? ((same) => same))(pruned(object, schema));
  const conversion = {
    toServed: async (objects: readonly ApiObject[]) => (await convert(objects, apiVersion)).map(whole),
    toStored: async (object: ApiObject) => {
      const [stored] = await convert([object], `${group}/${storage.kind.version}`);
      return stored as ApiObject;
    },
  };
  const { scale } = version.subresources ?? {};
  return {
    ...{ resource, strategy, apiVersion, conversion, ended, type: null },
    objects: new ObjectStore({ store, prefix: storage.prefix, conversion }),
    managed: { shape: shapeOfResource(registry, schema), zero: { kind, apiVersion }, apiVersion },
    normalize: (object) => pruned(withMetadata(registry, object), schema),
    unknownFields: (object) => [
      ...unknownMetadata(registry, object),
      ...prune(object as JsonObject, schema).unknown,
    ],
    printer: columnsOf(version.additionalPrinterColumns ?? []),
    fieldRules: selectableRules(version.selectableFields ?? [], resource.namespaced),
    scale: scale === undefined || scale === null ? null : customScale(scale),
    notice: noticeOf(version, apiVersion, kind),
  };
}

function pruned(object: ApiObject, schema: Schema): ApiObject {
  return prune(object as JsonObject, schema).value as unknown as ApiObject;
}

const partial = { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1' } as const;

/** As Go writes it. @throws ApiError (400) for values of other types */
function withMetadata(registry: Registry, object: ApiObject): ApiObject {
  const { kind, apiVersion, metadata: given, ...others } = object;
  const { metadata } = normalizeObject(registry, { ...partial, metadata: given });
  const { creationTimestamp, ...rest } = metadata;
  const known = (creationTimestamp ?? null) === null ? rest : metadata;
  return { kind, apiVersion, metadata: known, ...others };
}

const metadataType = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

function unknownMetadata(registry: Registry, object: unknown): readonly string[] {
  const type = registry.type(metadataType) as ApiType;
  const { metadata } = object as { readonly metadata?: unknown };
  return unknownFields(type, metadata).map((path) => `metadata.${path}`);
}

function noticeOf(
  { deprecated, deprecationWarning }: CustomResourceDefinitionVersion,
  apiVersion: string,
  kind: string,
): string | null {
  if (deprecated !== true) return null;
  return deprecationWarning ?? `${apiVersion} ${kind} is deprecated`;
}
