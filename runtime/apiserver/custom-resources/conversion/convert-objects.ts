/**
 * Objects of one version of a definition as those of another: by their apiVersion alone, or as a webhook makes them. What the
 * webhook gives is looked at: it changes no object but its own, and nothing of its metadata but labels and annotations.
 * (k8s.io/apiextensions-apiserver/pkg/apiserver/conversion)
 */
import type { ApiObject, ObjectMetadata } from '../../objects/object-bytes.ts';
import type { CustomResourceDefinition } from '../../schemas/generated/types/apiextensions-v1.ts';
import { isObject, isSameJson, type JsonObject, type JsonValue } from '../../schemas/protobuf/json-value.ts';
import { ApiError } from '../../status.ts';
import type { ConvertObjects } from '../served/custom-kind.ts';
import type { CallWebhook } from './call-webhook.ts';

export function convertByDefinition(
  { spec, metadata }: CustomResourceDefinition,
  callWebhook: CallWebhook,
): ConvertObjects {
  const { conversion } = spec;
  const webhook = conversion?.strategy === 'Webhook' ? conversion.webhook : undefined;
  if (webhook === undefined)
    return (objects, apiVersion) => objects.map((object) => renamed(object, apiVersion));
  return async (objects, apiVersion) => {
    const others = objects.filter((object) => object.apiVersion !== apiVersion);
    if (others.length === 0) return objects;
    const fail = (why: string): ApiError => {
      const from = others[0]?.apiVersion ?? '';
      const what = `conversion webhook for ${from}, Kind=${spec.names.kind} failed: ${why}`;
      return new ApiError('InternalError', what);
    };
    const answer = await callWebhook(webhook, reviewOf(others, apiVersion, metadata?.uid ?? '')).catch(
      (error: unknown) => {
        throw fail(error instanceof Error ? error.message : String(error));
      },
    );
    const converted = readAnswer(answer, others, apiVersion, fail).values();
    return objects.map((object) =>
      object.apiVersion === apiVersion ? object : (converted.next().value as ApiObject),
    );
  };
}

function renamed(object: ApiObject, apiVersion: string): ApiObject {
  return object.apiVersion === apiVersion ? object : { ...object, apiVersion };
}

function reviewOf(objects: readonly ApiObject[], desiredAPIVersion: string, uid: string) {
  return {
    ...{ kind: 'ConversionReview', apiVersion: 'apiextensions.k8s.io/v1' },
    request: { uid, desiredAPIVersion, objects },
  };
}

function readAnswer(
  answer: unknown,
  sent: readonly ApiObject[],
  apiVersion: string,
  fail: (why: string) => ApiError,
): readonly ApiObject[] {
  const response = isObject(answer) && isObject(answer.response) ? answer.response : null;
  if (response === null) throw fail('no response provided');
  const result = isObject(response.result) ? response.result : {};
  if (result.status !== 'Success') {
    const message =
      typeof result.message === 'string' && result.message !== '' ? result.message : 'no message';
    throw fail(message);
  }
  const objects = Array.isArray(response.convertedObjects) ? response.convertedObjects : [];
  if (objects.length !== sent.length)
    throw fail(`expected ${sent.length} converted objects, got ${objects.length}`);
  return objects.map((object, index) => {
    const why = refuse(object as JsonValue, sent[index] as ApiObject, apiVersion);
    if (why !== null) throw fail(`invalid converted object at index ${index}: ${why}`);
    return withKeptMetadata(object as unknown as ApiObject, sent[index] as ApiObject);
  });
}

function refuse(object: JsonValue, sent: ApiObject, apiVersion: string): string | null {
  if (!isObject(object) || !isObject(object.metadata)) return 'metadata must be an object';
  if (object.apiVersion !== apiVersion)
    return `invalid groupVersion (expected ${apiVersion}, received ${object.apiVersion})`;
  if (object.kind !== sent.kind) return `invalid kind (expected ${sent.kind}, received ${object.kind})`;
  const { metadata } = object;
  const changed = ['name', 'namespace', 'uid'].find(
    (field) => (metadata[field] ?? null) !== (sent.metadata[field] ?? null),
  );
  return changed === undefined ? null : `metadata.${changed} is immutable`;
}

/** Only labels and annotations are the webhook's to change. */
function withKeptMetadata(object: ApiObject, { metadata: sent }: ApiObject): ApiObject {
  const { labels: _, annotations: __, ...kept } = sent;
  const { labels, annotations } = object.metadata;
  const own = {
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations }),
  };
  const metadata = { ...kept, ...own } as ObjectMetadata;
  return isSameJson(metadata as JsonObject, object.metadata as JsonObject) ? object : { ...object, metadata };
}
