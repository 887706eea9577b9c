/** Whether a definition may be in a group of the Kubernetes community. (pkg/apis/apiextensions/validation, validateAPIApproval) Pure. */
import { approvalAnnotation, approvalOf } from '../../apiserver/custom-resources/api-approval.ts';
import type { CustomResourceDefinition } from '../../apiserver/schemas/generated/types/apiextensions-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { invalidValue, required } from '../field-errors.ts';

/** What was so before may stay. @param old null: the definition is made */
export function checkApproval(
  next: CustomResourceDefinition,
  old: CustomResourceDefinition | null,
): readonly FieldError[] {
  const approval = approvalOf(next);
  if (approval === null || (old !== null && approval.state === approvalOf(old)?.state)) return [];
  const field = `metadata.annotations[${approvalAnnotation}]`;
  switch (approval.state) {
    case 'missing':
      return [required(field, approval.why)];
    case 'invalid':
      return [invalidValue(field, next.metadata?.annotations?.[approvalAnnotation], approval.why)];
    case 'approved':
    case 'bypassed':
      return [];
  }
}
