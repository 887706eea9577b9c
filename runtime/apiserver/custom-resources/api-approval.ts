/**
 * Groups of the Kubernetes community are for APIs that it has looked at: an annotation says where, or that it has not.
 * (k8s.io/apiextensions-apiserver/pkg/apihelpers, GetAPIApprovalState; pkg/controller/apiapproval) Pure.
 */
import type { CustomResourceDefinition } from '../schemas/generated/types/apiextensions-v1.ts';

export const approvalAnnotation = 'api-approved.kubernetes.io';

export interface Approval {
  readonly state: 'missing' | 'bypassed' | 'approved' | 'invalid';
  /** In the real server's words. */
  readonly why: string;
}

/** Null: the definition's group is somebody else's. */
export function approvalOf({ metadata, spec }: CustomResourceDefinition): Approval | null {
  if (!/(^|\.)(k8s|kubernetes)\.io$/.test(spec.group ?? '')) return null;
  const annotation = metadata?.annotations?.[approvalAnnotation] ?? '';
  const need = `protected groups must have approval annotation "${approvalAnnotation}"`;
  const see = 'see https://github.com/kubernetes/enhancements/pull/1111';
  if (annotation === '') return { state: 'missing', why: `${need}, ${see}` };
  if (annotation.startsWith('unapproved')) {
    return { state: 'bypassed', why: `not approved: ${JSON.stringify(annotation)}` };
  }
  const isAddress = /^[a-z][a-z0-9+.-]*:\/\/[^/?#\s]+[^\s]*$/i.test(annotation);
  if (isAddress) return { state: 'approved', why: `approved in ${annotation}` };
  const why = `${need} with either a URL or a reason starting with "unapproved", ${see}`;
  return { state: 'invalid', why };
}
