/** What a webhook is asked, and what it may answer: `admission.k8s.io/v1` AdmissionReview. Pure. */
import type { UserInfo } from '../../authentication/user.ts';
import type { ApiObject } from '../../objects/object-bytes.ts';
import { listAt, objectAt, stringAt, stringsAt, textEntriesAt } from '../../objects/read-path.ts';
import type { Resource } from '../../resources/resource.ts';
import type { GroupVersionKind } from '../../schemas/registry.ts';
import type { Asked } from '../plugin.ts';

/** An answer that is none. The message says what is wrong with it. */
export class ReviewError extends Error {
  override readonly name = 'ReviewError';
}

export interface Verdict {
  readonly isAllowed: boolean;
  /** `metav1.Status`, as far as the webhook says one. */
  readonly result: Readonly<Record<string, unknown>>;
  /** Operations of a JSON patch; null: nothing is to change. */
  readonly patch: unknown;
  readonly warnings: readonly string[];
  readonly auditAnnotations: readonly (readonly [string, string])[];
}

/** The same object in the version in which the webhook wants it. */
export interface ReviewObjects {
  readonly resource: Resource;
  readonly object: ApiObject | null;
  readonly old: ApiObject | null;
}

export function reviewRequest(uid: string, asked: Asked, { resource, object, old }: ReviewObjects): object {
  const { subresource, namespace, name, operation, user, dryRun } = asked;
  const sub = subresource === '' ? {} : { subResource: subresource, requestSubResource: subresource };
  return {
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: {
      uid,
      kind: kindOf(resource, subresource),
      resource: placeOf(resource),
      requestKind: kindOf(asked.resource, subresource),
      requestResource: placeOf(asked.resource),
      ...sub,
      ...(name === '' ? {} : { name }),
      ...(namespace === '' ? {} : { namespace }),
      operation,
      userInfo: userOf(user),
      object,
      oldObject: old,
      dryRun,
      options: optionsOf(asked),
    },
  };
}

function kindOf(resource: Resource, subresource: string): GroupVersionKind {
  const sub = resource.subresources.find(({ name }) => name === subresource);
  const { group, version, kind } = sub?.kind ?? resource;
  return { group, version, kind };
}

function placeOf({ group, version, resource }: Resource): object {
  return { group, version, resource };
}

export function userOf({ name, uid, groups, extra }: UserInfo): object {
  return {
    username: name,
    ...(uid === '' ? {} : { uid }),
    groups,
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  };
}

const optionKinds = {
  CREATE: 'CreateOptions',
  UPDATE: 'UpdateOptions',
  DELETE: 'DeleteOptions',
  CONNECT: '',
};

function optionsOf({ operation, options, dryRun }: Asked): object | null {
  const kind = optionKinds[operation];
  if (kind === '') return null;
  return { kind, apiVersion: 'meta.k8s.io/v1', ...options, ...(dryRun ? { dryRun: ['All'] } : {}) };
}

/** @throws ReviewError */
export function readVerdict(uid: string, answer: unknown, mayPatch: boolean): Verdict {
  const [apiVersion, kind] = [stringAt(answer, 'apiVersion'), stringAt(answer, 'kind')];
  if (apiVersion !== 'admission.k8s.io/v1' || kind !== 'AdmissionReview') {
    const [wanted, got] = ['admission.k8s.io/v1, Kind=AdmissionReview', `${apiVersion}, Kind=${kind}`];
    throw new ReviewError(`expected webhook response of ${wanted}, got ${got}`);
  }
  const { response } = objectAt(answer);
  if (response === undefined || response === null) throw new ReviewError('webhook response was absent');
  const given = stringAt(response, 'uid');
  if (given !== uid) {
    throw new ReviewError(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(given)}`);
  }
  return {
    isAllowed: objectAt(response).allowed === true,
    result: objectAt(response, 'status'),
    patch: readPatch(response, mayPatch),
    warnings: stringsAt(response, 'warnings'),
    auditAnnotations: textEntriesAt(response, 'auditAnnotations'),
  };
}

function readPatch(response: unknown, mayPatch: boolean): unknown {
  const [patch, type] = [stringAt(response, 'patch'), stringAt(response, 'patchType')];
  if (!mayPatch && patch !== '') throw new ReviewError('validating webhooks may not return response.patch');
  if (!mayPatch && type !== '')
    throw new ReviewError('validating webhooks may not return response.patchType');
  if (patch === '' && type === '') return null;
  if (patch === '') throw new ReviewError('webhook returned response.patchType but not response.patch');
  if (type === '') throw new ReviewError('webhook returned response.patch but not response.patchType');
  if (type !== 'JSONPatch') throw new ReviewError(`invalid response.patchType ${JSON.stringify(type)}`);
  try {
    const operations: unknown = JSON.parse(Buffer.from(patch, 'base64').toString());
    return listAt({ operations }, 'operations').length === 0 ? null : operations;
  } catch (error) {
    throw new ReviewError(`the patch cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
