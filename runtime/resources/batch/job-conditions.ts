/** What a job says of itself, and which of it goes together. (pkg/apis/batch/validation/validation.go) Pure. */
import type { JobSpec, JobStatus } from '../../apiserver/schemas/generated/types/api-batch-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { isSame } from '../checks/fields.ts';
import { invalidAsWhole } from '../checks/go-syntax.ts';

export interface Change {
  readonly spec: Partial<JobSpec>;
  readonly next: JobStatus;
  readonly old: JobStatus;
}

export function checkConditions(change: Change): FieldError[] {
  const { spec, next } = change;
  const ofComplete = changed(change, 'Complete');
  const wrong: readonly (readonly [boolean, string])[] = [
    [
      (ofComplete || changed(change, 'Failed')) && is(next, 'Complete') && is(next, 'Failed'),
      'cannot set Complete=True and Failed=true conditions',
    ],
    [
      (ofComplete || changed(change, 'FailureTarget')) && is(next, 'Complete') && is(next, 'FailureTarget'),
      'cannot set Complete=True and FailureTarget=true conditions',
    ],
    [
      changed(change, 'Failed', 'FailureTarget') && is(next, 'Failed') && !is(next, 'FailureTarget'),
      'cannot set Failed=True condition without the FailureTarget=true condition',
    ],
    [
      changed(change, 'Complete', 'SuccessCriteriaMet') &&
        is(next, 'Complete') &&
        !is(next, 'SuccessCriteriaMet'),
      'cannot set Complete=True condition without the SuccessCriteriaMet=true condition',
    ],
    [
      is(next, 'SuccessCriteriaMet') && is(next, 'Failed'),
      'cannot set SuccessCriteriaMet=True and Failed=true conditions',
    ],
    [
      is(next, 'SuccessCriteriaMet') && is(next, 'FailureTarget'),
      'cannot set SuccessCriteriaMet=True and FailureTarget=true conditions',
    ],
    [
      Boolean(spec.successPolicy) && !is(next, 'SuccessCriteriaMet') && is(next, 'Complete'),
      'cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True',
    ],
  ];
  return wrong.filter(([isWrong]) => isWrong).map(([, why]) => invalidAsWhole('status.conditions', why));
}

type Condition = 'Complete' | 'Failed' | 'FailureTarget' | 'SuccessCriteriaMet' | 'Suspended';

export function is(status: JobStatus, type: Condition): boolean {
  return (status.conditions ?? []).some(
    (condition) => condition.type === type && condition.status === 'True',
  );
}

export function isFinished(status: JobStatus): boolean {
  return is(status, 'Complete') || is(status, 'Failed');
}

export function changed({ next, old }: Change, ...names: readonly (keyof JobStatus | Condition)[]): boolean {
  return names.some((name) =>
    /^[A-Z]/.test(name)
      ? is(next, name as Condition) !== is(old, name as Condition)
      : !isSame(next[name as keyof JobStatus], old[name as keyof JobStatus]),
  );
}
