/** What a controller does to the API, as data: plans are made of these, and one function carries them out. */
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { ApiError } from '../../apiserver/status.ts';
import type { ApiClient, Patch, RemoveOptions } from './api-client.ts';
import { type ObjectPlace, placeIn, type ResourceName } from './places.ts';

export type Write =
  | { readonly kind: 'create'; readonly of: ResourceName; readonly object: ApiObject }
  | {
      readonly kind: 'update';
      readonly of: ResourceName;
      readonly object: ApiObject;
      /** Default: the object itself. */
      readonly subresource?: string;
    }
  | { readonly kind: 'patch'; readonly place: ObjectPlace; readonly patch: Patch }
  | { readonly kind: 'remove'; readonly place: ObjectPlace; readonly options?: RemoveOptions };

/**
 * What is there already, or gone already, is as it should be. Every other refusal is thrown, a conflict too: the plan was made of
 * what is no longer so. @throws ApiError
 */
export async function perform(client: ApiClient, write: Write): Promise<void> {
  switch (write.kind) {
    case 'create':
      await client.create(write.of, write.object).catch(unless('AlreadyExists'));
      return;
    case 'update':
      await client.update(write.of, write.object, write.subresource);
      return;
    case 'patch':
      await client.patch(write.place, write.patch).catch(unless('NotFound'));
      return;
    case 'remove':
      await client.remove(write.place, write.options).catch(unless('NotFound'));
      return;
  }
}

/** Only the object that was seen, not one of its name that came after it. */
export function removalOf(of: ResourceName, { metadata }: ApiObject): Write {
  const { uid } = metadata;
  return { kind: 'remove', place: placeIn(of, metadata), options: uid === undefined ? {} : { uid } };
}

function unless(reason: ApiError['reason']) {
  return (error: unknown): void => {
    if (!(error instanceof ApiError) || error.reason !== reason) throw error;
  };
}
