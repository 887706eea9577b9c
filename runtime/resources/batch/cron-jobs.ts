/** Cron jobs. (pkg/apis/batch, pkg/registry/batch/cronjob) Pure. */
import { dnsSubdomain } from '../../apiserver/objects/name-rules.ts';
import type { CronJob, CronJobSpec, JobSpec } from '../../apiserver/schemas/generated/types/api-batch-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { warnOfName, warnOfTemplate } from '../apps/templates.ts';
import { isSame, nonNegative } from '../checks/fields.ts';
import { goSelector } from '../checks/go-syntax.ts';
import { invalidShown, invalidValue, notSupported, required } from '../field-errors.ts';
import { kindStrategy } from '../kind.ts';
import { withChanged, withDefaults } from '../meta/fill-in.ts';
import { checkSchedule } from './cron-schedule.ts';
import { checkJobSpec, fillInJobTemplate } from './job-spec.ts';
import { warnOfJobSpec } from './job-warnings.ts';
import { checkTimeZone } from './time-zone.ts';

/** A job's name is the cron job's and the time, 11 characters, and has to be a host's. */
const longestName = 52;

export const cronJobs = kindStrategy<CronJob>({
  ...{ name: dnsSubdomain, countsGenerations: true, hasStatus: true },
  fillIn: (object) => withChanged(object, { spec: fillInSpec }),
  check: ({ spec }) => (spec ? checkSpec(spec) : []),
  checkCreate: ({ metadata, spec }) => [
    ...checkZones(spec, undefined),
    ...((metadata?.name ?? '').length > longestName
      ? [invalidValue('metadata.name', metadata?.name, 'must be no more than 52 characters')]
      : []),
  ],
  checkUpdate: (next, old) => checkZones(next.spec, old.spec ?? {}),
  warn: ({ metadata, spec }, old) => [
    ...(old === null ? warnOfName(metadata?.name) : []),
    ...(spec?.jobTemplate?.spec ? warnOfJobSpec(spec.jobTemplate.spec, 'spec.jobTemplate.spec') : []),
    ...warnOfTemplate(
      spec?.jobTemplate ?? {},
      old?.spec?.jobTemplate ?? null,
      'spec.jobTemplate.spec.template',
    ),
    ...(old !== null && (spec?.schedule ?? '').includes('TZ')
      ? [
          'CRON_TZ or TZ used in spec.spec.schedule is not officially supported, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details',
        ]
      : []),
  ],
});

function fillInSpec(spec: CronJobSpec): CronJobSpec {
  const filled = withDefaults(spec, {
    ...{ concurrencyPolicy: 'Allow', suspend: false },
    ...{ successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 1 },
  });
  return withChanged(filled, {
    jobTemplate: (template) => withChanged(template, { spec: fillInJobTemplate }),
  });
}

function checkSpec(spec: CronJobSpec): FieldError[] {
  return [
    ...checkScheduleField(spec.schedule ?? ''),
    ...nonNegative(spec, 'spec', 'startingDeadlineSeconds'),
    ...checkConcurrency(spec.concurrencyPolicy ?? ''),
    ...checkJobTemplate(spec.jobTemplate?.spec ?? ({} as JobSpec)),
    ...nonNegative(spec, 'spec', 'successfulJobsHistoryLimit', 'failedJobsHistoryLimit'),
  ];
}

function checkScheduleField(schedule: string): FieldError[] {
  const field = 'spec.schedule';
  if (schedule === '') return [required(field)];
  const why = checkSchedule(schedule);
  return why === null ? [] : [invalidValue(field, schedule, why)];
}

/** What an older cron job has may stay. @param old undefined: it is made */
function checkZones(
  next: Partial<CronJobSpec> | undefined,
  old: Partial<CronJobSpec> | undefined,
): FieldError[] {
  const { schedule = '', timeZone } = next ?? {};
  const hasZone = timeZone !== undefined && timeZone !== null;
  const isOldStyle = (old?.schedule ?? '').includes('TZ');
  const words = isOldStyle
    ? 'cannot use both timeZone field and TZ or CRON_TZ in schedule'
    : 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead';
  const isWrong = schedule.includes('TZ') && (!isOldStyle || hasZone);
  const isKept = old !== undefined && isSame(timeZone, old.timeZone);
  return [
    ...(isWrong ? [invalidValue('spec.schedule', schedule, words)] : []),
    ...(hasZone && !isKept
      ? checkTimeZone(timeZone).map((why) => invalidValue('spec.timeZone', timeZone, why))
      : []),
  ];
}

function checkConcurrency(policy: string): FieldError[] {
  const field = 'spec.concurrencyPolicy';
  const known = ['Allow', 'Forbid', 'Replace'];
  if (policy === '') return [required(field)];
  return known.includes(policy) ? [] : [notSupported(field, policy, known)];
}

/** Each job gets a selector of its own. */
function checkJobTemplate(spec: JobSpec): FieldError[] {
  const field = 'spec.jobTemplate.spec';
  const { selector, manualSelector } = spec;
  return [
    ...checkJobSpec(spec, field),
    ...(selector
      ? [invalidShown(`${field}.selector`, goSelector(selector), '`selector` will be auto-generated')]
      : []),
    ...(manualSelector === true
      ? [notSupported(`${field}.manualSelector`, manualSelector, ['nil', 'false'])]
      : []),
  ];
}
