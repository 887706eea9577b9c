/**
 * What authorization is asked: who, does what, to what; and the answer that a client gets who may not.
 * (k8s.io/apiserver/pkg/authorization/authorizer, pkg/endpoints/handlers/responsewriters/errors.go) Pure.
 */
import type { UserInfo } from '../authentication/user.ts';
import type { RequestInfo } from '../request/request-info.ts';
import { type FieldSelector, parseFieldSelector } from '../selectors/field-selector.ts';
import { SelectorError } from '../selectors/label-selector.ts';
import { ApiError } from '../status.ts';

/** As of a request, but for verbs that no request has, such as `impersonate`. */
export interface ResourceAttributes {
  readonly kind: 'resource';
  readonly user: UserInfo;
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  /** '' where there is none. */
  readonly subresource: string;
  /** '' for what is in no namespace, and for all of them. */
  readonly namespace: string;
  /** '' where no single object is meant. */
  readonly name: string;
  /** What a list is narrowed to; empty for everything. */
  readonly fields: FieldSelector;
}

export interface NonResourceAttributes {
  readonly kind: 'nonResource';
  readonly user: UserInfo;
  readonly verb: string;
  readonly path: string;
}

export type Attributes = ResourceAttributes | NonResourceAttributes;

export function attributesOf(user: UserInfo, info: RequestInfo, query: URLSearchParams): Attributes {
  if (info.kind === 'nonResource') return { kind: 'nonResource', user, verb: info.verb, path: info.path };
  const { verb, group, version, resource, subresource, namespace, name } = info;
  const isNarrowed = verb === 'list' || verb === 'watch' || verb === 'deletecollection';
  const fields = isNarrowed ? readFields(query.get('fieldSelector') ?? '') : [];
  return { kind: 'resource', user, verb, group, version, resource, subresource, namespace, name, fields };
}

/** The answer to who may not. @param reason why, where there is more to say than that no rule allows it. */
export function forbiddenRequest(attributes: Attributes, reason: string): ApiError {
  const sentence = sentenceOf(attributes).replace(/[&<>]/g, (character) => escapes[character] ?? character);
  const why = reason === '' ? sentence : `${sentence}: ${reason}`;
  if (attributes.kind === 'nonResource') return new ApiError('Forbidden', `forbidden: ${why}`, {});
  const { group, resource, name } = attributes;
  const qualified = group === '' ? resource : `${resource}.${group}`;
  const subject = name === '' ? qualified : `${qualified} ${JSON.stringify(name)}`;
  return new ApiError('Forbidden', `${subject} is forbidden: ${why}`, {
    ...(name === '' ? {} : { name }),
    ...(group === '' ? {} : { group }),
    kind: resource,
  });
}

/** Such sentences may be shown by a browser. */
const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

function sentenceOf(attributes: Attributes): string {
  const quote = (text: string): string => JSON.stringify(text);
  const start = `User ${quote(attributes.user.name)} cannot ${attributes.verb}`;
  if (attributes.kind === 'nonResource') return `${start} path ${quote(attributes.path)}`;
  const { resource, subresource, group, namespace } = attributes;
  const what = subresource === '' ? resource : `${resource}/${subresource}`;
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace ${quote(namespace)}`;
  return `${start} resource ${quote(what)} in API group ${quote(group)} ${where}`;
}

/** A selector that cannot be read narrows nothing, here: whoever reads the list says what is wrong with it. */
function readFields(text: string): FieldSelector {
  try {
    return parseFieldSelector(text);
  } catch (error) {
    if (!(error instanceof SelectorError)) throw error;
    return [];
  }
}
