/** Whether a request is approved, denied or has failed. (pkg/apis/certificates/validation/validation.go) Pure. */
import type {
  CertificateSigningRequest,
  CertificateSigningRequestCondition,
} from '../../apiserver/schemas/generated/types/api-certificates-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { isSame } from '../checks/fields.ts';
import { forbiddenField, invalidValue } from '../field-errors.ts';
import { describeChanges } from '../meta/changes.ts';
import { checkFilled, checkFilledOneOf, checkUnique, inList, when } from '../meta/field-checks.ts';

const field = 'status.conditions';
const approval = ['Approved', 'Denied'];
/** They are said or not said; nothing takes them back. */
const final = [...approval, 'Failed'];

export function checkConditions(
  next: CertificateSigningRequest,
  old: CertificateSigningRequest,
): FieldError[] {
  const conditions = next.status?.conditions ?? [];
  const before = old.status?.conditions ?? [];
  const wasBoth = approval.every((type) => before.some((condition) => condition.type === type));
  const contradicts = makeOpposites();
  return [
    ...inList(conditions, field, ({ type = '', status }, at) => [
      ...checkFilled(type, `${at}.type`),
      ...checkFilledOneOf(
        status,
        `${at}.status`,
        final.includes(type) ? ['True'] : ['False', 'True', 'Unknown'],
      ),
      ...when(
        !wasBoth && contradicts(type),
        invalidValue(`${at}.type`, type, 'Approved and Denied conditions are mutually exclusive'),
      ),
    ]),
    ...checkUnique(conditions, field, ({ type }) => type ?? '', '.type'),
  ];
}

/** Tells of each type whether its opposite came before it. */
function makeOpposites(): (type: string) => boolean {
  const seen = new Set<string>();
  return (type) => {
    seen.add(type);
    return approval.includes(type) && approval.every((one) => seen.has(one));
  };
}

export function checkConditionsUpdate(
  next: CertificateSigningRequest,
  old: CertificateSigningRequest,
  { maySetApproval }: { readonly maySetApproval: boolean },
): FieldError[] {
  const removed = final.filter((type) => ofType(next, type).length < ofType(old, type).length);
  return [
    ...removed.map((type) =>
      forbiddenField(field, `updates may not remove a condition of type ${JSON.stringify(type)}`),
    ),
    ...(maySetApproval
      ? []
      : approval.flatMap((type) => checkKept(ofType(next, type), ofType(old, type), type))),
  ];
}

function checkKept(
  next: readonly CertificateSigningRequestCondition[],
  old: readonly CertificateSigningRequestCondition[],
  type: string,
): readonly FieldError[] {
  const what = `a condition of type ${JSON.stringify(type)}`;
  if (next.length > old.length) return [forbiddenField(field, `updates may not add ${what}`)];
  if (next.length < old.length || isSame(next, old)) return [];
  return [forbiddenField(field, `updates may not modify ${what}\n${describeChanges(old, next)}`)];
}

function ofType({ status }: CertificateSigningRequest, type: string) {
  return (status?.conditions ?? []).filter((condition) => condition.type === type);
}
