/**
 * What stands between a checked request and the store, whatever the kind: policies that change objects or refuse them.
 * (k8s.io/apiserver/pkg/admission)
 */
import type { ApiObject } from '../objects/object-bytes.ts';
import type { Resource } from '../resources/resource.ts';

export interface AdmissionRequest {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  readonly resource: Resource;
  /** '' where there is none. */
  readonly subresource: string;
  /** '' for what is in none. */
  readonly namespace: string;
  /** '' while the server has not made it yet. */
  readonly name: string;
  /** null of a deletion. */
  readonly object: ApiObject | null;
  /** null of a creation. */
  readonly old: ApiObject | null;
  readonly dryRun: boolean;
  /** `CreateOptions` and the like, as the client sent them. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Takes sentences for `Warning` headers. */
  readonly warn: (sentence: string) => void;
}

/** Of one request: it knows who asks. */
export interface Admission {
  /** Before the kind's own rules. @returns the object, changed or not; the request's where nothing is to change. @throws ApiError */
  readonly mutate: (request: AdmissionRequest & { readonly object: ApiObject }) => Promise<ApiObject>;
  /** After all other rules, directly before it is stored; again when somebody came between. @throws ApiError */
  readonly validate: (request: AdmissionRequest) => Promise<void>;
}

/** Lets everything through: what the server writes on its own account. */
export const noAdmission: Admission = {
  mutate: async ({ object }) => object,
  validate: async () => {},
};
