/** The objects with which a binding makes a policy its own. (k8s.io/apiserver/pkg/admission/plugin/policy/generic) */

import type { Value } from '../../cel/values.ts';
import type { ApiObject } from '../../objects/object-bytes.ts';
import type {
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '../../schemas/generated/types/api-admissionregistration-v1.ts';
import { celValue } from '../expressions/expressions.ts';
import type { Asked } from '../plugin.ts';
import { matchesSelector } from '../webhooks/match-rules.ts';

/** @returns null where there is no such kind. @param name '' for all of the namespace */
export type FindParams = (
  kind: { readonly apiVersion: string; readonly kind: string },
  namespace: string,
  name: string,
) => Promise<{ readonly isNamespaced: boolean; readonly objects: readonly ApiObject[] } | null>;

export type Params =
  /** null stands for a policy without any. */
  | { readonly kind: 'found'; readonly all: readonly Value[] }
  | { readonly kind: 'failed'; readonly why: string };

export async function paramsOf(
  find: FindParams,
  { namespace }: Asked,
  { spec }: ValidatingAdmissionPolicy,
  { spec: bindingSpec }: ValidatingAdmissionPolicyBinding,
): Promise<Params> {
  const { paramKind } = spec ?? {};
  const { paramRef } = bindingSpec ?? {};
  if (paramKind === undefined || paramRef === undefined) return { kind: 'found', all: [null] };
  const kind = { apiVersion: paramKind.apiVersion ?? '', kind: paramKind.kind ?? '' };
  const place = (paramRef.namespace ?? '') === '' ? namespace : (paramRef.namespace ?? '');
  const found = await find(kind, place, paramRef.name ?? '');
  if (found === null) {
    const why = `failed to configure policy: failed to find resource referenced by paramKind: '${kind.apiVersion}, Kind=${kind.kind}'`;
    return { kind: 'failed', why };
  }
  if (found.isNamespaced && place === '') {
    return {
      kind: 'failed',
      why: 'failed to configure binding: cannot use namespaced paramRef in policy binding that matches cluster-scoped resources',
    };
  }
  const objects = found.objects.filter((object) =>
    matchesSelector(paramRef.selector, object.metadata.labels ?? {}),
  );
  if (objects.length > 0) return { kind: 'found', all: objects.map(celValue) };
  if (paramRef.parameterNotFoundAction !== 'Deny') return { kind: 'found', all: [] };
  const why =
    'failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction';
  return { kind: 'failed', why };
}
