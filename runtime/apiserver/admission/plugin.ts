/** What a policy of the server is, and the words that all of them use. (k8s.io/apiserver/pkg/admission) Pure. */
import type { UserInfo } from '../authentication/user.ts';
import type { AdmissionRequest } from '../handlers/admission.ts';
import type { ApiObject } from '../objects/object-bytes.ts';
import { type ApiError, forbidden } from '../status.ts';

export interface Asked extends AdmissionRequest {
  readonly user: UserInfo;
  /** What the audit is to say of the request besides. */
  readonly annotate: (key: string, value: string) => void;
}

export interface Plugin {
  /** Of a deletion there is no object, and what is returned is of no use. @throws ApiError */
  readonly mutate?: (asked: Asked) => Promise<ApiObject | null>;
  /** @throws ApiError */
  readonly validate?: (asked: Asked) => Promise<void>;
}

/** `pods`, `deployments.apps`; with the subresource behind a slash where there is one. */
export function isOf({ resource, subresource }: Asked, ...names: readonly string[]): boolean {
  const { group, resource: plural } = resource;
  const full = group === '' ? plural : `${plural}.${group}`;
  return names.includes(subresource === '' ? full : `${full}/${subresource}`);
}

/** The object, as its kind's type: it comes as Go writes it. */
export function objectOf<T>({ object }: Asked): T {
  return object as unknown as T;
}

export function oldOf<T>({ old }: Asked): T {
  return old as unknown as T;
}

export function withSpec(object: ApiObject, spec: object): ApiObject {
  return { ...object, spec: { ...(object.spec as object), ...spec } };
}

/** A name that is not made yet is known by its beginning. */
export function refuse({ resource, name, object }: Asked, why: string): ApiError {
  const { name: own = '', generateName = '' } = (object?.metadata ?? {}) as Record<string, string>;
  return forbidden(resource, [name, own, generateName].find((text) => text !== '') ?? 'Unknown', why);
}

/** Several complaints as one, as Go joins them: each once. */
export function joinComplaints(complaints: readonly string[]): string {
  const all = [...new Set(complaints)];
  return all.length === 1 ? (all[0] as string) : `[${all.join(', ')}]`;
}
