/** Jobs. (pkg/apis/batch, pkg/registry/batch/job) Pure. */
import { dnsLabel, dnsSubdomain } from '../../apiserver/objects/name-rules.ts';
import type { Job, JobSpec } from '../../apiserver/schemas/generated/types/api-batch-v1.ts';
import type { PodTemplateSpec } from '../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { JsonObject } from '../../apiserver/schemas/protobuf/json-value.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { warnOfName, warnOfTemplate } from '../apps/templates.ts';
import { immutable, isSame } from '../checks/fields.ts';
import { goSelector } from '../checks/go-syntax.ts';
import { invalidValue, required } from '../field-errors.ts';
import { kindStrategy } from '../kind.ts';
import { withDefaults } from '../meta/fill-in.ts';
import { checkLabelSelector } from '../meta/label-selector.ts';
import { checkSelector, withSelector } from './job-selector.ts';
import { checkJobSpec, fillInJobTemplate } from './job-spec.ts';
import { checkJobStatus } from './job-status.ts';
import { warnOfJobSpec } from './job-warnings.ts';

export const jobs = kindStrategy<Job>({
  ...{ name: dnsSubdomain, countsGenerations: true, hasStatus: true, orphansDependents: true },
  fillIn: fillInJob,
  prepareCreate: withSelector,
  check: checkJob,
  checkUpdate: (next, old) => (next.spec && old.spec ? checkFixed(next.spec, old.spec, hasStarted(old)) : []),
  checkStatusUpdate: checkJobStatus,
  warn: (next, old) => [
    ...(old === null ? warnOfName(next.metadata?.name) : []),
    ...(next.spec ? warnOfJobSpec(next.spec, 'spec') : []),
    ...warnOfTemplate(next, old),
  ],
});

/** As often as there are numbers: with a limit for each index, none for all. */
const noLimit = 2 ** 31 - 1;

function fillInJob(job: Job): Job {
  if (!job.spec) return job;
  const { completions, parallelism, backoffLimitPerIndex, podFailurePolicy } = job.spec;
  const isOpen = (completions ?? null) === null && (parallelism ?? null) === null;
  const spec = withDefaults<JobSpec>(fillInJobTemplate(job.spec), {
    ...(isOpen ? { completions: 1 } : {}),
    parallelism: 1,
    backoffLimit: (backoffLimitPerIndex ?? null) === null ? 6 : noLimit,
    ...{ completionMode: 'NonIndexed', suspend: false, manualSelector: false },
    podReplacementPolicy: podFailurePolicy ? 'Failed' : 'TerminatingOrFailed',
  });
  const labels = spec.template?.metadata?.labels;
  const isNamed = Object.keys(job.metadata?.labels ?? {}).length > 0;
  return { ...job, spec, ...(labels && !isNamed ? { metadata: { ...job.metadata, labels } } : {}) };
}

function checkJob(job: Job): FieldError[] {
  if (!job.spec) return [];
  const { selector } = job.spec;
  return [
    ...checkJobSpec(job.spec, 'spec'),
    ...(selector ? checkLabelSelector(selector as JsonObject, 'spec.selector') : [required('spec.selector')]),
    ...checkSelector(job),
    ...checkHostNames(job),
  ];
}

/** Pods of a job with indexes are called after it, with the index behind. */
function checkHostNames({ metadata, spec }: Job): FieldError[] {
  const { completions = 0, completionMode } = spec ?? {};
  if (completionMode !== 'Indexed' || completions <= 0) return [];
  const longest = `${metadata?.name ?? ''}-${completions - 1}`;
  if (dnsLabel(longest).length === 0) return [];
  const why = `will not able to create pod with invalid DNS label: ${longest}`;
  return [invalidValue('metadata.name', metadata?.name ?? '', why)];
}

/** A job that waits and never ran can still be sent elsewhere. */
function hasStarted({ spec, status }: Job): boolean {
  return spec?.suspend !== true || Boolean(status?.startTime);
}

function checkFixed(next: JobSpec, old: JobSpec, isStarted: boolean): FieldError[] {
  const template = isStarted ? old.template : withPlacementOf(next.template, old.template);
  return [
    ...checkCompletions(next, old),
    ...immutable(next.selector, old.selector, 'spec.selector', () => goSelector(next.selector)),
    ...immutable(next.template, template, 'spec.template'),
    ...(
      ['completionMode', 'podFailurePolicy', 'backoffLimitPerIndex', 'managedBy', 'successPolicy'] as const
    ).flatMap((name) => immutable(next[name], old[name], `spec.${name}`)),
  ];
}

function checkCompletions(next: JobSpec, old: JobSpec): FieldError[] {
  const field = 'spec.completions';
  if (next.completionMode !== 'Indexed') return immutable(next.completions, old.completions, field);
  const { completions, parallelism } = next;
  if (isSame(completions, old.completions) || (completions ?? null) === null || completions === parallelism)
    return [];
  return [invalidValue(field, completions, 'can only be modified in tandem with spec.parallelism')];
}

/** The old template with what says where pods go from the next one. */
function withPlacementOf(
  next: PodTemplateSpec | undefined,
  old: PodTemplateSpec | undefined,
): PodTemplateSpec | undefined {
  if (!next?.spec || !old?.spec) return old;
  const { nodeSelector, tolerations, schedulingGates, affinity } = next.spec;
  const { nodeAffinity: _, ...others } = old.spec.affinity ?? {};
  const nodeAffinity = affinity?.nodeAffinity;
  const kept = { ...others, ...(nodeAffinity ? { nodeAffinity } : {}) };
  const isEmpty = Object.keys(kept).length === 0 && !affinity;
  const { labels, annotations } = next.metadata ?? {};
  return withoutNothing({
    ...old,
    metadata: withoutNothing({ ...old.metadata, labels, annotations }),
    spec: withoutNothing({
      ...old.spec,
      ...{ nodeSelector, tolerations, schedulingGates, affinity: isEmpty ? undefined : kept },
    }),
  });
}

function withoutNothing<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}
