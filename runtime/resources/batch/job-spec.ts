/** What a job is to do, also where it stands in a cron job. (pkg/apis/batch/validation/validation.go) Pure. */

import type { JobSpec } from '../../apiserver/schemas/generated/types/api-batch-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { checkTemplate, fillInTemplate } from '../apps/templates.ts';
import { domainPrefixedPath } from '../checks/domain-names.ts';
import { nonNegative } from '../checks/fields.ts';
import { goText } from '../checks/go-syntax.ts';
import { invalidShown, invalidValue, notSupported, required, tooLong } from '../field-errors.ts';
import { checkOptionalOneOf } from '../meta/field-checks.ts';
import { each, withChanged, withDefaults } from '../meta/fill-in.ts';
import { checkFailurePolicy } from './pod-failure-policy.ts';
import { checkSuccessPolicy } from './success-policy.ts';

const mostParallel = 100_000;
const mostFailedIndexes = 100_000;
/** Beyond so many completions less of everything else is allowed. */
const manyCompletions = 100_000;
const fewForMany = 10_000;
const longestManager = 63;

/** What the template of a cron job gets, too. */
export function fillInJobTemplate(spec: JobSpec): JobSpec {
  return withChanged(spec, {
    template: fillInTemplate,
    podFailurePolicy: (policy) =>
      withChanged(policy, {
        rules: each((rule) =>
          withChanged(rule, {
            onPodConditions: each((pattern) => withDefaults(pattern, { status: 'True' })),
          }),
        ),
      }),
  });
}

export function checkJobSpec(spec: JobSpec, field: string): FieldError[] {
  const { completionMode, managedBy, podFailurePolicy, successPolicy } = spec;
  const isIndexed = completionMode === 'Indexed';
  return [
    ...nonNegative(
      spec,
      field,
      ...(['parallelism', 'completions', 'activeDeadlineSeconds', 'backoffLimit'] as const),
      ...(['ttlSecondsAfterFinished', 'backoffLimitPerIndex', 'maxFailedIndexes'] as const),
    ),
    ...(isSet(spec.maxFailedIndexes) && !isSet(spec.backoffLimitPerIndex)
      ? [required(`${field}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified')]
      : []),
    ...(isSet(managedBy) ? checkManager(managedBy!, `${field}.managedBy`) : []),
    ...checkOptionalOneOf(completionMode, `${field}.completionMode`, ['NonIndexed', 'Indexed']),
    ...(isIndexed ? checkIndexed(spec, field) : []),
    ...(completionMode === 'NonIndexed' || !isSet(completionMode) ? checkNotIndexed(spec, field) : []),
    ...(podFailurePolicy ? checkFailurePolicy(podFailurePolicy, spec, `${field}.podFailurePolicy`) : []),
    ...(successPolicy ? checkSuccessPolicy(successPolicy, spec, `${field}.successPolicy`) : []),
    ...checkReplacement(spec, `${field}.podReplacementPolicy`),
    ...checkTemplate(spec.template, `${field}.template`),
    ...checkRestarts(spec, `${field}.template.spec.restartPolicy`),
  ];
}

function checkManager(name: string, field: string): FieldError[] {
  return [
    ...domainPrefixedPath(name, field),
    ...(name.length > longestManager ? [tooLong(field, longestManager)] : []),
  ];
}

function checkIndexed(spec: JobSpec, field: string): FieldError[] {
  const { completions, parallelism = 0, maxFailedIndexes = 0, backoffLimitPerIndex } = spec;
  const [parallel, failed] = [`${field}.parallelism`, `${field}.maxFailedIndexes`];
  const wordsOfMany = `must be less than or equal to ${fewForMany} when completions are above ${manyCompletions} and used with backoff limit per index`;
  const isMany = (completions ?? 0) > manyCompletions && isSet(backoffLimitPerIndex);
  const atMost = (value: number, most: number, at: string, why: string): FieldError[] =>
    value > most ? [invalidValue(at, value, why)] : [];
  return [
    ...(isSet(completions) ? [] : [required(`${field}.completions`, 'when completion mode is Indexed')]),
    ...atMost(
      parallelism,
      mostParallel,
      parallel,
      `must be less than or equal to ${mostParallel} when completion mode is Indexed`,
    ),
    ...(isSet(completions)
      ? atMost(maxFailedIndexes, completions!, failed, 'must be less than or equal to completions')
      : []),
    ...atMost(
      maxFailedIndexes,
      mostFailedIndexes,
      failed,
      `must be less than or equal to ${mostFailedIndexes}`,
    ),
    ...(isMany && !isSet(spec.maxFailedIndexes)
      ? [required(failed, `must be specified when completions is above ${manyCompletions}`)]
      : []),
    ...(isMany ? atMost(parallelism, fewForMany, parallel, wordsOfMany) : []),
    ...(isMany ? atMost(maxFailedIndexes, fewForMany, failed, wordsOfMany) : []),
  ];
}

function checkNotIndexed(spec: JobSpec, field: string): FieldError[] {
  return (['backoffLimitPerIndex', 'maxFailedIndexes'] as const)
    .filter((name) => isSet(spec[name]))
    .map((name) => invalidValue(`${field}.${name}`, spec[name], 'requires indexed completion mode'));
}

function checkReplacement(
  { podReplacementPolicy: policy, podFailurePolicy }: JobSpec,
  field: string,
): readonly FieldError[] {
  return checkOptionalOneOf(policy, field, podFailurePolicy ? ['Failed'] : ['Failed', 'TerminatingOrFailed']);
}

function checkRestarts({ template, podFailurePolicy }: JobSpec, field: string): FieldError[] {
  const policy = template?.spec?.restartPolicy ?? '';
  if (policy === 'Always' || policy === '') return [required(field, 'valid values: "OnFailure", "Never"')];
  if (policy !== 'OnFailure' && policy !== 'Never')
    return [notSupported(field, policy, ['OnFailure', 'Never'])];
  if (!podFailurePolicy || policy === 'Never') return [];
  return [
    invalidShown(field, goText(policy), 'only "Never" is supported when podFailurePolicy is specified'),
  ];
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}
