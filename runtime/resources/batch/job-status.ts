/**
 * What a job's status may become. Others than our own controller may manage jobs, and what waits for a job has to be able to
 * rely on it. A rule is asked only where what it is about has changed. (pkg/apis/batch/validation, pkg/registry/batch/job)
 * Pure.
 */

import type { Job, JobStatus } from '../../apiserver/schemas/generated/types/api-batch-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { isSame, nonNegative } from '../checks/fields.ts';
import { goText, goTime, invalidAsWhole } from '../checks/go-syntax.ts';
import { duplicate, invalidShown, invalidValue, required } from '../field-errors.ts';
import { inList } from '../meta/field-checks.ts';
import { commonIndex, countIndexes } from './index-intervals.ts';
import { type Change, changed, checkConditions, is, isFinished } from './job-conditions.ts';

export function checkJobStatus(next: Job, old: Job): FieldError[] {
  const change = { spec: next.spec ?? {}, next: next.status ?? {}, old: old.status ?? {} };
  return [
    ...nonNegative(change.next, 'status', 'active', 'succeeded', 'failed', 'ready', 'terminating'),
    ...checkUncounted(change.next),
    ...checkConditions(change),
    ...checkTimes(change),
    ...checkFinished(change),
    ...checkIndexes(change),
    ...checkGoneBack(change),
  ];
}

function isFinishedChanged({ next, old }: Change): boolean {
  return isFinished(next) !== isFinished(old);
}

function checkUncounted({ uncountedTerminatedPods: uncounted }: JobStatus): FieldError[] {
  const seen = new Set<string>();
  return (['succeeded', 'failed'] as const).flatMap((name) =>
    inList(uncounted?.[name], `status.uncountedTerminatedPods.${name}`, (uid, at) => {
      if (uid === '') return [invalidValue(at, uid, 'must not be empty')];
      if (seen.has(uid)) return [duplicate(at, uid)];
      seen.add(uid);
      return [];
    }),
  );
}

function checkTimes(change: Change): FieldError[] {
  const { next } = change;
  const { startTime, completionTime } = next;
  const ofCompletion = changed(change, 'Complete', 'completionTime');
  const field = 'status.completionTime';
  const wrong = (why: string): FieldError => invalidShown(field, goTime(completionTime ?? ''), why);
  return [
    ...(ofCompletion && completionTime && !is(next, 'Complete')
      ? [wrong('cannot set completionTime when there is no Complete=True condition')]
      : []),
    ...(ofCompletion && !completionTime && is(next, 'Complete')
      ? [required(field, 'completionTime is required for Complete jobs')]
      : []),
    ...(changed(change, 'startTime', 'completionTime') &&
    startTime &&
    completionTime &&
    completionTime < startTime
      ? [wrong('completionTime cannot be set before startTime')]
      : []),
  ];
}

function checkFinished(change: Change): FieldError[] {
  const { next } = change;
  const { active = 0, terminating = 0, ready = 0, uncountedTerminatedPods: uncounted } = next;
  const asked = (...names: readonly (keyof JobStatus)[]): boolean =>
    isFinished(next) && (isFinishedChanged(change) || changed(change, ...names));
  const hasUncounted = (uncounted?.succeeded ?? []).length + (uncounted?.failed ?? []).length > 0;
  return [
    ...(asked('active') && active > 0
      ? [invalidValue('status.active', active, 'active>0 is invalid for finished job')]
      : []),
    ...(asked('startTime') && !next.startTime
      ? [required('status.startTime', 'startTime is required for finished job')]
      : []),
    ...(asked('uncountedTerminatedPods') && hasUncounted
      ? [
          invalidShown(
            'status.uncountedTerminatedPods',
            goText(uncounted),
            'uncountedTerminatedPods needs to be empty for finished job',
          ),
        ]
      : []),
    ...(asked('terminating') && terminating > 0
      ? [invalidValue('status.terminating', terminating, 'terminating>0 is invalid for finished job')]
      : []),
    ...(changed(change, 'ready', 'active') && ready > active
      ? [invalidValue('status.ready', ready, 'cannot set more ready pods than active')]
      : []),
  ];
}

function checkIndexes(change: Change): FieldError[] {
  const { spec, next } = change;
  const { completedIndexes: completed = '', failedIndexes: failed } = next;
  const { completions } = spec;
  const hasFailed = failed !== undefined && failed !== null;
  const [ofCompleted, ofFailed] = [changed(change, 'completedIndexes'), changed(change, 'failedIndexes')];
  const [atCompleted, atFailed] = ['status.completedIndexes', 'status.failedIndexes'];
  const hasLimit = (spec.backoffLimitPerIndex ?? null) !== null;
  const hasCompletions = completions !== undefined && completions !== null;
  const read = (text: string, field: string, name: string): FieldError[] => {
    const counted = countIndexes(text, completions ?? 0);
    return typeof counted === 'string'
      ? [invalidValue(field, text, `error parsing ${name}: ${counted}`)]
      : [];
  };
  const common = hasCompletions && hasFailed ? commonIndex(completed, failed, completions) : null;
  return [
    ...(ofCompleted && hasCompletions ? read(completed, atCompleted, 'completedIndexes') : []),
    ...(ofFailed && hasCompletions && hasLimit && hasFailed ? read(failed, atFailed, 'failedIndexes') : []),
    ...(ofCompleted && completed !== '' && spec.completionMode !== 'Indexed'
      ? [
          invalidValue(
            ...([atCompleted, completed] as const),
            'cannot set non-empty completedIndexes when non-indexed completion mode',
          ),
        ]
      : []),
    ...(ofFailed && hasFailed && !hasLimit
      ? [
          invalidValue(
            atFailed,
            failed,
            'cannot set non-null failedIndexes when backoffLimitPerIndex is null',
          ),
        ]
      : []),
    ...((ofFailed || ofCompleted) && common !== null
      ? [
          invalidValue(
            ...([atFailed, failed] as const),
            `failedIndexes and completedIndexes overlap at index: ${common}`,
          ),
        ]
      : []),
  ];
}

/** What is said once is not taken back. */
function checkGoneBack(change: Change): FieldError[] {
  const { spec, next, old } = change;
  const terminal = (['Failed', 'Complete', 'FailureTarget'] as const).filter(
    (type) => is(old, type) && !is(next, type),
  );
  // A job as wide as it is long can be made smaller.
  const isElastic = spec.completionMode === 'Indexed' && isSame(spec.completions, spec.parallelism);
  const counters = isElastic ? (['failed'] as const) : (['failed', 'succeeded'] as const);
  const isMoved = Boolean(next.completionTime && old.completionTime) && changed(change, 'completionTime');
  const words = (why: string): FieldError => invalidAsWhole('status.conditions', why);
  return [
    ...terminal.map((type) => words(`cannot disable the terminal ${type}=True condition`)),
    ...counters
      .filter((name) => (next[name] ?? 0) < (old[name] ?? 0))
      .map((name) => invalidValue(`status.${name}`, next[name] ?? 0, `cannot decrease the ${name} counter`)),
    ...(isMoved
      ? [
          invalidShown(
            'status.completionTime',
            goTime(next.completionTime ?? ''),
            'completionTime cannot be mutated',
          ),
        ]
      : []),
    ...(old.startTime && changed(change, 'startTime') && spec.suspend !== true
      ? [required('status.startTime', 'startTime cannot be removed for unsuspended job')]
      : []),
    ...(is(old, 'SuccessCriteriaMet') && !is(next, 'SuccessCriteriaMet')
      ? [words('cannot disable the SuccessCriteriaMet=True condition')]
      : []),
    ...(is(old, 'Complete') && !is(old, 'SuccessCriteriaMet') && is(next, 'SuccessCriteriaMet')
      ? [words('cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions')]
      : []),
  ];
}
