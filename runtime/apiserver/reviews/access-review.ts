/**
 * Whether somebody may do something: SubjectAccessReview, LocalSubjectAccessReview and SelfSubjectAccessReview, which
 * `kubectl auth can-i` asks. (pkg/registry/authorization) Pure.
 */
import type { UserInfo } from '../authentication/user.ts';
import type { Attributes } from '../authorization/attributes.ts';
import type { Authorizer } from '../authorization/authorizer.ts';
import type { ApiObject } from '../objects/object-bytes.ts';
import { isSet, objectAt, stringAt, stringsAt } from '../objects/read-path.ts';
import { ApiError, type FieldError, invalid } from '../status.ts';
import { checkSelectors, narrowedFields } from './review-selectors.ts';

const group = 'authorization.k8s.io';

/** @throws ApiError */
export function reviewAccess(object: ApiObject, authorizer: Authorizer): ApiObject {
  check(object, [...checkAttributes(object), ...checkSubject(object), ...checkMetadata(object, [])]);
  return answered(object, authorizer, subjectOf(object));
}

/** @param namespace of the request. @throws ApiError */
export function reviewLocalAccess(object: ApiObject, namespace: string, authorizer: Authorizer): ApiObject {
  check(object, [
    ...checkAttributes(object),
    ...checkSubject(object),
    ...checkMetadata(object, ['namespace']),
    ...checkLocal(object),
  ]);
  if (namespace !== (object.metadata.namespace ?? '')) {
    const why = `spec.resourceAttributes.namespace must match namespace: ${namespace}`;
    throw new ApiError('BadRequest', why);
  }
  return answered(object, authorizer, subjectOf(object));
}

/** @throws ApiError */
export function reviewOwnAccess(object: ApiObject, user: UserInfo, authorizer: Authorizer): ApiObject {
  check(object, [...checkAttributes(object), ...checkMetadata(object, [])]);
  return answered(object, authorizer, user);
}

function answered(object: ApiObject, authorizer: Authorizer, user: UserInfo): ApiObject {
  const { isAllowed, reason } = authorizer(attributesOf(object, user));
  return { ...object, status: { allowed: isAllowed, ...(reason === '' ? {} : { reason }) } };
}

function attributesOf(object: ApiObject, user: UserInfo): Attributes {
  if (!isSet(object, 'spec', 'resourceAttributes')) {
    const read = (field: string): string => stringAt(object, 'spec', 'nonResourceAttributes', field);
    return { kind: 'nonResource', user, verb: read('verb'), path: read('path') };
  }
  const asked = objectAt(object, 'spec', 'resourceAttributes');
  const read = (field: string): string => stringAt(asked, field);
  return {
    ...{ kind: 'resource', user, verb: read('verb'), group: read('group'), version: read('version') },
    ...{ resource: read('resource'), subresource: read('subresource') },
    ...{ namespace: read('namespace'), name: read('name'), fields: narrowedFields(asked) },
  };
}

function subjectOf(object: ApiObject): UserInfo {
  const extra = Object.keys(objectAt(object, 'spec', 'extra')).map(
    (key) => [key, stringsAt(object, 'spec', 'extra', key)] as const,
  );
  return {
    name: stringAt(object, 'spec', 'user'),
    uid: stringAt(object, 'spec', 'uid'),
    groups: stringsAt(object, 'spec', 'groups'),
    extra: Object.fromEntries(extra),
  };
}

function check(object: ApiObject, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalid({ group, kind: object.kind }, '', errors);
}

function checkAttributes(object: ApiObject): readonly FieldError[] {
  const asked = objectAt(object, 'spec', 'resourceAttributes');
  const isResource = isSet(object, 'spec', 'resourceAttributes');
  const isPath = isSet(object, 'spec', 'nonResourceAttributes');
  if (isResource && isPath) {
    const why = 'cannot be specified in combination with resourceAttributes';
    return [wrong('spec.nonResourceAttributes', objectAt(object, 'spec', 'nonResourceAttributes'), why)];
  }
  if (isResource) return checkSelectors(asked, 'spec.resourceAttributes');
  const why = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
  return isPath ? [] : [wrong('spec.resourceAttributes', null, why)];
}

function checkSubject(object: ApiObject): readonly FieldError[] {
  const isNamed = stringAt(object, 'spec', 'user') !== '' || stringsAt(object, 'spec', 'groups').length > 0;
  return isNamed ? [] : [wrong('spec.user', '', 'at least one of user or group must be specified')];
}

/** A review is not stored, and so has nothing that stored objects have. */
function checkMetadata(object: ApiObject, allowed: readonly string[]): readonly FieldError[] {
  const { managedFields, ...metadata } = object.metadata;
  const others = Object.entries(metadata).filter(
    ([field, value]) => value !== null && value !== '' && !allowed.includes(field),
  );
  const why = allowed.length === 0 ? 'must be empty' : 'must be empty except for namespace';
  return others.length === 0 ? [] : [wrong('metadata', Object.fromEntries(others), why)];
}

function checkLocal(object: ApiObject): readonly FieldError[] {
  if (isSet(object, 'spec', 'nonResourceAttributes')) {
    return [wrong('spec.nonResourceAttributes', null, 'disallowed on this kind of request')];
  }
  const namespace = stringAt(object, 'spec', 'resourceAttributes', 'namespace');
  if (namespace === (object.metadata.namespace ?? '')) return [];
  return [wrong('spec.resourceAttributes.namespace', namespace, 'must match metadata.namespace')];
}

function wrong(field: string, value: unknown, why: string): FieldError {
  return { reason: 'FieldValueInvalid', field, message: `Invalid value: ${JSON.stringify(value)}: ${why}` };
}
